"""How many steps of a padded batch are padding, by how its sequences were chosen: counted.

Real lengths: the training tunes of O'Neill's collection, in characters, and dates as Babel writes
them.  No network: the numbers are exact, and vary only with the order of drawing.  A second.
"""

from dataclasses import dataclass

import numpy as np

from course_utils.lab.statistics import median
from course_utils.tasks import Dates, dates, tunes


@dataclass(frozen=True)
class Config:
    """Batch size; how many batches are drawn together and sorted by length; how many dates."""

    batch: int = 32
    pools: tuple = (1, 2, 4, 8, 16)
    dates: int = 1400
    seeds: tuple = tuple(range(30))


QUICK = Config(pools=(1, 8), dates=300, seeds=(0, 1, 2))


def run(config, progress=iter):
    """By data set and pool: the share of all computed steps that is padding, median and seeds."""
    results = {"of": len(config.seeds), "batch": config.batch}
    for name, lengths in progress(list(data_sets(config).items())):
        found = {}
        for pool in config.pools:
            by_seed = [
                wasted(batched(lengths, config.batch, pool, np.random.default_rng(seed)))
                for seed in config.seeds
            ]
            found[str(pool)] = {"wasted": median(by_seed), "by_seed": by_seed}
        results[name] = {
            "lengths": lengths.tolist(),
            "sequences": len(lengths),
            "median": float(np.median(lengths)),
            "longest": int(lengths.max()),
            "shortest": int(lengths.min()),
            "one": wasted([lengths]),
            "sorted": wasted(cut(np.sort(lengths), config.batch)),
            "pools": found,
        }
    return results


def data(config):
    """The tunes, by the hash of their text, and the version that writes the dates."""
    return {"tunes": tunes.oneill().sha256, "Babel": dates.version()}


def data_sets(config):
    """Name -> lengths (N,)."""
    pairs = Dates().pairs(np.random.default_rng(0), config.dates)
    return {
        "tunes": np.array([len(tune) for tune in tunes.oneill().part("train")]),
        "dates": np.array([len(text) for text, _ in pairs]),
    }


def batched(lengths, size, pool, rng):
    """Lengths in batches: ``pool`` batches are drawn together, sorted, cut."""
    order = rng.permutation(lengths)
    return [
        part
        for start in range(0, len(order), size * pool)
        for part in cut(np.sort(order[start : start + size * pool]), size)
    ]


def cut(lengths, size):
    """(N,) -> batches of ``size``, the last perhaps smaller."""
    return [lengths[k : k + size] for k in range(0, len(lengths), size)]


def wasted(batches):
    """The share of steps that is padding if each batch is as long as its longest sequence."""
    computed = sum(len(part) * part.max() for part in batches)
    return float(1 - sum(part.sum() for part in batches) / computed)
