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


@pytest.mark.parametrize("clip, moved", [(None, 5.0), (10.0, 5.0), (2.0, 2.0), (1.0, 1.0)])
def test_torch_clips_to_what_was_asked_and_not_at_all_for_none(clip, moved):
    model = torch.nn.ParameterDict({n: torch.nn.Parameter(torch.zeros(())) for n in "ab"})
    step = training.torch_step(
        model, lambda m, _: 3 * m["a"] + 4 * m["b"], lambda: None, clip=clip,
        optimiser=torch.optim.SGD(model.parameters(), lr=1.0),
    )  # fmt: skip
    step()
    found = [-model["a"].item() / 3, -model["b"].item() / 4]
    np.testing.assert_allclose(found, moved / 5, rtol=1e-6)  # torch adds 1e-6 to the norm


@pytest.mark.parametrize("clip, moved", [(None, 5.0), (10.0, 5.0), (2.0, 2.0)])
def test_numpy_clips_to_what_was_asked_and_not_at_all_for_none(clip, moved):
    step = training.NumpyStep(
        {"a": np.array(0.0), "b": np.array(0.0)},
        lambda params, batch: (0.0, {"a": np.array(3.0), "b": np.array(4.0)}),
        lambda: None, optim.SGD(1.0), clip=clip,
    )  # fmt: skip
    step()
    np.testing.assert_allclose([-step.params["a"] / 3, -step.params["b"] / 4], moved / 5)


def test_seconds_are_those_of_the_clock_from_the_first_update_to_the_last(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(training.time, "perf_counter", lambda: now[0])

    def step():
        now[0] += 0.25
        return 1.0

    assert training.fit(step, 6, bar=False).seconds == 1.5
    check = lambda: now.__setitem__(0, now[0] + 1.0)  # noqa: E731  checks take time too
    history = training.fit(step, 6, check=check, every=2, done=lambda _: True, bar=False)
    assert history.updates == 2 and history.seconds == 1.5


def test_one_process_trains_the_model_itself(monkeypatch):
    model = torch.nn.Linear(1, 1)
    assert training.distributed(model) is model
    monkeypatch.setenv("WORLD_SIZE", "1")
    assert training.distributed(model) is model


@pytest.fixture
def group(tmp_path):
    """A group of one process, which needs no other and no network."""
    torch.distributed.init_process_group(
        "gloo", init_method=(tmp_path / "meet").as_uri(), rank=0, world_size=1
    )
    yield
    torch.distributed.destroy_process_group()


def test_a_model_among_several_processes_is_wrapped_and_trains(group, monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "2")  # as torchrun says; the group is there already
    model = torch.nn.Linear(2, 1)
    wrapped = training.distributed(model)
    assert isinstance(wrapped, torch.nn.parallel.DistributedDataParallel)
    assert wrapped.module is model
    before = model.weight.detach().clone()
    training.torch_step(wrapped, lambda m, x: m(x).sum(), lambda: torch.ones(1, 2))()
    assert not torch.equal(model.weight, before)


@pytest.mark.parametrize("device, backend", [("cpu", "gloo"), ("cuda", "nccl")])
def test_a_group_is_formed_only_where_there_is_none(monkeypatch, device, backend):
    formed = []
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.setattr(torch.distributed, "is_initialized", lambda: bool(formed))
    monkeypatch.setattr(torch.distributed, "init_process_group", formed.append)
    monkeypatch.setattr(
        torch.nn.parallel, "DistributedDataParallel", lambda model: ("wrapped", model)
    )

    class Model:
        def parameters(self):
            yield type("Weight", (), {"device": torch.device(device)})

    model = Model()
    assert training.distributed(model) == ("wrapped", model)
    training.distributed(model)
    assert formed == [backend]


@pytest.mark.parametrize("wrong", [2.5, True, None, -1, "2"])
def test_updates_are_counted_in_integers(wrong):
    with pytest.raises(ValueError, match="updates: expected an integer of at least 0"):
        training.fit(lambda: 1.0, wrong, bar=False)
    with pytest.raises(ValueError, match="every: expected a positive integer"):
        training.fit(lambda: 1.0, 2, every=wrong, bar=False)
    assert training.fit(lambda: 1.0, np.int64(2), every=np.int8(1), bar=False).updates == 2


@pytest.mark.parametrize("wrong", [0, -1.0, True, float("nan"), "1"])
def test_a_clip_is_positive_or_none(wrong):
    with pytest.raises(ValueError, match="clip: expected a positive number, or None"):
        training.torch_step(torch.nn.Linear(1, 1), None, None, clip=wrong)
    with pytest.raises(ValueError, match="clip: expected a positive number, or None"):
        training.NumpyStep({"w": np.ones(1)}, None, None, optim.SGD(), clip=wrong)
