"""Embedded Reber strings in an endless stream, by cell: who forgets in time, from equal starts.

The stream of Gers, Schmidhuber & Cummins 2000, as in the chapter on forgetting, with many nets of
each cell side by side, every cell started with the same retention.  A net is perfect if it makes no
mistake on ``streams`` new streams of ``symbols`` symbols, after ``warm_up`` symbols that are not
counted; ``first`` is the mean number of symbols to the first mistake.  36 CPU s a seed.
"""

from dataclasses import dataclass
from functools import partial

import numpy as np

from course_utils.lab.net_families import Family, falling
from course_utils.lab.seeds import over_seeds
from course_utils.lab.statistics import median_interval, rate_interval
from course_utils.numpy_nn import many
from course_utils.tasks import reber


@dataclass(frozen=True)
class Config:
    """Cells and their sizes, training in updates of batch × chunk symbols, and the test."""

    cells: tuple = (("lstm", 8), ("lstm_coupled", 8), ("gru", 8))
    retention: float = 0.73  # a forget bias of 1
    batch: int = 8
    chunk: int = 40
    updates: int = 2000
    lr: float = 0.01
    streams: int = 5
    symbols: int = 10_000
    warm_up: int = 50
    nets: int = 16
    seeds: tuple = (0, 1, 2)


QUICK = Config(cells=(("lstm", 8),), updates=700, streams=2, symbols=400, nets=3)


def run(config, progress=iter):
    """By cell: how many nets are perfect, and how far they come."""
    results = {"of": config.nets * len(config.seeds), "symbols": config.symbols,
               "trained_on": config.updates * config.batch * config.chunk}  # fmt: skip
    for key, hidden in progress(config.cells):
        rows = over_seeds(partial(one_family, config, key, hidden), config.seeds, progress)
        first = np.array([n for row in rows for n in row["first"]])
        perfect = int((first >= config.symbols).sum())
        results[key] = {
            "perfect": perfect,
            "perfect_range": rate_interval(perfect, len(first)),
            "first": float(np.median(first)),
            "first_range": median_interval(first),
            "first_by_net": first.tolist(),
            "outer_by_net": [x for row in rows for x in row["outer"]],
            "weights": rows[0]["weights"],
        }
    return results


def one_family(config, key, hidden, seed):
    """Train ``nets`` nets, each on streams of its own, and test all on the same."""
    seeds = [(seed, k) for k in range(config.nets)]
    family = Family(key, 7, hidden, 7, seeds, lr=config.lr,
                    retention=config.retention)  # fmt: skip
    train(config, family, np.random.default_rng((seed, 1)))
    return test(config, family) | {"weights": family.size}


def train(config, family, rng):
    """In chunks; the state goes on from chunk to chunk and is never reset."""
    eye, state = np.eye(7, dtype=np.float32), None
    source = reber.steps(rng, config.nets * config.batch)
    symbols = np.empty((config.chunk + 1, config.nets * config.batch), int)
    symbols[-1], _ = next(source)
    for k in range(config.updates):
        symbols[0] = symbols[-1]
        for t in range(config.chunk):
            symbols[t + 1], _ = next(source)
        ids = symbols.reshape(-1, config.nets, config.batch).swapaxes(0, 1)  # (K, T, B)
        scores, state = family(eye[ids[:, :-1]], state)
        _, dscores = many.cross_entropies(scores, np.ascontiguousarray(ids[:, 1:]))
        family.learn(dscores, falling(config.lr, k, config.updates))


def test(config, family, chunk=500):
    """Symbols to the first mistake, a mean over streams, and the share of outer symbols right."""
    steps = config.warm_up + config.symbols
    symbols = reber.walk(np.random.default_rng(7000), steps, config.streams)
    x = np.eye(7, dtype=np.float32)[symbols]
    states = reber.states(x)
    first = np.full((config.nets, config.streams), config.symbols)
    good = asked = 0
    state, workspace = None, many.Workspace()
    for now in range(0, steps, chunk):
        part = slice(now, now + chunk)
        scores, state = family(x[part], state, workspace)
        fine = reber.right(scores, states[part])  # (K, T, B)
        outer = reber.outer(states[part])
        good, asked = good + (fine & outer).sum(axis=(1, 2)), asked + outer.sum()
        counted = now + np.arange(fine.shape[1]) >= config.warm_up
        wrong = ~fine & counted[:, None]
        at = now + wrong.argmax(axis=1) - config.warm_up
        first = np.where(wrong.any(axis=1), np.minimum(first, at), first)
    return {"first": first.mean(axis=1).tolist(), "outer": (good / asked).tolist()}
