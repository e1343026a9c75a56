"""A scan is the loop by another algorithm: outputs, states and gradients."""

import numpy as np
import pytest
import torch
from problems import KEYS, close, make

from course_utils import numpy_nn, torch_nn
from course_utils.numpy_nn.ops import log_positive, positive
from course_utils.numpy_nn.scan import has_scan

SCANNED = ("lru", "mingru", "mingru_log", "minlstm", "minlstm_log")


def test_the_cells_that_are_linear_along_time_are_scanned():
    assert {k for k in KEYS if has_scan(k)} == set(SCANNED)


@pytest.mark.parametrize("steps", [1, 2, 7, 64])
@pytest.mark.parametrize("key", SCANNED)
def test_numpy_scan_equals_the_loop(key, steps):
    p = make(key, T=steps)
    assert any((s < 0).any() for s in p.state0)  # a start of either sign, also in log space
    y, last, _ = numpy_nn.unroll(key, p.params, p.x, p.state0)
    y_scan, last_scan = numpy_nn.scan(key, p.params, p.x, p.state0)
    close(y_scan, y, 1e-12)
    for a, b in zip(last_scan, last, strict=True):
        close(a, b, 1e-12)


@pytest.mark.parametrize("key", SCANNED)
def test_torch_scan_equals_the_loop_in_gradients_too(key):
    p = make(key, T=11)
    leaves = {n: torch.tensor(v, requires_grad=True) for n, v in p.params.items()}
    x = torch.tensor(p.x, requires_grad=True)
    start = tuple(torch.tensor(s, requires_grad=True) for s in p.state0)
    y, last = torch_nn.scan(key, leaves, x, start)
    loss = (y * torch.tensor(p.dy)).sum()
    loss = loss + sum((s * torch.tensor(d)).sum() for s, d in zip(last, p.dlast, strict=True))
    loss.backward()
    y_loop, _, tape = numpy_nn.unroll(key, p.params, p.x, p.state0)
    dx, dstate0, grads = numpy_nn.unroll_backward(tape, p.dy, p.dlast)
    close(y.detach().numpy(), y_loop, 1e-12)
    close(x.grad.numpy(), dx, 1e-10)
    for a, b in zip(start, dstate0, strict=True):
        close(a.grad.numpy(), b, 1e-10)
    for name, g in grads.items():
        close(leaves[name].grad.numpy(), g, 1e-10)


@pytest.mark.parametrize("key", SCANNED)
def test_a_long_and_extreme_sequence_stays_finite(key):
    p = make(key, T=300)
    x = 1e3 * p.x
    y, _ = numpy_nn.scan(key, p.params, x, p.state0)
    loop, *_ = numpy_nn.unroll(key, p.params, x, p.state0)
    assert np.isfinite(y).all()
    close(y, loop, 1e-9)


def test_the_logarithm_is_of_the_same_function():
    a = np.linspace(-10, 30, 101)
    np.testing.assert_allclose(log_positive(a), np.log(positive(a)), rtol=1e-9)
    assert log_positive(np.array([-1e4]))[0] == pytest.approx(-1e4)


def test_other_cells_are_refused_by_name():
    p = make("gru")
    with pytest.raises(TypeError, match="gru is not linear in its past"):
        numpy_nn.scan("gru", p.params, p.x)
    with pytest.raises(TypeError, match="gru is not linear in its past"):
        torch_nn.scan("gru", {}, torch.tensor(p.x), (torch.zeros(3, 4),))
