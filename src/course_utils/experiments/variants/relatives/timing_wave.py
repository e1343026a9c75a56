"""One cell that draws a wave of ten steps with no input: with peepholes, and with none.

Gers, Schraudolph & Schmidhuber 2002, periodic function generation, with the paper's own net: one
cell, 17 weights, neither candidate nor cell state squashed.  Departures: the full gradient and
Adam on four periods at a time, in place of the truncated gradient online; waves between -1 and 1;
of a net without peepholes the three weights stay zero.  A net counts as stable if it draws ten
times as many periods as it was trained on, from an empty state, with a root-mean-square error
below ``stable``, and as exact if no single step is off by as much; one whose numbers overflow is
neither.  65 CPU s for all.
"""

from dataclasses import dataclass
from functools import partial

import numpy as np

from course_utils.lab.net_families import Family, falling
from course_utils.lab.seeds import over_seeds
from course_utils.lab.statistics import rate_interval
from course_utils.numpy_nn import many
from course_utils.tasks.intervals import Wave

PEEPHOLES = ("weight_ci", "weight_cf", "weight_co")


@dataclass(frozen=True)
class Config:
    """Biases and spread of the start, training, the test; ``nets`` in all, ``together`` at once."""

    shapes: tuple = ("cosine", "triangle", "rectangle")
    period: int = 10
    trained: int = 4
    tested: int = 40
    spread: float = 0.3
    biases: tuple = (("i", 0.0), ("f", -2.0), ("o", 2.0))
    lr: float = 0.01
    updates: int = 5000
    stable: float = 0.3
    nets: int = 32
    seeds: tuple = (0,)  # each draws ``nets`` nets


QUICK = Config(shapes=("cosine",), updates=900, nets=8)


def run(config, progress=iter):
    """By kind of net and shape: how many nets are stable and exact, and their errors."""
    kinds = {"peepholes": (), "none": PEEPHOLES}
    results = {"of": config.nets * len(config.seeds)}
    for kind in progress(tuple(kinds)):
        results[kind] = {}
        for shape in config.shapes:
            one = partial(one_family, config, kinds[kind], shape)
            rows = over_seeds(one, config.seeds, progress)
            results[kind][shape] = table(config, rows)
            results[kind]["weights"] = rows[0]["weights"]
    return results


def table(config, rows):
    """Counts and Wilson's intervals of what one family of nets does."""
    rms, worst = (np.concatenate([row[name] for row in rows]) for name in ("rms", "worst"))
    stable, exact = int((rms < config.stable).sum()), int((worst < config.stable).sum())
    return {
        "stable": stable,
        "stable_range": rate_interval(stable, len(rms)),
        "exact": exact,
        "exact_range": rate_interval(exact, len(rms)),
        "rms_by_net": rms.astype(float).round(4).tolist(),
        "drawn": rows[0]["drawn"],
    }


def one_family(config, frozen, shape, seed):
    """Train ``nets`` nets on one wave: their errors on the long one, and what the best draws."""
    seeds = [(seed, k) for k in range(config.nets)]
    family = Family("lstm_gers2002", 1, 1, 1, seeds, lr=config.lr, spread=config.spread,
                    biases=dict(config.biases), frozen=frozen)  # fmt: skip
    for name in frozen:
        family.params[name][...] = 0
    rng = np.random.default_rng(seed)
    x, target, _ = Wave(shape, config.period, config.trained).sample(rng, 1)
    with np.errstate(over="ignore", invalid="ignore"):
        for k in range(config.updates):
            answers, _ = family(x)
            _, danswers = many.mses(answers, target)
            family.learn(danswers / 2, falling(config.lr, k, config.updates))
        x, target, _ = Wave(shape, config.period, config.tested).sample(rng, 1)
        answers, _ = family(x)
        error = np.nan_to_num(np.abs(answers - target)[:, :, 0, 0], nan=99.0, posinf=99.0)
        error = np.minimum(error, 99.0)
    rms = np.sqrt((error**2).mean(axis=1))
    end = answers[rms.argmin(), -2 * config.period :, 0, 0]
    return {
        "rms": rms.tolist(),
        "worst": error.max(axis=1).tolist(),
        "weights": family.size,
        "drawn": np.nan_to_num(end.astype(float)).round(4).tolist(),
    }
