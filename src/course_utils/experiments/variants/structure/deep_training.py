"""Do deep stacks train?  Digits, a row of eight pixels a step, by depth and connection of layers.

Every kind has the same width, so deeper stacks have more parameters.  One learning rate; of
several, that with the better median on the validation part counts.  All nets of a kind and depth
run side by side.  A second or two a layer and kind.
"""

from dataclasses import dataclass
from functools import partial

import numpy as np

from course_utils.lab.deep_stacks import DeepStack
from course_utils.lab.modules_together import Together
from course_utils.lab.seeds import over_seeds
from course_utils.lab.statistics import count, median, median_interval
from course_utils.tasks import Digits, digits


@dataclass(frozen=True)
class Config:
    """Depths and width, training; learned: the share of the test digits that counts as learned."""

    kinds: tuple = ("plain", "residual", "highway", "depth_gated", "depth_open", "grid")
    depths: tuple = (2, 6, 16)
    hidden: int = 16
    lrs: tuple = (0.01,)
    batch: int = 16
    updates: int = 160
    learned: float = 0.7
    seeds: tuple = tuple(range(20))


QUICK = Config(
    kinds=("plain", "residual"), depths=(8,), hidden=8, lrs=(0.02,), updates=60, learned=0.3,
    seeds=(0, 1),
)  # fmt: skip


def run(config, progress=iter):
    """By kind and depth: the accuracy on the test part of every seed, and how many learned."""
    results = {"depths": list(config.depths), "of": len(config.seeds), "chance": 0.1}
    cases = [(kind, depth) for kind in config.kinds for depth in config.depths]
    found = over_seeds(partial(trained, config), cases, progress)
    for (kind, depth), row in zip(cases, found, strict=True):
        results.setdefault(kind, {})[str(depth)] = row
    return results


def data(config):
    """The pictures, by their hash."""
    return {"name": "scikit-learn load_digits", "sha256": digits.SHA256}


def trained(config, case):
    """A kind and a depth, all seeds at every learning rate -> what the better rate reached."""
    kind, depth = case
    cases = [(lr, seed) for lr in config.lrs for seed in config.seeds]
    nets = Together(
        [DeepStack(kind, 8, config.hidden, 10, depth, seed) for _, seed in cases],
        lr=[lr for lr, _ in cases],
    )
    train, held, test = (Digits(part) for part in ("train", "validation", "test"))
    rngs = [np.random.default_rng((seed, 1)) for seed in config.seeds]
    for _ in range(config.updates):
        batches = [rows_of(train.sample(rng, config.batch)) for rng in rngs] * len(config.lrs)
        x, target = (np.stack(part) for part in zip(*batches, strict=True))
        nets.update(x, target)
    scores = {name: accuracy(nets, part.all(), len(cases)) for name, part in
              (("validation", held), ("test", test))}  # fmt: skip
    n = len(config.seeds)
    by_rate = {
        lr: {name: values[k * n : (k + 1) * n] for name, values in scores.items()}
        for k, lr in enumerate(config.lrs)
    }
    lr = max(config.lrs, key=lambda lr: np.median(by_rate[lr]["validation"]))
    by_seed = by_rate[lr]["test"].tolist()
    low, high = median_interval(by_seed)
    return {
        "lr": lr,
        "accuracy": median(by_seed),
        "low": low,
        "high": high,
        "learned": count([value >= config.learned for value in by_seed]),
        "by_seed": by_seed,
        "other_rates": [median(by_rate[other]["test"].tolist()) for other in config.lrs],
    }


def rows_of(batch):
    """Pixels (64, n, 1), one a step -> rows (8, n, 8) float32, eight a step; the digits (n,)."""
    return batch.x.reshape(8, 8, -1).transpose(0, 2, 1).astype(np.float32), batch.target


def accuracy(nets, batch, K):
    """Share of right answers of each net (K,)."""
    x, target = rows_of(batch)
    answers = nets(np.broadcast_to(x, (K, *x.shape)).copy())
    return (answers.argmax(-1) == target).mean(axis=1)
