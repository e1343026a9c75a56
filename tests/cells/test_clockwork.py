"""What is particular to the clockwork RNN: who moves when, and who hears whom."""

import numpy as np
import pytest
import torch

from course_utils import numpy_nn, torch_nn
from course_utils.spec import NUMPY, TENSOR

T, B, D, H = 9, 2, 3, 8
PERIODS = (1, 2, 4, 8)


def run(steps=T):
    rng = np.random.default_rng(0)
    params = numpy_nn.init_params("clockwork", D, H, rng)
    return params, numpy_nn.unroll("clockwork", params, rng.standard_normal((steps, B, D)))


def test_a_module_moves_at_the_multiples_of_its_period_only():
    _, (y, last, _) = run()
    for k, period in enumerate(PERIODS):
        units = y[:, :, 2 * k : 2 * k + 2]
        moved = [t for t in range(1, T) if (units[t] != units[t - 1]).any()]
        assert moved == [t for t in range(1, T) if t % period == 0]
    assert (last.t == T).all() and np.issubdtype(last.t.dtype, np.integer)


def test_weights_from_faster_modules_start_at_zero_and_get_no_gradient():
    params, (y, _, tape) = run()
    *_, grads = numpy_nn.unroll_backward(tape, np.random.default_rng(1).standard_normal(y.shape))
    period = np.repeat(PERIODS, 2)
    faster = period[None, :] < period[:, None]
    assert faster.any() and not params["weight_hh"][faster].any()
    assert not grads["weight_hh"][faster].any() and grads["weight_hh"][~faster].all()
    layer = torch_nn.Recurrent("clockwork", D, H)
    assert not layer.weight_hh_l0.detach().numpy()[faster].any()


def test_units_that_cannot_be_divided_are_refused():
    with pytest.raises(ValueError, match="6 units cannot be divided among 4 modules"):
        numpy_nn.init_params("clockwork", D, 6, np.random.default_rng(0))
    with pytest.raises(ValueError, match="6 units cannot be divided among 4 modules"):
        torch_nn.Recurrent("clockwork", D, 6)
    numpy_nn.init_params("clockwork", D, 6, np.random.default_rng(0), config={"periods": (1, 3)})


def test_the_functions_of_its_equations_mean_the_same_for_arrays_and_tensors():
    rng = np.random.default_rng(0)
    t, weight = rng.integers(0, 20, (B, H)), rng.standard_normal((H, H))
    for name, value in (("due", t), ("slower", weight)):
        ours = NUMPY[name](value, PERIODS)
        np.testing.assert_array_equal(TENSOR[name](torch.tensor(value), PERIODS).numpy(), ours)
        assert 0 < np.count_nonzero(ours) < ours.size
