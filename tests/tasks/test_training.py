"""The loop: what it records, when it stops, and what it says when training diverges."""

import numpy as np
import pytest
import torch

from course_utils import training
from course_utils.numpy_nn import optim


def quadratic(params, batch):
    """Loss of fitting ``w`` to the mean of a batch."""
    error = params["w"] - batch.mean()
    return float(error**2), {"w": 2 * error}


def test_numpy_and_torch_take_the_same_steps():
    """Adam on the same loss and the same data, from the same start."""
    data = np.random.default_rng(0).standard_normal((20, 5))
    ours = training.NumpyStep({"w": np.array(3.0)}, quadratic, iter(data).__next__, optim.Adam(0.1))
    model = torch.nn.ParameterDict({"w": torch.nn.Parameter(torch.tensor(3.0).double())})
    theirs = training.torch_step(
        model, lambda m, b: (m["w"] - torch.tensor(b).mean()) ** 2, iter(data).__next__, lr=0.1
    )
    a, b = (training.fit(step, 20, bar=False).loss for step in (ours, theirs))
    np.testing.assert_allclose(a, b, rtol=1e-6)
    assert a[-1] < a[0] / 2


def test_checks_are_recorded_and_stop_the_loop():
    values = iter([3, 2, 1, 0])
    history = training.fit(
        lambda: 1.0, 100, check=lambda: next(values), every=10, done=lambda v: v == 1, bar=False
    )
    assert history.checks == [(10, 3), (20, 2), (30, 1)]
    assert history.stopped and history.updates == 30


def test_divergence_names_the_update():
    losses = iter([1.0, float("nan")])
    with pytest.raises(training.Diverged, match=r"update 2: the loss is nan; try a smaller"):
        training.fit(lambda: next(losses), 5, bar=False)


def test_clipping_is_on_the_joint_norm():
    step = training.NumpyStep(
        {"a": np.array(0.0), "b": np.array(0.0)},
        lambda params, batch: (0.0, {"a": np.array(3.0), "b": np.array(4.0)}),
        lambda: None, optim.SGD(1.0), clip=1.0,
    )  # fmt: skip
    step()
    np.testing.assert_allclose([step.params["a"], step.params["b"]], [-0.6, -0.8])


def test_one_process_trains_the_model_itself():
    model = torch.nn.Linear(1, 1)
    assert training.distributed(model) is model
