"""How many products and kernels a step of ``backend="graph"`` launches."""

import pytest
from graph_layers import B, D, H, cells
from kinds import PROGRAMS
from layers import build, draw, tuple_of
from torch.utils._python_dispatch import TorchDispatchMode

from course_utils.specs import SPECS
from course_utils.torch_nn import function, gpu

pytestmark = pytest.mark.usefixtures("interpreter")

VIEWS = {"view", "unbind", "t", "slice", "select", "_unsafe_view", "transpose", "reshape", "split"}


class Launches(TorchDispatchMode):
    """Counts what a device would launch: operations of torch that compute, and kernels."""

    def __init__(self, monkeypatch):
        super().__init__()
        self.count = {"mm": 0, "kernel": 0, "other": 0}
        monkeypatch.setattr(gpu.steps, "_run", self.kernel)

    def kernel(self, *_):
        self.count["kernel"] += 1

    def __torch_dispatch__(self, f, types, args=(), kwargs=None):
        name = f.overloadpacket.__name__
        if name not in VIEWS:
            self.count[name if name == "mm" else "other"] += 1
        return f(*args, **(kwargs or {}))


def launched(key, steps, run, monkeypatch):
    """{"mm": …, "kernel": …, "other": …} of a forward or backward pass of so many steps."""
    call = function.Run(key, SPECS[key].inputs, SPECS[key].shapes(D, H), None, None, None)
    states = [s[0] for s in tuple_of(build(key).initial_state(B))]
    shape = gpu.layer._shape(call, draw(steps, B, D), states, [True] * 99)
    arena = gpu.layer.Arena(shape)
    with Launches(monkeypatch) as found:
        gpu.steps.forward(arena)
        if run == "backward":
            found.count = dict.fromkeys(found.count, 0)
            gpu.steps.backward(arena)
    return found.count


MANY = {"forward": 5, "backward": 5}
"""Launches that no step may exceed; the cells of two levels have two kernels and two products."""


@pytest.mark.parametrize("run", ["forward", "backward"])
@pytest.mark.parametrize("key", cells(*PROGRAMS))
def test_a_step_is_its_products_and_one_kernel_a_level(key, run, monkeypatch):
    found = [launched(key, steps, run, monkeypatch) for steps in (4, 5)]
    step = {name: found[1][name] - found[0][name] for name in found[0]}
    planned = gpu.schedule(key)
    products, kernels = planned.launches()[run]
    assert step == {"mm": products, "kernel": kernels, "other": 0}
    assert kernels == planned.program.loop.levels
    recurrent = [p for p in planned.program.products if not p.whole]
    assert products == len(recurrent) and products + kernels <= MANY[run]


@pytest.mark.parametrize("key", ["rnn", "lstm", "gru", "lstm_peephole", "lstm_cifg", "slstm"])
def test_a_step_of_these_is_one_product_and_one_kernel(key):
    assert gpu.schedule(key).launches() == {"forward": (1, 1), "backward": (1, 1)}
