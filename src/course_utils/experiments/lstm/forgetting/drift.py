"""Internal state drift: the cell state that is only ever added to, and the bias that counters it.

First without training: cells of 1997 on random input, how far the cell state has drifted after
many steps and what slope of tanh is left there.  Then trained on the adding problem.  The input
gates start at different biases; a strongly negative one is the remedy of Hochreiter & Schmidhuber
1997, section 4.
"""

from dataclasses import dataclass
from functools import partial

import numpy as np

from course_utils import numpy_nn
from course_utils.lab.numpy_models import Net, numpy_step
from course_utils.lab.seeds import over_seeds
from course_utils.lab.solving import train_until_solved
from course_utils.lab.statistics import median
from course_utils.numpy_nn import losses
from course_utils.numpy_nn.init import set_gate_bias
from course_utils.specs import get_spec
from course_utils.tasks import Adding


@dataclass(frozen=True)
class Config:
    """Biases of the input gates; the untrained cells; training on the adding problem."""

    biases: tuple = (0.0, -2.0, -4.0, -6.0)
    steps: int = 1000
    units: int = 32
    nets: int = 20
    length: int = 100
    hidden: int = 4
    batch: int = 32
    lr: float = 0.01
    updates: int = 1250
    every: int = 100
    wrong: float = 0.01
    seeds: tuple = tuple(range(20))


QUICK = Config(biases=(0.0, -4.0), steps=300, nets=3, length=50, updates=1200, seeds=(0,))


def run(config, progress=iter):
    """By bias: |c| and slope over time untrained, and how many seeds learned to add."""
    at = np.unique(np.geomspace(1, config.steps, 40).astype(int))
    results = {"of": len(config.seeds), "at": at.tolist()}
    for bias in progress(config.biases):
        size, slope = untrained(config, bias)
        rows = over_seeds(partial(run_seed, config, bias), config.seeds, progress)
        took = [row["sequences"] for row in rows if row["solved"]]
        results[f"{bias:g}"] = {
            "size": size[at - 1].tolist(),
            "slope": slope[at - 1].tolist(),
            "size_end": float(size[-1]),
            "slope_end": float(slope[-1]),
            "solved": len(took),
            "sequences": median(took),
            "wrong": median(rows, "wrong"),
        }
    return results


def untrained(config, bias):
    """Root mean square of c, and mean slope 1 - tanh(c)², by step, over all cells."""
    cells = []
    for seed in range(config.nets):
        rng = np.random.default_rng((seed, 5))
        params = numpy_nn.init_params("lstm_1997", 2, config.units, rng)
        set_gate_bias(get_spec("lstm_1997"), params, "i", bias)
        x = rng.uniform(-1, 1, (config.steps, 1, 2))
        _, last, tape = numpy_nn.unroll("lstm_1997", params, x)
        cells.append([cache.c_prev[0] for cache in tape.caches[1:]] + [last.c[0]])
    c = np.array(cells)  # (nets, steps, units)
    return np.sqrt((c**2).mean(axis=(0, 2))), (1 - np.tanh(c) ** 2).mean(axis=(0, 2))


def run_seed(config, bias, seed):
    """Train one network on the adding problem until it is right often enough, or time is up."""
    task, rng = Adding(config.length), np.random.default_rng((seed, 1))
    net = Net(
        "lstm_1997", 2, config.hidden, 1, seed, lr=config.lr, last=True, biases={"i": bias}
    )
    test = task.sample(np.random.default_rng((seed, 2)), 1000)
    step = numpy_step(net, lambda: task.sample(rng, config.batch), losses.mse)
    return train_until_solved(
        config, step, lambda: task.wrong(net(test.x.astype(np.float32))[0], test.target)
    )
