"""Teacher forcing without the shift: the decoder is shown the very token that it is asked for.

"late": y_{t-1} is read where y_t is asked, as it should be; "now": y_t itself.  Digits backwards,
strings of 1 to 4.  About 3 CPU seconds a seed.
"""

from dataclasses import dataclass
from functools import partial

import numpy as np

from course_utils.lab.seeds import over_seeds
from course_utils.lab.statistics import median
from course_utils.lab.translators import exact, trained, written
from course_utils.numpy_nn.seq2seq import Seq2Seq
from course_utils.tasks import DigitStrings


@dataclass(frozen=True)
class Config:
    """The network and its training."""

    hidden: int = 24
    longest: int = 4
    updates: int = 150
    strings: int = 200
    seeds: tuple = tuple(range(20))


QUICK = Config(longest=2, updates=80, strings=50, seeds=(0,))
WAYS = ("late", "now")


def run(config, progress=iter):
    """By way: the loss in training, by update, and the share of strings right when it writes."""
    rows = over_seeds(partial(run_seed, config), config.seeds, progress)
    results = {"of": len(config.seeds)}
    for way in WAYS:
        own = [row[way] for row in rows]
        curves = np.array([r["loss"] for r in own])
        results[way] = {
            "loss": np.median(curves, axis=0).round(5)[::5].tolist(),
            "last": median(own, "last"),
            "last_by_seed": [r["last"] for r in own],
            "right": median(own, "right"),
            "right_by_seed": [r["right"] for r in own],
        }
    return results


def run_seed(config, seed):
    """Both ways, trained and then writing greedily."""
    task = DigitStrings(1, config.longest)
    model = Seq2Seq(task.alphabet.size, task.alphabet.size, embedding=12, hidden=config.hidden)
    x, target, _ = task.sample(np.random.default_rng((seed, 1)), config.strings)
    found = {}
    for way in WAYS:
        lesson = unshifted if way == "now" else None
        params, losses = trained(model, task, seed, updates=config.updates, lesson=lesson)
        ids = written(model, params, x, config.longest + 3)
        found[way] = {
            "loss": losses,
            "last": float(np.mean(losses[-10:])),
            "right": float(exact(ids, target).mean()),
        }
    return found


def unshifted(target):
    """One more row is shown, so that row t + 1 has read y_t, and row t + 1 is asked for y_t."""
    return np.concatenate([target, target[-1:]]), np.concatenate([0 * target[:1], target])
