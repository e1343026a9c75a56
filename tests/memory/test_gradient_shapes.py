"""A gradient has the shape of its output: NumPy would spread a smaller one in silence."""

import numpy as np
import pytest

from course_utils.numpy_nn import many, memory, ops, ponder
from course_utils.shapes import ShapeError

B, N, M, K, S, T = 2, 4, 3, 2, 5, 6
RNG = np.random.default_rng(0)
SLOTS, W = RNG.normal(size=(B, N, M)), RNG.random((B, K, N))
ERASE, ADD = RNG.random((B, K, M)), RNG.normal(size=(B, K, M))
P = np.full((2, 3), 1 / 3)

CASES = {
    "read": (lambda d: memory.read_backward(memory.read(SLOTS, W)[1], d), "dr", (B, K, M)),
    "write": (
        lambda d: memory.write_backward(memory.write(SLOTS, W, ERASE, ADD)[1], d),
        "dnew",
        (B, N, M),
    ),
    "blend": (
        lambda d: memory.blend_backward(memory.blend(SLOTS, W, ADD)[1], d),
        "dnew",
        (B, N, M),
    ),
    "halting": (
        lambda d: ponder.halting_backward(ponder.halting(P)[3], d, np.ones(3)),
        "dp",
        P.shape,
    ),
    "the remainder": (
        lambda d: ponder.halting_backward(ponder.halting(P)[3], np.ones(P.shape), d),
        "dR",
        (3,),
    ),
    "mean": (
        lambda d: ponder.mean_field_backward(
            ponder.mean_field(P, RNG.normal(size=(*P.shape, M)))[1], d
        ),
        "dmean",
        (3, M),
    ),
    "cost": (
        lambda d: ponder.ponder_cost_backward(
            ponder.ponder_cost(np.ones((T, B)), np.ones((T, B)))[1], d
        ),
        "dcost",
        (B,),
    ),
    "softmax": (lambda d: ops.softmax_backward(P, d), "dp", P.shape),
    "log_softmax": (lambda d: ops.log_softmax_backward(np.log(P), d), "dlog_p", P.shape),
}


@pytest.mark.parametrize("name", CASES)
def test_a_smaller_gradient_is_refused_by_name(name):
    call, argument, shape = CASES[name]
    call(np.ones(shape))
    for smaller in (shape[1:], (1, *shape[1:]), (*shape[:-1], 1)):
        with pytest.raises(ShapeError, match=f"^{argument}: expected the output's shape"):
            call(np.ones(smaller))
    with pytest.raises(ShapeError, match=f"^{argument}: expected an array, got list"):
        call(np.ones(shape).tolist())


@pytest.mark.parametrize("lengths", [[1.5, 2], [2, np.nan], [2], [-1, 2], [2, T + 1]])
def test_lengths_of_what_was_pondered_are_whole_steps(lengths):
    some = np.ones((T, B))
    with pytest.raises(ValueError, match=r"^lengths: expected"):
        ponder.ponder_cost(some, some, np.array(lengths))


def test_a_complex_target_is_not_cut_to_its_real_part():
    with pytest.raises(TypeError, match="target: expected real numbers, got complex128"):
        many.mses(np.ones((K, 3)), np.ones(3) + 1j)
