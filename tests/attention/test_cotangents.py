"""The gradient of an output has that output's shape: a smaller array would spread in silence."""

import numpy as np
import pytest

from course_utils import numpy_nn
from course_utils.numpy_nn import attention
from course_utils.numpy_nn.attention.window import State, window_step, window_step_backward
from course_utils.numpy_nn.seq2seq import Seq2Seq, init_seq2seq, seq2seq, seq2seq_backward
from course_utils.shapes import ShapeError

T, B, S, E, H = 4, 3, 5, 6, 2
RNG = np.random.default_rng(0)
X, MEMORY = RNG.standard_normal((T, B, E)), RNG.standard_normal((S, B, E))
HEADS = attention.init_multi_head(E, RNG)


def attend():
    """(backward pass, gradients by name) of the attention."""
    context, weights, tape = attention.attend("dot", {}, X, MEMORY)
    given = {"dcontext": context, "dweights": weights}
    return lambda **d: attention.attend_backward(tape, **d), given


def point():
    """As ``attend``."""
    logits, tape = attention.point("dot", {}, X, MEMORY)
    return lambda **d: attention.point_backward(tape, **d), {"dlogits": logits}


def multi_head():
    """As ``attend``."""
    y, _, tape = attention.multi_head(HEADS, 2, X, MEMORY)
    return lambda **d: attention.multi_head_backward(tape, **d), {"dy": y}


def window():
    """As ``attend``."""
    params, before = attention.init_window(H, 2, RNG), State(np.ones((B, 2)))
    w, state, phi, cache = window_step(params, RNG.standard_normal((B, H)), before, MEMORY)

    def back(dw, dkappa, dphi):
        return window_step_backward(params, cache, dw, State(dkappa), dphi)

    return back, {"dw": w, "dkappa": state.kappa, "dphi": phi}


def attentive():
    """As ``attend``."""
    params = numpy_nn.init_params("gru", E + E, H, RNG)
    score = attention.init_score("additive", H, E, RNG)
    states, contexts, *_, tape = attention.attentive("gru", params, "additive", score, X, MEMORY)
    given = {"dstates": states, "dcontexts": contexts}
    return lambda **d: attention.attentive_backward(tape, **d), given


def translator():
    """As ``attend``."""
    model = Seq2Seq(5, 5, embedding=3, hidden=H)
    ids = RNG.integers(0, 5, (T, B))
    logits, _, tape = seq2seq(model, init_seq2seq(model, RNG), ids, ids)
    return lambda **d: seq2seq_backward(tape, **d), {"dlogits": logits}


@pytest.mark.parametrize("make", [attend, point, multi_head, window, attentive, translator])
def test_a_gradient_that_would_spread_is_refused(make):
    back, given = make()
    back(**given)
    for name, array in given.items():
        for smaller in (array[0], array[:1], array[..., :1], array[:, :1], np.array(1.0)):
            with pytest.raises(ShapeError, match=f"{name.removeprefix('d')}: expected the output"):
                back(**given | {name: smaller})


def test_a_tape_of_another_function_is_refused():
    tapes = [attention.attend("dot", {}, X, MEMORY)[2], attention.point("dot", {}, X, MEMORY)[1]]
    for back, tape in zip(
        (attention.point_backward, attention.attend_backward), tapes, strict=True
    ):
        with pytest.raises(TypeError, match=r"tape: expected what (attend|point) returned last"):
            back(tape, X)
    for back in (attention.query_jacobian, lambda tape: attention.multi_head_backward(tape, X)):
        with pytest.raises(TypeError, match=r"tape: expected what (attend|multi_head) returned"):
            back(tapes[1])


@pytest.mark.parametrize("name", ["in_proj_bias", "out_proj.weight", "out_proj.bias"])
def test_every_parameter_of_the_heads_has_its_shape(name):
    with pytest.raises(ShapeError, match=f"{name}: "):
        attention.multi_head(HEADS | {name: HEADS[name][None]}, 2, X)
