"""One clear error for each mistake: it names the argument, the axis and what to do."""

import numpy as np
import pytest
import torch
from problems import B, D, H, T, make

from course_utils import numpy_nn, torch_nn
from course_utils.numpy_nn import fast
from course_utils.numpy_nn.checkpoint import unroll_checkpointed
from course_utils.numpy_nn.truncation import truncated_backward
from course_utils.shapes import ShapeError

pytestmark = pytest.mark.usefixtures("uncompiled")

P = make("lstm")
Z = np.zeros


def run(x=P.x, params=P.params, state0=None, key="lstm", **others):
    return numpy_nn.unroll(key, params, x, state0, **others)


def back(dy, dlast=None, **others):
    return numpy_nn.unroll_backward(run()[2], dy, dlast, **others)


def leaky(alpha):
    return torch_nn.Recurrent("rnn_leaky", D, H, config={"alpha": alpha})


def clocks(periods):
    rng = np.random.default_rng(0)
    return numpy_nn.init_params("clockwork", D, H, rng, config={"periods": periods})


def without(name):
    return {n: p for n, p in P.params.items() if n != name}


MISTAKES = {
    "rank of x": (lambda: run(Z((T, D))), ShapeError, r"x: expected 3 axes \(T, B, D\)"),
    "width of x": (lambda: run(Z((T, B, D + 1))), ShapeError, "x: axis D should be 2"),
    "a list": (lambda: run(P.x.tolist()), ShapeError, "x: expected an array, got list"),
    "integers": (lambda: run(Z((T, B, D), int)), TypeError, "x: expected floating numbers"),
    "a weight missing": (lambda: run(params=without("bias_hh")), KeyError, "missing bias_hh"),
    "a weight too many": (lambda: run(params=P.params | {"w": Z(1)}), KeyError, "unknown w"),
    "a weight of the wrong size": (
        lambda: run(params=P.params | {"bias_ih": Z(3)}),
        ShapeError,
        "bias_ih: axis 4H should be 16",
    ),
    "one state of two": (lambda: run(state0=Z((B, H))), ShapeError, "carries 2 states"),
    "size of a state": (
        lambda: run(state0=(Z((B, H)), Z((B, H + 1)))),
        ShapeError,
        r"state0.c: expected shape \(3, 4\)",
    ),
    "key": (lambda: run(key="ltsm"), KeyError, "no cell 'ltsm'; choose from"),
    "float lengths": (lambda: run(lengths=Z(B)), ShapeError, "lengths: expected 3 integers"),
    "length of another batch": (lambda: run(lengths=Z(2, int)), ShapeError, r"shape \(3,\)"),
    "too long": (lambda: run(lengths=np.array([1, 2, 9])), ValueError, "expected 0 to T=5"),
    "config": (lambda: run(config={"alpha": 1}), KeyError, "lstm has no alpha; it knows: none"),
    "a constant as text": (lambda: leaky("x"), TypeError, "config: alpha should be a number such"),
    "a constant without value": (lambda: leaky(None), TypeError, "config: alpha .* got None"),
    "a constant that is no number": (lambda: leaky(np.nan), ValueError, "alpha should be finite"),
    "periods that are none": (lambda: clocks(()), TypeError, r"periods should be a tuple .* \(\)"),
    "one period": (lambda: clocks(3), TypeError, "config: periods should be a tuple such as"),
    "a period of 0": (lambda: clocks((0, 1)), ValueError, "periods: expected a positive integer"),
    "half a period": (lambda: clocks((1.5, 2)), ValueError, "periods: expected a positive integer"),
    "an input that is not read": (lambda: run(below=P.x), TypeError, "lstm reads no below"),
    "dy": (lambda: back(Z((T, B, H))[1:]), ShapeError, "axis T should be"),
    "dy of one unit": (lambda: back(P.dy[..., :1]), ShapeError, "dy: axis H should be 4 .* got 1"),
    "dy too wide": (lambda: back(Z((T, B, H + 1))), ShapeError, "dy: axis H should be 4"),
    "masked numbers": (lambda: run(np.ma.array(P.x)), TypeError, "x: .* masked one"),
    "a masked state": (
        lambda: run(state0=(None, np.ma.array(Z((B, H))))),
        TypeError,
        "state0.c: .* masked one",
    ),
    "masked lengths": (lambda: run(lengths=np.ma.array([1, 2, 3])), TypeError, "lengths: .* mask"),
    "masked resets": (
        lambda: run(resets=np.ma.array(Z((T, B), bool))),
        TypeError,
        "resets: .* masked one",
    ),
    "gradients of no state": (
        lambda: back(P.dy, dstates={"m": P.dy}),
        KeyError,
        "dstates: lstm has no m; its states: h, c",
    ),
    "gradients in a list": (lambda: back(P.dy, dstates=[P.dy]), TypeError, "dstates: .* a dict"),
    "gradients that would spread": (
        lambda: back(P.dy, dstates={"c": P.dy[:1]}),
        ShapeError,
        r"dstates.c: expected the output's shape \(5, 3, 4\), got \(1, 3, 4\)",
    ),
    "dlast": (lambda: back(P.dy, (Z((B, 1)), None)), ShapeError, "dlast.h: expected shape"),
    "a tensor": (lambda: run(torch.zeros(T, B, D)), TypeError, r"x: .* got Tensor; use x.detach"),
    "a tensor among the weights": (
        lambda: run(params=P.params | {"bias_hh": torch.zeros(4 * H)}),
        TypeError,
        "bias_hh: expected a NumPy array",
    ),
    "a list among the weights": (
        lambda: run(params=P.params | {"bias_hh": [0.0] * 4 * H}),
        ShapeError,
        "bias_hh: expected an array, got list",
    ),
    "integers among the weights": (
        lambda: run(params=P.params | {"bias_hh": Z(4 * H, int)}),
        TypeError,
        "bias_hh: expected floating numbers, got int64",
    ),
    "a list of weights": (
        lambda: run(params=list(P.params.values())),
        TypeError,
        "params: expected a dict of arrays",
    ),
    "a tensor as state": (
        lambda: run(state0=(torch.zeros(B, H), None)),
        TypeError,
        "state0.h: expected a NumPy array",
    ),
    "integers as state": (
        lambda: run(state0=(Z((B, H), int), None)),
        TypeError,
        "state0.h: expected floating numbers",
    ),
    "a dict as state": (
        lambda: run(state0={"h": Z((B, H))}),
        TypeError,
        r"state0: expected a tuple of arrays \(h, c\)",
    ),
    "a number that is no time": (
        lambda: numpy_nn.unroll("clockwork", make("clockwork").params, P.x, (None, Z((B, H)))),
        TypeError,
        "state0.t: expected integers",
    ),
    "numbers without axes": (lambda: run(np.array(1.0)), ShapeError, "x: expected 3 axes"),
    "dy of a list": (lambda: back(P.dy.tolist()), ShapeError, "dy: expected an array"),
    "dy of a tensor": (lambda: back(torch.tensor(P.dy)), TypeError, "dy: .* got Tensor"),
    "complex dy": (lambda: back(P.dy + 0j), TypeError, "dy: expected real floating"),
    "another tape": (
        lambda: numpy_nn.unroll_backward(fast.unroll("lstm", P.params, P.x)[2], P.dy),
        TypeError,
        "tape: expected what numpy_nn.unroll returned",
    ),
    "a tape of one layer": (
        lambda: numpy_nn.unroll_stack_backward(run()[2], P.dy),
        TypeError,
        "tape: expected what unroll_stack returned",
    ),
    "no tape": (lambda: truncated_backward(None, P.dy, 2), TypeError, "tape: expected what"),
    "dy of another length": (lambda: truncated_backward(run()[2], P.dy[1:], 2), ShapeError, "dy: "),
    "half a step": (
        lambda: truncated_backward(run()[2], P.dy, 2.0),
        ValueError,
        "every: expected a positive integer, got 2.0",
    ),
    "a truth value for steps": (
        lambda: unroll_checkpointed("lstm", P.params, P.x, every=True),
        ValueError,
        "every: expected a positive integer, got True",
    ),
    "a seed for a generator": (
        lambda: numpy_nn.init_params("lstm", 2, 3, 7),
        TypeError,
        "rng: expected np.random.Generator, got int",
    ),
    "a width that is no integer": (
        lambda: numpy_nn.init_params("lstm", 2.0, 3, np.random.default_rng(0)),
        ValueError,
        "input_size: expected a positive integer, got 2.0",
    ),
    "no layers": (
        lambda: numpy_nn.init_stack("lstm", 2, 3, False, np.random.default_rng(0)),
        ValueError,
        "num_layers: expected a positive integer, got False",
    ),
    "a layer for a stack": (
        lambda: numpy_nn.unroll_stack("lstm", P.params, P.x),
        TypeError,
        r"layers: expected a list .* got dict; pass \[params\]",
    ),
    "a pair among single layers": (
        lambda: numpy_nn.unroll_stack("lstm", [P.params, (P.params, P.params)], P.x),
        TypeError,
        r"layers\[1\]: expected a dict in every layer",
    ),
    "rank of x in a step": (
        lambda: numpy_nn.step("lstm", P.params, P.x),
        ShapeError,
        r"x: expected 2 axes \(B, D\)",
    ),
    "one state of two in a step": (
        lambda: numpy_nn.step("lstm", P.params, P.x[0], Z((B, H))),
        ShapeError,
        "prev: lstm carries 2 states",
    ),
    "another cell's cache": (
        lambda: numpy_nn.step_backward("lstm", P.params, (P.x[0],), P.state0),
        TypeError,
        "cache: expected what step",
    ),
    "no dy": (lambda: back(None), ShapeError, "dy: expected an array, got NoneType"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_named(mistake):
    call, error, message = MISTAKES[mistake]
    with pytest.raises(error, match=message):
        call()


def test_a_step_takes_states_in_any_form():
    """A tuple, a list, the NamedTuple; None for the cell's own, all or in part."""
    given = numpy_nn.step("lstm", P.params, P.x[0], numpy_nn.get_cell("lstm").State(*P.state0))
    for form in (tuple(P.state0), list(P.state0)):
        for a, b in zip(numpy_nn.step("lstm", P.params, P.x[0], form)[0], given[0], strict=True):
            np.testing.assert_array_equal(a, b)
    one = make("gru")
    alone, pair = (
        numpy_nn.step("gru", one.params, one.x[0], s)[0] for s in (*one.state0, one.state0)
    )
    np.testing.assert_array_equal(alone.h, pair.h)
    zero, _ = numpy_nn.step("lstm", P.params, P.x[0], (Z((B, H)), None))
    np.testing.assert_array_equal(zero.h, numpy_nn.step("lstm", P.params, P.x[0])[0].h)
    dx, _, _ = numpy_nn.step_backward("lstm", P.params, given[1], (P.dy[0], None))
    assert dx.shape == (B, D)
