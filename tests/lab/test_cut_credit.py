"""Cut gradients on compiled code are those of the readable backward passes."""

import numpy as np
import pytest

from course_utils import numpy_nn
from course_utils.lab import cut_credit
from course_utils.lab.numpy_models import init_model, squared_error
from course_utils.numpy_nn import truncation


@pytest.fixture(params=[True, False], ids=["compiled", "readable"])
def either(request, monkeypatch):
    """With Numba and SciPy, and as if they were missing."""
    if request.param:
        pytest.importorskip("numba")
        pytest.importorskip("scipy")
    monkeypatch.setattr(cut_credit, "compiled_layers", lambda: request.param)


def case(key, last=False):
    """Parameters, x (11, 3, 2) and a target."""
    rng = np.random.default_rng(4)
    params = init_model(key, 2, 5, 4, rng)
    params["out_bias"] += rng.standard_normal(4)
    target = rng.standard_normal((3, 4) if last else (11, 3, 4))
    return params, rng.standard_normal((11, 3, 2)), target


def compare(found, wanted):
    (loss, answers, grads), (same_loss, same_answers, same_grads) = found, wanted
    np.testing.assert_allclose(loss, same_loss, rtol=1e-12)
    np.testing.assert_allclose(answers, same_answers, rtol=1e-10, atol=1e-13)
    assert grads.keys() == same_grads.keys()
    for name, grad in grads.items():
        np.testing.assert_allclose(grad, same_grads[name], rtol=1e-9, atol=1e-12, err_msg=name)


@pytest.mark.parametrize("last", [False, True])
@pytest.mark.parametrize("key", ["rnn", "lstm"])
def test_full_gradients(either, key, last):
    params, x, target = case(key, last)
    loss, answers, tape, dy, readout = squared_error(key, params, x, target, last)
    grads = numpy_nn.unroll_backward(tape, dy)[2] | readout
    compare(cut_credit.full(key, params, x, target, last), (loss, answers, grads))


@pytest.mark.parametrize("every", [1, 2, 4, 5, 10, 11, 30])  # 11 steps: even chunks, and others
@pytest.mark.parametrize("key", ["rnn", "lstm"])
def test_chunks(either, key, every):
    params, x, target = case(key)
    loss, answers, tape, dy, readout = squared_error(key, params, x, target)
    grads = truncation.truncated_backward(tape, dy, every)[2] | readout
    compare(cut_credit.chunked(key, params, x, target, every), (loss, answers, grads))


@pytest.mark.parametrize("last", [False, True])
def test_cell_state_alone(either, last):
    params, x, target = case("lstm", last)
    loss, answers, tape, dy, readout = squared_error("lstm", params, x, target, last)
    grads = truncation.cell_state_only_backward(tape, dy) | readout
    compare(cut_credit.cell_state_only(params, x, target, last), (loss, answers, grads))
