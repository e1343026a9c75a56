"""What a clockwork step costs: multiplications counted, and the time of code that leaves them out.

Against a plain layer of as many units; one sequence, so that a step is a product of a matrix and a
vector.  Times are medians of passes in turn, and belong to the machine.  A few seconds.
"""

from dataclasses import dataclass
from time import perf_counter

import numpy as np

from course_utils import numpy_nn
from course_utils.counting import counted
from course_utils.lab import clocks


@dataclass(frozen=True)
class Config:
    """How many modules, each twice as slow as the one before; units of one; time steps; passes."""

    modules: tuple = (1, 2, 4, 8)
    size: int = 128
    inputs: int = 16
    steps: int = 256  # whole turns of all clocks
    passes: int = 15


QUICK = Config(modules=(1, 4), size=16, inputs=4, steps=16, passes=3)


def run(config, progress=iter):
    """By number of modules: shares of a plain layer's multiplications and of its time."""
    results = {"modules": list(config.modules), "counted": [], "formula": [], "time": []}
    for g in progress(config.modules):
        periods = tuple(2**k for k in range(g))
        H = g * config.size
        params = numpy_nn.init_params(
            "clockwork", config.inputs, H, np.random.default_rng(g), config={"periods": periods}
        )
        x = np.random.default_rng(0).standard_normal((config.steps, 1, config.inputs))
        plain = H * (H + config.inputs)
        _, log = counted(clocks.unroll, params, x, periods)
        results["counted"].append(log.flops / (2 * config.steps * plain))
        mean = clocks.mean_multiplications(periods, config.size, config.inputs)
        results["formula"].append(mean / plain)
        results["time"].append(time_share(config, params, x, periods))
    return results


def time_share(config, params, x, periods):
    """Median time of the clockwork pass over that of a plain one of as many units."""
    times = {"clockwork": [], "plain": []}
    for _ in range(config.passes):
        for name in times:
            start = perf_counter()
            if name == "clockwork":
                clocks.unroll(params, x, periods)
            else:
                plain(params, x)
            times[name].append(perf_counter() - start)
    return float(np.median(times["clockwork"]) / np.median(times["plain"]))


def plain(params, x):
    """The same loop over a layer without clocks: x (T, B, D) -> y (T, B, H)."""
    W_x, W_h = params["weight_ih"], params["weight_hh"]
    b = params["bias_ih"] + params["bias_hh"]
    h, outputs = np.zeros((x.shape[1], len(W_h)), x.dtype), []
    for x_t in x:
        h = np.tanh(x_t @ W_x.T + h @ W_h.T + b)
        outputs.append(h)
    return np.stack(outputs)
