"""How a training step's time grows with T, B and H, by way of computing it; and a formula for it.

Seconds = a T + b T B H + c F: calls, which cost the same whatever they do; work on every unit; and
the operations F of the products.  The three numbers are fitted, the relative errors counted.
"""

from dataclasses import dataclass

import numpy as np

from course_utils import timing
from course_utils.lab.timed_cases import LAYER, Case, floor


@dataclass(frozen=True)
class Config:
    """All combinations; D = H.  seconds is the time spent on one of them."""

    key: str = "lstm"
    steps: tuple = (8, 32, 128)
    batches: tuple = (1, 4, 16, 64)
    widths: tuple = (16, 32, 64, 128, 256)
    seconds: float = 0.8
    least: int = 5


QUICK = Config(steps=(4, 16), batches=(1, 8), widths=(8, 32), seconds=0.05, least=3)
WAYS = ("readable", "fast", "torch")


def run(config, progress=iter):
    """seconds[way][step][batch][width], the same for the floor, and the fits."""
    grid = [(T, B, H) for T in config.steps for B in config.batches for H in config.widths]
    with timing.one_thread():
        rows = [time_point(config, *point) for point in progress(grid)]
    flops = np.array([Case(config.key, (T, B, H, H)).flops for T, B, H in grid], float)
    shape = (len(config.steps), len(config.batches), len(config.widths))
    seconds = {
        name: np.array([row[name] for row in rows]).reshape(shape) for name in (*WAYS, "floor")
    }
    ahead = seconds["torch"] / seconds["fast"]
    return {
        "layer": LAYER,
        "steps": list(config.steps),
        "batches": list(config.batches),
        "widths": list(config.widths),
        "seconds": {name: rounded(values) for name, values in seconds.items()},
        "fit": {name: fit(grid, flops, seconds[name].ravel()) for name in WAYS},
        "torch_over_fast": rounded(ahead),
        "ahead": int((ahead > 1).sum()),
        "readable_over_fast_most": float((seconds["readable"] / seconds["fast"]).max()),
        "readable_over_fast_least": float((seconds["readable"] / seconds["fast"]).min()),
        "of": len(grid),
    }


def time_point(config, T, B, H):
    """Median seconds of every way at one point."""
    case = Case(config.key, (T, B, H, H))
    work = {"readable": case.readable(), "fast": case.fast(), "torch": case.torch()}
    times = timing.interleave(work | case.products(), seconds=config.seconds, least=config.least)
    medians = timing.medians(times)
    return medians | {"floor": floor(medians)}


def fit(grid, flops, seconds):
    """The three numbers, none negative, that make relative errors smallest; and those errors."""
    T, B, H = np.array(grid, float).T
    terms = np.stack([T, T * B * H, flops], axis=1) / seconds[:, None]
    chosen, numbers = list(range(3)), np.zeros(3)
    while True:  # non-negative least squares: leave out what comes out negative
        solution, *_ = np.linalg.lstsq(terms[:, chosen], np.ones(len(seconds)), rcond=None)
        if (solution >= 0).all():
            break
        chosen.remove(chosen[int(np.argmin(solution))])
    numbers[chosen] = solution
    error = np.abs(terms @ numbers - 1)
    return {
        "step_us": 1e6 * float(numbers[0]),
        "unit_ns": 1e9 * float(numbers[1]),
        "gflops": 1e-9 / float(numbers[2]) if numbers[2] else None,
        "median_error": float(np.median(error)),
        "worst_error": float(error.max()),
    }


def rounded(values):
    """Four digits of every number, as nested lists."""
    return np.vectorize(lambda v: float(f"{v:.4g}"))(values).tolist()
