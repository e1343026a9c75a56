"""The abuse problem: memory cells that are taken for something else, and what frees them.

Hochreiter & Schmidhuber 1997, section 4: early in training the error can be reduced without storing
anything, and cells are used as biases.  The task makes that worth while.  At every step the answer
is 1; after the last step it is 1 plus a sign, -1 or 1, that the first step showed, with other signs
in between.  The readout has no bias of its own, so only cells can supply the constant.

Starts, each with input gates at ``input_bias``: "offered", the control, has a bias in its readout;
"open" has not; "shut" is "open" with the paper's remedy, output gates at -1, -2, -3, …; "inputs" is
"open" with input gates at ``input_shut``, the paper's remedy against drift; "offered_shut" is what
the remedy costs where nobody is tempted.  Each by plain gradient descent, as in the paper, and by
Adam.  Departures: the task is ours; the gradient is full, in batches, clipped.  Sizes, rates and
input_bias were chosen on "offered" and "open" alone, with other seeds, so that "offered" learns.
After a first recording two things were added, and tried on other seeds before: "offered_shut", and
"faster", descent at twice the rate, where a bias of the readout's own would oscillate.
"""

from dataclasses import dataclass
from functools import partial

import numpy as np

from course_utils.lab.numpy_models import Net, growing, numpy_step
from course_utils.lab.seeds import over_seeds
from course_utils.lab.solving import train_until_solved
from course_utils.lab.statistics import median
from course_utils.numpy_nn import losses, optim
from course_utils.tasks import Batch

WAYS = {  # how to train: optimiser, learning rate
    "descent": (optim.SGD, 0.5),
    "faster": (optim.SGD, 1.0),
    "adam": (optim.Adam, 0.01),
}
ALL = ("offered", "offered_shut", "open", "shut", "inputs")


@dataclass(frozen=True)
class Config:
    """Ways to train and their starts; task, network; wrong: share of answers off by 1/2 at which
    training stops."""

    cases: tuple = (("descent", ALL), ("faster", ALL[2:]), ("adam", ALL))
    length: int = 20
    cells: int = 4
    input_bias: float = -2.0
    input_shut: float = -4.0
    batch: int = 16
    updates: int = 6000
    every: int = 50
    wrong: float = 0.01
    seeds: tuple = tuple(range(30))


QUICK = Config(cases=(("descent", ("offered", "open")),), updates=2000, seeds=(0, 1))


def run(config, progress=iter):
    """By way and start: seeds that learned the sign, updates, and what the cells were doing.

    updates counts a seed that did not learn with all its updates.
    """
    results = {"of": len(config.seeds), "cells": config.cells, "budget": config.updates}
    cases = [(how, start) for how, starts in config.cases for start in starts]
    for how, start in progress(cases):
        rows = over_seeds(partial(run_seed, config, how, start), config.seeds, progress)
        results.setdefault(how, {})[start] = {
            "solved": sum(row["solved"] for row in rows),
            "updates": median(rows, "updates"),
            "by_seed": [row["updates"] if row["solved"] else None for row in rows],
            "taken": median(rows, "taken"),
            "taken_by_seed": [row["taken"] for row in rows],
            "slope": median(rows, "slope"),
            "constant_after": median(rows, "constant_after"),
            "shares": np.median([row["shares"] for row in rows], axis=0).round(3).tolist(),
        }
    return results


def sample(config, rng, n):
    """x (T, n, 3): a sign, 1 at the first step, 1 at the last; target (T, n, 1)."""
    T = config.length
    x = np.zeros((T, n, 3))
    x[..., 0] = rng.choice([-1.0, 1.0], (T, n))
    x[0, :, 1] = x[-1, :, 2] = 1
    target = np.ones((T, n, 1))
    target[-1, :, 0] += x[0, :, 0]
    return Batch(x, target)


def run_seed(config, how, start, seed):
    """Train one network until it has learned the sign, or time is up; when it has learned the
    constant (mean error below a tenth), look what its cells do."""
    optimiser, lr = WAYS[how]
    biases = {"i": config.input_shut if start == "inputs" else config.input_bias}
    if start.endswith("shut"):
        biases["o"] = growing(-1.0, config.cells)
    net = Net("lstm_1997", 3, config.cells, 1, seed, lr=lr, biases=biases, optimiser=optimiser,
                  frozen=() if start.startswith("offered") else ("out_bias",))  # fmt: skip
    rng = np.random.default_rng((seed, 1))
    x, target, _ = sample(config, np.random.default_rng((seed, 2)), 1000)
    x, seen, checks = x.astype(np.float32), {}, []

    def wrong():
        answers, last = net(x)
        off = np.abs(answers - target)
        checks.append(off[:-1].mean())
        if not seen and checks[-1] < 0.1:
            seen.update(doing(net, last), constant_after=len(checks) * config.every)
        return float((off[-1] >= 0.5).mean())

    step = numpy_step(net, lambda: sample(config, rng, config.batch), losses.mse)
    outcome = train_until_solved(config, step, wrong)
    if not seen:
        raise RuntimeError(f"{how}, {start}, seed {seed}: the constant was never learned")
    return seen | {"solved": outcome["solved"], "updates": outcome["sequences"] // config.batch}


def doing(net, last):
    """What the cells do on the last call's batch: the constant's share from each, and the state of
    their cell states at the question; taken: cells whose tanh has below a tenth of its slope."""
    slope = (1 - np.tanh(last.c) ** 2).mean(axis=0)  # (H,)
    return {
        "shares": (net.params["out_weight"][0] * net.y[:-1].mean(axis=(0, 1))).tolist(),
        "taken": int((slope < 0.1).sum()),
        "slope": float(slope.mean()),
    }
