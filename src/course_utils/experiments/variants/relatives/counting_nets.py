"""Counting: aⁿbⁿ learned for small n, then asked for larger n, by LSTM, coupled LSTM and GRU.

Gers & Schmidhuber 2001 taught the language to an LSTM; Weiss, Goldberg & Yahav 2018 give the
reason why a GRU cannot count on: its state is a convex combination of values in (-1, 1), so that
a count has to be squeezed between -1 and 1.  Departures: only the certain steps are asked; all
strings of the training range in every update; Adam.  ``reach`` is the largest n up to which every
string, from n = 1 on, is predicted without a mistake.  33 CPU s for all.
"""

from dataclasses import dataclass
from functools import partial

import numpy as np

from course_utils import numpy_nn
from course_utils.lab.net_families import Family, falling, mean_errors
from course_utils.lab.numpy_models import layer_of
from course_utils.lab.seeds import over_seeds
from course_utils.lab.statistics import median_interval, rate_interval
from course_utils.numpy_nn import many
from course_utils.tasks.counts import AnBn


@dataclass(frozen=True)
class Config:
    """Cells and units, for about as many weights; range and test; equal retention at the start."""

    cells: tuple = (
        ("lstm", 4), ("lstm_coupled", 5), ("gru", 5), ("gru_2014", 5),
    )  # fmt: skip
    retention: float = 0.9
    high: int = 16
    asked: int = 160
    lr: float = 0.02
    updates: int = 1500
    nets: int = 32
    seeds: tuple = (0,)


QUICK = Config(cells=(("lstm", 4), ("gru", 5)), high=4, asked=8, updates=300, nets=6)


def run(config, progress=iter):
    """By cell: how many nets learned the training range, and how far they count."""
    results = {"of": config.nets * len(config.seeds), "high": config.high, "asked": config.asked}
    for key, hidden in progress(config.cells):
        rows = over_seeds(partial(one_family, config, key, hidden), config.seeds, progress)
        reach = np.array([n for row in rows for n in row["reach"]])
        learned, beyond = int((reach >= config.high).sum()), int((reach >= 2 * config.high).sum())
        results[key] = {
            "learned": learned,
            "twice": beyond,
            "twice_range": rate_interval(beyond, len(reach)),
            "reach": float(np.median(reach)),
            "reach_range": median_interval(reach),
            "furthest": int(reach.max()),
            "reach_by_net": reach.tolist(),
            "weights": rows[0]["weights"],
            "trace": rows[0]["trace"],
        }
    return results


def one_family(config, key, hidden, seed):
    """Train ``nets`` nets on all strings up to ``high``: how far each counts, what one holds."""
    seeds = [(seed, k) for k in range(config.nets)]
    family = Family(key, 3, hidden, 1, seeds, lr=config.lr, retention=config.retention)
    x, target, mask = AnBn.strings(np.arange(1, config.high + 1))
    for k in range(config.updates):
        answers, _ = family(x)
        errors = mean_errors(answers, target[..., None], mask)
        family.learn(errors, falling(config.lr, k, config.updates))
    reach = np.array(reaches(family, config.asked))
    return {
        "reach": reach.tolist(), "weights": family.size, "trace": trace(family, int(reach.argmax()))
    }  # fmt: skip


def reaches(family, asked):
    """For every net the largest n with no mistake in any string from 1 to n."""
    fine = []
    for low in range(1, asked + 1, 20):
        x, target, mask = AnBn.strings(np.arange(low, min(low + 20, asked + 1)))
        answers, _ = family(x)
        wrong = ((answers[..., 0] > 0) != target) & mask
        fine.append(~wrong.any(axis=1))  # (K, n)
    fine = np.concatenate(fine, axis=1)
    return np.where(fine.all(axis=1), asked, fine.argmin(axis=1)).tolist()


def trace(family, net, n=40):
    """What the units of one net hold while it reads n a and n b: the cell state, or h without."""
    params = layer_of(many.pick(family.params, net))
    x = AnBn.strings([n]).x.astype(np.float32)
    y, last, tape = numpy_nn.unroll(family.key, params, x)
    if "c" in family.spec.states:
        held = [cache.c_prev[0] for cache in tape.caches[1:]] + [last.c[0]]
    else:
        held = y[:, 0]
    return np.array(held, float).T.round(3).tolist()
