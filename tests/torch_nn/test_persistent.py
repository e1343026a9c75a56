"""All steps in one launch, by Triton's interpreter: the numbers of the loop, for every cell."""

import contextlib

import numpy as np
import pytest
import torch
import triton_runs

from course_utils import torch_nn
from course_utils.specs import SPECS
from course_utils.torch_nn import gpu
from course_utils.torch_nn.gpu import persistent, persistent_records
from course_utils.torch_nn.gpu.persistent import Split

T, B, D, H = 3, 3, 2, 4
SPLITS = {
    "one program alone": Split(0, 4, 4, 4),
    "one program, by way of memory": Split(1, 4, 4, 4),
    "two by two programs, two chunks": Split(2, 2, 2, 2),
}


@pytest.fixture
def opened(monkeypatch):
    """The gate is open, and what ran is counted."""
    monkeypatch.setenv("TRITON_INTERPRET", "1")  # before the first import of Triton
    monkeypatch.setenv(persistent_records.TRY, "1")
    triton_runs.needed()
    ran, launch = [], persistent._launch

    def counted(arena, name, **known):
        ran.append(name)
        settle(launch, arena, name, known)

    monkeypatch.setattr(persistent, "_launch", counted)
    with gpu.interpreted(), np.errstate(all="ignore"):  # what a block has beyond the end
        yield ran


def settle(launch, arena, name, known):
    """Launch until every program has read what all others write; none waits."""
    several = arena.shape.H > persistent._split(arena).units
    carried = {n: a.clone() for n, a in arena.arrays.items() if n.startswith("carried_")}
    for _ in range(arena.shape.T * arena.schedule.program.loop.levels if several else 1):
        for n, before in carried.items():
            arena[n].copy_(before)
        launch(arena, name, **known)


def given_split(monkeypatch, split):
    monkeypatch.setattr(persistent, "split", lambda *_: split)
    if split.units < H:
        monkeypatch.setattr(persistent, "BEGUN", 2**30)


def outputs_and_gradients(layer, x, grad=True):
    """y, the last states and, if wanted, gradients of x, first states and parameters, by name."""
    x = x.clone().requires_grad_(grad)
    with contextlib.nullcontext() if grad else torch.no_grad():
        hx = layer.initial_state(x.shape[1])
        hx = [hx] if isinstance(hx, torch.Tensor) else [*hx]
        torch.manual_seed(1)
        drawn = [0.3 * torch.randn(h.shape, dtype=torch.float64) for h in hx]
        hx = [h + d.to(h) if h.is_floating_point() else h for h, d in zip(hx, drawn, strict=True)]
        hx = [h.detach().requires_grad_(grad and h.is_floating_point()) for h in hx]
        y, last = layer(x, hx[0] if len(hx) == 1 else tuple(hx))
    last = [last] if isinstance(last, torch.Tensor) else [*last]
    found = {"y": y} | {f"last {n}": s for n, s in enumerate(last)}
    if grad:
        torch.manual_seed(2)
        ends = [v for v in found.values() if v.is_floating_point()]
        drawn = [torch.randn(v.shape, dtype=torch.float64) for v in ends]
        sum((v * d.to(v)).sum() for v, d in zip(ends, drawn, strict=True)).backward()
        found |= {n: p.grad for n, p in layer.named_parameters()} | {"x": x.grad}
        found |= {f"first {n}": h.grad for n, h in enumerate(hx)}
    return {n: v.detach() for n, v in found.items() if v is not None}


def assert_agrees(key, dtype=torch.float64, tolerance=1e-12, grad=True, sizes=(T, B, D, H)):
    torch.manual_seed(0)
    steps, rows, features, units = sizes
    layers = 2 if SPECS[key].inputs else 1  # the upper one reads the states of the lower one
    layer = torch_nn.Recurrent(key, features, units, layers, backend="graph")
    layer.to(dtype)
    x = torch.randn(steps, rows, features).to(dtype)
    found = outputs_and_gradients(layer, x, grad)
    twin = torch_nn.Recurrent(key, features, units, layers, backend="eager").double()
    twin.load_state_dict(layer.state_dict())
    wanted = outputs_and_gradients(twin, x.double(), grad)
    assert found.keys() == wanted.keys()
    for name, value in wanted.items():
        scale = max(1.0, float(value.abs().max()))
        apart = float((found[name].to(value.dtype) - value).abs().max())
        assert apart <= tolerance * scale, f"{name} is {apart} off"


@pytest.mark.parametrize("split", SPLITS)
@pytest.mark.parametrize("key", SPECS)
def test_values_and_gradients(key, split, opened, monkeypatch):
    given_split(monkeypatch, SPLITS[split])
    assert_agrees(key)
    layers = 2 if SPECS[key].inputs else 1
    assert opened == ["forward"] * layers + ["backward"] * layers
