"""A gradient in another precision than the forward pass changes no dtype on the way back."""

import numpy as np
import pytest

from course_utils import numpy_nn
from course_utils.numpy_nn import attention, ops, seq2seq, truncation

T, B, S, D, H, V = 4, 3, 2, 2, 4, 6
RNG = np.random.default_rng(0)
LSTM = numpy_nn.init_params("lstm", D, H, RNG, np.float32)
SCORE = attention.init_score("additive", D, D, RNG, np.float32)
MODEL = {order: seq2seq.Seq2Seq(V, V, embedding=D, hidden=H, order=order)
         for order in ("after", "before")}  # fmt: skip


def narrow(*shape):
    return RNG.standard_normal(shape).astype(np.float32)


def wide(*shape):
    return RNG.standard_normal(shape)


def tape_of_unroll():
    return numpy_nn.unroll("lstm", LSTM, narrow(T, B, D))[-1]


def windowed():
    params = attention.init_window(H, 2, RNG, np.float32)
    prev = attention.window.State(narrow(B, 2))
    *_, cache = attention.window_step(params, narrow(B, H), prev, narrow(S, B, D))
    dstate = attention.window.State(wide(B, 2))
    return attention.window_step_backward(params, cache, wide(B, D), dstate, wide(B, S))


def attentive():
    params = numpy_nn.init_params("lstm", 2 * D, H, RNG, np.float32)
    score = attention.init_score("additive", H, D, RNG, np.float32)
    *_, tape = attention.attentive(
        "lstm", params, "additive", score, narrow(T, B, D), narrow(S, B, D)
    )
    return attention.attentive_backward(tape, wide(T, B, H), wide(T, B, D), (wide(B, H), None))


def heads():
    params = attention.init_multi_head(H, RNG, np.float32)
    *_, tape = attention.multi_head(params, 2, narrow(T, B, H), narrow(S, B, H))
    return attention.multi_head_backward(tape, wide(T, B, H))


def attended():
    queries, keys, values = narrow(T, B, D), narrow(S, B, D), narrow(S, B, H)
    *_, tape = attention.attend("additive", SCORE, queries, keys, values)
    return attention.attend_backward(tape, wide(T, B, H), wide(T, B, S))


def pointed():
    *_, tape = attention.point("additive", SCORE, narrow(T, B, D), narrow(S, B, D))
    return attention.point_backward(tape, wide(T, B, S))


def translated(order):
    params = seq2seq.init_seq2seq(MODEL[order], RNG, np.float32)
    source, target = RNG.integers(0, V, (S, B)), RNG.integers(0, V, (T, B))
    *_, tape = seq2seq.seq2seq(MODEL[order], params, source, target)
    return seq2seq.seq2seq_backward(tape, wide(T, B, V))


GRADIENTS = {
    "unroll": lambda: numpy_nn.unroll_backward(tape_of_unroll(), wide(T, B, H), (wide(B, H),) * 2),
    "truncated": lambda: truncation.truncated_backward(tape_of_unroll(), wide(T, B, H), 2),
    "cell state only": lambda: truncation.cell_state_only_backward(
        tape_of_unroll(), wide(T, B, H)
    ),
    "affine": lambda: ops.affine_backward(narrow(V, H), narrow(T, B, H), wide(T, B, V)),
    "attend": attended,
    "point": pointed,
    "multi_head": heads,
    "window": windowed,
    "attentive": attentive,
    "seq2seq, after": lambda: translated("after"),
    "seq2seq, before": lambda: translated("before"),
}


def leaves(value):
    if isinstance(value, np.ndarray):
        return [value]
    parts = value.values() if isinstance(value, dict) else value or ()
    return [leaf for part in parts for leaf in leaves(part)]


@pytest.mark.parametrize("name", GRADIENTS)
def test_gradients_have_the_dtype_of_the_forward_pass(name):
    found = leaves(GRADIENTS[name]())
    assert found and {a.dtype for a in found} == {np.dtype(np.float32)}
