"""A loop over time in PyTorch, its input indexed step by step or taken apart at once.

``from_x[t]`` costs nothing forward.  Its gradient is an array as large as from_x, zero but for one
step, and autograd adds up T of them: T² numbers.  ``unbind`` is one node, whose gradient is one
``stack``.
"""

from dataclasses import dataclass

import torch

from course_utils import timing
from course_utils.lab.timed_cases import Case
from course_utils.torch_nn import cells


@dataclass(frozen=True)
class Config:
    """Steps, doubling; the cell and its size."""

    steps: tuple = (64, 128, 256, 512)
    key: str = "lstm_peephole"
    batch: int = 32
    inputs: int = 16
    hidden: int = 128
    seconds: float = 8.0
    least: int = 5


QUICK = Config(steps=(8, 16), batch=4, hidden=8, seconds=0.1, least=3)
WAYS = {
    "indexed": lambda from_x: (from_x[t] for t in range(len(from_x))),
    "unbound": lambda from_x: from_x.unbind(),
}


def run(config, progress=iter):
    """By way: milliseconds of a training step for every T, and what the last doubling costs."""
    with timing.one_thread():
        rows = [time_length(config, T) for T in progress(config.steps)]
    milliseconds = {name: [1e3 * row[name] for row in rows] for name in WAYS}
    return {
        "steps": list(config.steps),
        **{name: {"ms": ms, "doubling": ms[-1] / ms[-2]} for name, ms in milliseconds.items()},
        "indexed_over_unbound": [row["ratio"] for row in rows],
    }


def time_length(config, T):
    """Median seconds of both ways at one length."""
    seconds = config.seconds / len(config.steps)
    times = timing.interleave(steps(config, T), seconds=seconds, least=config.least)
    return timing.medians(times) | {"ratio": timing.ratio(times, "indexed", "unbound")}


def steps(config, T):
    """name -> a training step of T time steps, as a function to time."""
    case = Case(config.key, (T, config.batch, config.inputs, config.hidden))
    p = {name: torch.from_numpy(v).requires_grad_() for name, v in case.params.items()}
    x, dy = torch.from_numpy(case.x), torch.from_numpy(case.dy)
    step, project = cells.get_cell(config.key).step, cells.project

    def train(way):
        state = (torch.zeros(config.batch, config.hidden),) * 2
        outputs = []
        for a in way(project(p, x)):
            state = step(p, a, state)
            outputs.append(state[0])
        return torch.autograd.grad(torch.stack(outputs), list(p.values()), dy)

    return {name: lambda way=way: train(way) for name, way in WAYS.items()}
