"""Digits written backwards: accuracy by length, from one fixed vector and with attention.

Trained on strings of 1 to 8 digits, asked for 1 to 16.  "fixed" and "wide" hand on the encoder's
last state alone, "wide" with more weights than "attention" has.  About 7 CPU seconds a seed.
"""

from dataclasses import dataclass
from functools import partial

import numpy as np

from course_utils.lab.seeds import over_seeds
from course_utils.lab.statistics import median
from course_utils.lab.translators import exact, trained, weights, written
from course_utils.numpy_nn.seq2seq import Seq2Seq
from course_utils.tasks import DigitStrings


@dataclass(frozen=True)
class Config:
    """Sizes of the two networks, what they learn from and what they are asked."""

    key: str = "lstm"
    hidden: int = 32
    wide: int = 48
    longest: int = 8
    asked: int = 16
    strings: int = 100
    updates: int = 300
    batch: int = 32
    lr: float = 0.01
    seeds: tuple = tuple(range(20))


QUICK = Config(hidden=16, wide=20, longest=3, asked=4, strings=40, updates=60, seeds=(0,))
WAYS = ("fixed", "wide", "attention")


def run(config, progress=iter):
    """By way and length: the share of strings right to the last digit, median and seeds."""
    rows = over_seeds(partial(run_seed, config), config.seeds, progress)
    results = {"of": len(config.seeds), "lengths": list(range(1, config.asked + 1))}
    for way in WAYS:
        by_seed = [row[way]["right"] for row in rows]  # (seeds, lengths)
        results[way] = {
            "weights": rows[0][way]["weights"],
            "right": [median(column) for column in zip(*by_seed, strict=True)],
            "by_seed": by_seed,
            "longest": [row[config.longest - 1] for row in by_seed],
            "twice": [row[-1] for row in by_seed],
        }
        for name in ("longest", "twice"):
            results[way][f"{name}_median"] = median(results[way][name])
    return results


def run_seed(config, seed):
    """Three networks, each with its weights and the share of right strings by length."""
    task = DigitStrings(1, config.longest)
    symbols = task.alphabet.size
    found = {}
    for way in WAYS:
        hidden = config.wide if way == "wide" else config.hidden
        score = "additive" if way == "attention" else None
        model = Seq2Seq(symbols, symbols, key=config.key, hidden=hidden, score=score)
        params, _ = trained(
            model, task, seed, updates=config.updates, batch=config.batch, lr=config.lr
        )
        right = []
        for length in range(1, config.asked + 1):
            rng = np.random.default_rng((seed, length))
            x, target, _ = DigitStrings(length, length).sample(rng, config.strings)
            right.append(float(exact(written(model, params, x, length + 3), target).mean()))
        found[way] = {"weights": weights(params), "right": right}
    return found
