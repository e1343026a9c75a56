"""Adding, with the input gate free and tied to the forget gate, from equal retentions.

A coupled cell that starts to keep r also starts to write only 1 - r, so two LSTMs stand beside it:
one with the same forget bias (its input gate half open) and one with the same bias *and* the input
gate's at its negative, which writes 1 - r as well.  A fourth net is a coupled one with about as
many weights as the LSTM.  50 CPU s for all.
"""

from dataclasses import dataclass
from functools import partial

import numpy as np

from course_utils.lab.net_families import Family
from course_utils.lab.seeds import over_seeds
from course_utils.lab.statistics import rate_interval
from course_utils.numpy_nn import many
from course_utils.tasks import Adding

KINDS = {  # cell, units, whether the input gate starts at minus the forget bias
    "free": ("lstm", 8, False),
    "both": ("lstm", 8, True),
    "coupled": ("lstm_coupled", 8, False),
    "coupled_same": ("lstm_coupled", 9, False),
}


@dataclass(frozen=True)
class Config:
    """Starts, training, and when a net counts as having learned to add."""

    kinds: tuple = tuple(KINDS)
    retention: float = 0.95
    length: int = 60
    batch: int = 32
    lr: float = 0.02
    updates: int = 800
    every: int = 100
    wrong: float = 0.02
    clip: float = 1.0
    nets: int = 24
    seeds: tuple = (0,)


QUICK = Config(kinds=("both", "coupled"), length=22, updates=80, every=40, nets=3)


def run(config, progress=iter):
    """By kind: how many nets learned it, after how many sequences, and their last mistakes."""
    results = {"of": config.nets * len(config.seeds), "budget": config.updates * config.batch}
    for kind in progress(config.kinds):
        rows = over_seeds(partial(one_family, config, kind), config.seeds, progress)
        after = np.array([n for row in rows for n in row["sequences"]])
        learned = int((after <= results["budget"]).sum())
        results[kind] = {
            "solved": learned,
            "range": rate_interval(learned, len(after)),
            "sequences": float(np.median(after)),
            "by_net": after.tolist(),
            "wrong_by_net": [w for row in rows for w in row["wrong"]],
            "weights": rows[0]["weights"],
        }
    return results


def one_family(config, kind, seed):
    """Train ``nets`` nets on sequences of their own -> when each first had few enough wrong (more
    than the budget: never), and the share wrong at the end."""
    key, hidden, both = KINDS[kind]
    bias = float(np.log(config.retention / (1 - config.retention)))
    biases = {"f": bias} | ({"i": -bias} if both else {})
    seeds = [(seed, k) for k in range(config.nets)]
    family = Family(key, 2, hidden, 1, seeds, lr=config.lr, biases=biases, clip=config.clip)
    task, rng = Adding(config.length), np.random.default_rng((seed, 1))
    test = task.sample(np.random.default_rng((seed, 2)), 400)
    workspace, never = many.Workspace(), (config.updates + 1) * config.batch
    after = np.full(config.nets, never)
    for k in range(1, config.updates + 1):
        x, target, _ = task.sample(rng, config.nets * config.batch)
        x = np.moveaxis(x.reshape(config.length, config.nets, config.batch, 2), 1, 0)
        answers, _ = family(x)
        errors = np.zeros_like(answers)
        errors[:, -1] = 2 * (answers[:, -1] - target.reshape(config.nets, config.batch, 1))
        family.learn(errors / config.batch)
        if k % config.every == 0:
            answers, _ = family(test.x, None, workspace)
            off = np.abs(answers[:, -1] - test.target) >= task.tolerance
            wrong = off.mean(axis=(1, 2))
            after = np.where((wrong <= config.wrong) & (after == never), k * config.batch, after)
    return {"sequences": after.tolist(), "wrong": wrong.tolist(), "weights": family.size}
