"""What fusing brings: the last rung of the ladder in NumPy against the layer that is compiled.

Predicted from the machine's numbers as in ``speed_ladder``: the compiled layer makes the same
products, no calls between them, and touches each number of a step once.  Measured forward, and a
whole training step against the readable cells.  Quartiles stand beside each ratio: they say how
quiet the machine was.
"""

import os
from dataclasses import dataclass

import numpy as np

from course_utils import counting, timing
from course_utils.compiled.plan import plan
from course_utils.experiments.practice.speed import speed_ladder
from course_utils.lab.timed_cases import Case
from course_utils.numpy_nn import stages


@dataclass(frozen=True)
class Config(speed_ladder.Config):
    """The sizes and probes of the ladder; seconds is the time spent on one size."""

    seconds: float = 12.0


QUICK = Config(
    small=(4, 1, 3, 5),
    batch=(5, 2, 3, 4),
    square=32,
    cached=256,
    memory=4096,
    seconds=0.05,
    least=3,
)


def run(config, progress=iter):
    """By size: milliseconds predicted and measured, and the ratios with their quartiles."""
    touched = numbers()
    with timing.one_thread():
        sizes = {
            n: climb(config, getattr(config, n), touched) for n in progress(("small", "batch"))
        }
    load = getattr(os, "getloadavg", lambda: (None,))()[0]
    return {"blas": timing.blas(), "load": load, "touched": touched} | sizes


def numbers(key="lstm"):
    """How many numbers of a unit the compiled loop reads and writes in a step, forward."""
    found = plan(key)
    loop = [b for b in found.forward if b.stage == "loop" and not b.empty]
    return {
        "read": sum(len(body.loads) for body in loop),
        "written": sum(len(body.stores) for body in loop),
        "kept": [value.name for value in found.kept],
    }


def climb(config, size, touched):
    """One size."""
    case = Case("lstm", size)
    arguments = (case.params, case.x, *np.zeros((2, size[1], size[3]), np.float32))
    times = timing.interleave(
        {
            "columns": lambda: stages.columns(*arguments),
            "compiled": case.fast_forward(),
            "readable_training": case.readable(),
            "compiled_training": case.fast(),
        }
        | speed_ladder.probes(config),
        seconds=config.seconds,
        least=config.least,
    )
    seconds = timing.medians(times)
    known = speed_ladder.machine(config, seconds)
    _, log = counting.counted(stages.columns, *arguments)
    before = speed_ladder.predicted(log, known)
    units = size[0] * size[1] * size[3]  # T B H
    moved = 4 * units * (touched["read"] + touched["written"])
    after = {
        "calls": 0.0,
        "products": before["products"],
        "elementwise": 1e-6 * (5 * units * known["tanh_ns"] + moved / known["elementwise_gb"]),
    }
    totals = sum(before.values()), sum(after.values())
    return {
        "machine": known,
        "columns": {"predicted": totals[0], "parts": before, "measured": 1e3 * seconds["columns"]},
        "compiled": {"predicted": totals[1], "parts": after, "measured": 1e3 * seconds["compiled"]},
        "predicted": totals[0] / totals[1],
        "forward": spread(times["columns"] / times["compiled"]),
        "training": spread(times["readable_training"] / times["compiled_training"]),
        "rounds": len(times["columns"]),
    }


def spread(ratios):
    """The median of ratios within a round, and the quartiles."""
    low, middle, high = np.percentile(ratios, [25, 50, 75]).tolist()
    return {"low": low, "median": middle, "high": high}
