"""A rhythm kept, and a delay measured, by nets of two and four cells: with peepholes and without.

Gers, Schraudolph & Schmidhuber 2002, generating timed spikes (a spike every ``rhythm`` steps, no
input) and measuring spike delays (were the last two ``delay`` steps apart or one more?), on which
the paper itself reports that peepholes matter little.  Cells: ``lstm_peephole`` and ``lstm``.
Departures: the full gradient and Adam on short pieces; more than one cell; nets with and without
start from the same seeds and the same forget bias.  The rhythm is kept if on a stream four times
as long as the trained one every spike comes at its step and at no other; the delay is measured if
less than ``wrong`` of 2000 answers are wrong.  42 CPU s for all.
"""

from dataclasses import dataclass
from functools import partial

import numpy as np

from course_utils.lab.net_families import Family, falling, mean_errors
from course_utils.lab.seeds import over_seeds
from course_utils.lab.statistics import rate_interval
from course_utils.tasks.intervals import SpikeDelay, Spikes

KINDS = {"peepholes": "lstm_peephole", "none": "lstm"}


@dataclass(frozen=True)
class Config:
    """Sizes, the two tasks, training; ``nets`` of every kind, all trained together."""

    hidden: tuple = (2, 4)
    rhythm: int = 5
    delay: int = 10
    trained: int = 4
    tested: int = 16
    bias: float = 3.0  # of f
    lr: float = 0.01
    updates: int = 3000
    batch: int = 8  # of the delays
    measured: int = 1000  # updates of the delays
    wrong: float = 0.01
    nets: int = 32
    seeds: tuple = (0,)


QUICK = Config(hidden=(2,), updates=100, measured=1500, nets=6)


def run(config, progress=iter):
    """By task, kind and size: how many nets do it, with Wilson's interval."""
    results = {"of": config.nets * len(config.seeds), "rhythm": {}, "delay": {}}
    for kind in progress(tuple(KINDS)):
        for task, one in (("rhythm", one_rhythm), ("delay", one_delay)):
            results[task][kind] = {}
            for hidden in config.hidden:
                rows = over_seeds(partial(one, config, kind, hidden), config.seeds, progress)
                kept = [answer for row in rows for answer in row["right"]]
                results[task][kind][str(hidden)] = {
                    "right": int(np.sum(kept)),
                    "range": rate_interval(int(np.sum(kept)), len(kept)),
                    "weights": rows[0]["weights"],
                }
    return results


def make(config, kind, hidden, seed):
    """The untrained nets."""
    seeds = [(seed, k) for k in range(config.nets)]
    return Family(KINDS[kind], 1, hidden, 1, seeds, lr=config.lr, biases={"f": config.bias})


def one_rhythm(config, kind, hidden, seed):
    """Which nets spike at exactly the right steps of the long stream."""
    family, rng = make(config, kind, hidden, seed), np.random.default_rng(seed)
    x, target, _ = Spikes(config.rhythm, config.trained).sample(rng, 1)
    weight = np.where(target > 0.5, config.rhythm / 2, 1)  # spikes are rare
    for k in range(config.updates):
        answers, _ = family(x)
        family.learn(mean_errors(answers, target) * weight, falling(config.lr, k, config.updates))
    x, target, _ = Spikes(config.rhythm, config.tested).sample(rng, 1)
    answers, _ = family(x)
    right = ((answers > 0) == (target > 0.5)).all(axis=(1, 2, 3))
    return {"right": right.tolist(), "weights": family.size}


def one_delay(config, kind, hidden, seed):
    """Which nets tell a delay from one a step longer."""
    family, rng = make(config, kind, hidden, seed), np.random.default_rng((seed, 1))
    task = SpikeDelay(config.delay, config.trained)
    for k in range(config.measured):
        x, target, mask = task.sample(rng, config.batch)
        answers, _ = family(x)
        family.learn(mean_errors(answers, target, mask), falling(config.lr, k, config.measured))
    x, target, mask = task.sample(np.random.default_rng((seed, 2)), 500)
    answers, _ = family(x)
    wrong = (((answers > 0) != (target > 0.5))[..., 0] & mask).sum(axis=(1, 2)) / mask.sum()
    return {"right": (wrong < config.wrong).tolist(), "weights": family.size}
