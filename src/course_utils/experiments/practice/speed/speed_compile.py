"""What torch.compile does for a Python loop over time, forward and backward.

Three ways beside the eager loop: the step compiled and called T times; the whole loop compiled,
which unrolls it into one graph of T steps; and the layer compiled from the equations.  The first
call of each is timed on the wall, since a compiler runs in processes of its own; nothing that was
compiled before is found again.
"""

import contextlib
import os
import tempfile
import time
import warnings
from dataclasses import dataclass

import torch

from course_utils import timing, torch_nn
from course_utils.lab.timed_cases import Case
from course_utils.torch_nn import cells


@dataclass(frozen=True)
class Config:
    """Sizes are T, B, D, H; unrolled: those whose whole loop is compiled; backend: of PyTorch."""

    key: str = "lstm_peephole"
    sizes: tuple = ((25, 1, 64, 100), (35, 32, 256, 256))
    unrolled: tuple = ((25, 1, 64, 100),)
    backend: str = "inductor"
    seconds: float = 8.0
    least: int = 7


QUICK = Config(
    sizes=((3, 2, 3, 4),), unrolled=((3, 2, 3, 4),), backend="eager", seconds=0.05, least=3
)


def run(config, progress=iter):
    """By size: seconds of the first call by way, and how many times longer the eager loop takes."""
    with nothing_compiled(), timing.one_thread():
        rows = [time_size(config, size) for size in progress(config.sizes)]
    return {"key": config.key, "sizes": rows}


@contextlib.contextmanager
def nothing_compiled():
    """Both compilers look for their earlier code in a folder that is empty."""
    names = "TORCHINDUCTOR_CACHE_DIR", "COURSE_CACHE"
    before = {name: os.environ.get(name) for name in names}
    with tempfile.TemporaryDirectory() as empty:
        os.environ |= dict.fromkeys(names, empty)
        try:
            yield
        finally:
            for name, value in before.items():
                os.environ.pop(name)
                if value is not None:
                    os.environ[name] = value


def time_size(config, size):
    """One size, each way checked against the eager loop by what it costs, not by its numbers."""
    case = Case(config.key, size)
    step = cells.get_cell(config.key).step
    compiled = torch.compile(step, backend=config.backend)
    ways = {"eager": loop(case, step), "step": loop(case, compiled)}
    if size in config.unrolled:
        ways["loop"] = loop(case, step, lambda f: torch.compile(f, backend=config.backend))
    ways["equations"] = case.torch("compiled")
    first = {}
    for name, way in ways.items():
        start = time.perf_counter()
        with warnings.catch_warnings(action="ignore"):  # of PyTorch about its own compiler
            way()
        first[name] = time.perf_counter() - start
    times = timing.interleave(ways, seconds=config.seconds, least=config.least)
    torch.compiler.reset()
    return {
        "size": list(size),
        "first_call": first,
        "seconds": timing.medians(times),
        "eager_over": {n: timing.ratio(times, "eager", n) for n in ways if n != "eager"},
    }


def loop(case, step, compiling=lambda f: f):
    """A training step of a Python loop over ``step``, as a function to time."""
    _, B, _, H = case.size
    layer = torch_nn.from_numpy(case.key, case.params, backend="eager")
    p = {name.removesuffix("_l0"): w for name, w in layer.named_parameters()}
    x, dy = torch.from_numpy(case.x), torch.from_numpy(case.dy)

    def forward(x):
        state, outputs = (torch.zeros(B, H),) * 2, []
        for from_x in cells.project(p, x).unbind():
            state = step(p, from_x, state)
            outputs.append(state[0])
        return torch.stack(outputs)

    forward = compiling(forward)
    return lambda: torch.autograd.grad(forward(x), list(p.values()), dy)
