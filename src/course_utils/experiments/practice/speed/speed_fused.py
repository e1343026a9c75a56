"""What fusing brings: the last rung of the ladder in NumPy against the layer that is compiled.

Predicted from the machine's numbers as in ``speed_ladder``: the compiled layer makes the same
products, no calls between them, and touches each number of a step once.  Measured forward at two
lengths, which tell the price of a time step from what a call costs once; and a whole training step
against the readable cells.  Quartiles stand beside each ratio: they say how quiet the machine was.
"""

import os
from dataclasses import dataclass

import numpy as np

from course_utils import counting, timing
from course_utils.compiled.plan import plan
from course_utils.lab import prices
from course_utils.lab.timed_cases import Case
from course_utils.numpy_nn import stages


@dataclass(frozen=True)
class Config:
    """Sizes are T, B, D, H; seconds is the time spent on one; the probes as in ``lab.prices``."""

    small: tuple = (25, 1, 64, 100)
    batch: tuple = (35, 32, 256, 256)
    longer: int = 4
    square: int = 768
    cached: int = 32_768
    memory: int = 2**25
    seconds: float = 15.0
    least: int = 7


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
    """One size, and for the price of a time step another ``longer`` times as long."""
    short, long = Case("lstm", size), Case("lstm", (config.longer * size[0], *size[1:]))
    zeros = np.zeros((2, size[1], size[3]), np.float32)
    times = timing.interleave(
        {
            "columns": lambda: stages.columns(short.params, short.x, *zeros),
            "columns_long": lambda: stages.columns(long.params, long.x, *zeros),
            "compiled": short.fast_forward(),
            "compiled_long": long.fast_forward(),
            "readable_training": short.readable(),
            "compiled_training": short.fast(),
        }
        | prices.probes(config),
        seconds=config.seconds,
        least=config.least,
    )
    known = prices.machine(config, timing.medians(times))
    _, log = counting.counted(stages.columns, short.params, short.x, *zeros)
    before = prices.predicted(log, known)
    units = size[0] * size[1] * size[3]  # T B H
    moved = 4 * units * (touched["read"] + touched["written"])
    after = {
        "calls": 0.0,
        "products": before["products"],
        "elementwise": 1e-6 * (5 * units * known["tanh_ns"] + moved / known["elementwise_gb"]),
    }
    step = {
        name: (times[f"{name}_long"] - times[name]) / ((config.longer - 1) * size[0])
        for name in ("columns", "compiled")
    }
    return {
        "machine": known,
        "columns": {"parts": before} | price(times["columns"], step["columns"], size[0]),
        "compiled": {"parts": after} | price(times["compiled"], step["compiled"], size[0]),
        "predicted": sum(before.values()) / sum(after.values()),
        "step": spread(step["columns"] / step["compiled"]),
        "forward": spread(times["columns"] / times["compiled"]),
        "training": spread(times["readable_training"] / times["compiled_training"]),
        "rounds": len(times["columns"]),
    }


def price(seconds, step, T):
    """Microseconds of a call of T steps, of a time step, and of what a call costs once."""
    return {
        "call_us": 1e6 * float(np.median(seconds)),
        "step_us": 1e6 * float(np.median(step)),
        "once_us": 1e6 * float(np.median(seconds - T * step)),
    }


def spread(ratios):
    """The median of ratios within a round, and the quartiles."""
    low, middle, high = np.percentile(ratios, [25, 50, 75]).tolist()
    return {"low": low, "median": middle, "high": high}
