"""Temporal order at a hundred steps with the cell of 1997, beside the paper's table.

Hochreiter & Schmidhuber 1997, experiment 6a, table 9, and a plain RNN of about as many weights.
Departures: the task's own (see ``tasks.order``), Adam on the full gradient in batches, one cell a
block, input gates that all start at ``input_bias``.
"""

from dataclasses import dataclass
from functools import partial

import numpy as np

from course_utils.lab.numpy_models import Net, numpy_step
from course_utils.lab.seeds import over_seeds
from course_utils.lab.solving import train_until_solved
from course_utils.numpy_nn import losses
from course_utils.tasks import TemporalOrder


@dataclass(frozen=True)
class Config:
    """Length, networks as (name, units), training; wrong: the share at which it stops."""

    length: int = 100
    nets: tuple = (("lstm_1997", 4), ("rnn", 8))
    input_bias: float = -2.0
    batch: int = 20
    lr: float = 0.02
    updates: int = 4000
    every: int = 100
    wrong: float = 0.001
    seeds: tuple = tuple(range(20))


QUICK = Config(length=20, nets=(("lstm_1997", 4),), updates=2000, wrong=0.02, seeds=(0,))


def run(config, progress=iter):
    """By network: seeds that solved it, sequences it took, wrong of 2560 other sequences."""
    results = {"of": len(config.seeds)}
    for key, units in progress(config.nets):
        rows = over_seeds(partial(run_seed, config, key, units), config.seeds, progress)
        took = [row["sequences"] for row in rows if row["solved"]]
        results[key] = {
            "solved": len(took),
            "sequences": float(np.mean(took)) if took else None,
            "by_seed": [row["sequences"] if row["solved"] else None for row in rows],
            "wrong": [row["wrong"] for row in rows],
            "accuracy": float(np.median([1 - row["wrong"] / 2560 for row in rows])),
            "weights": rows[0]["weights"],
        }
    return results


def run_seed(config, key, units, seed):
    """Train one network until it is right often enough, or time is up."""
    task, rng = TemporalOrder(config.length), np.random.default_rng((seed, 1))
    biases = {"i": config.input_bias} if key == "lstm_1997" else None
    net = Net(key, 6, units, 4, seed, lr=config.lr, last=True, biases=biases)
    tests = [task.sample(np.random.default_rng((seed, k)), 2560) for k in (2, 3)]

    def wrong(batch):
        return float((net(batch.x.astype(np.float32))[0].argmax(-1) != batch.target).mean())

    step = numpy_step(net, lambda: task.sample(rng, config.batch), losses.cross_entropy)
    outcome = train_until_solved(config, step, lambda: wrong(tests[0]))
    return outcome | {"wrong": round(2560 * wrong(tests[1])), "weights": net.size}
