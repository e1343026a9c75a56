"""Parity of one vector by a small recurrent net: as many steps as it likes, or one, or always few.

After Graves 2016, section 3.1 (64 elements, 128 units, 20 nets for each price, a million updates
by 16 threads); here the vectors have ``size`` elements and a seed takes about 50 CPU seconds.
"""

from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from course_utils.lab.seeds import over_seeds
from course_utils.lab.statistics import count, median, median_interval, rate_interval
from course_utils.tasks import Parity
from course_utils.torch_nn.ponder import Ponder, ponder_cost
from course_utils.training import fit, torch_step

TESTED = 4000  # vectors in a test


@dataclass(frozen=True)
class Config:
    """Task, net, training, and the prices of a ponder step; None: one step for each input."""

    size: int = 6
    hidden: int = 64
    batch: int = 64
    updates: int = 5000
    lr: float = 3e-3
    clip: float = 1.0
    max_steps: int = 8
    prices: tuple = (None, 1e-1, 3e-2, 1e-2, 3e-3, 1e-3)
    right: float = 0.05  # share of wrong answers at which parity counts as found
    seeds: tuple = tuple(range(20))


QUICK = Config(size=3, hidden=16, updates=150, prices=(None, 1e-2), max_steps=4, seeds=(0,))


def run(config, progress=iter):
    """By price: wrong answers, ponder steps, both by difficulty too, successes."""
    results = {}
    for price in config.prices:
        rows = over_seeds(partial(run_seed, config, price), config.seeds, progress)
        for row in rows:
            row["ok"] = row["wrong"] <= config.right
        results["one step" if price is None else f"{price:g}"] = {
            "wrong": median(rows, "wrong"),
            "wrong_interval": list(median_interval([row["wrong"] for row in rows])),
            "wrong_by_seed": [row["wrong"] for row in rows],
            "steps": median(rows, "steps"),
            "steps_by_seed": [row["steps"] for row in rows],
            "found": count(rows, "ok"),
            "rate": list(rate_interval(count(rows, "ok"), len(rows))),
            "wrong_by_difficulty": _medians(rows, "wrong_by_difficulty"),
            "steps_by_difficulty": _medians(rows, "steps_by_difficulty"),
            "curve": rows[0]["curve"],
        }
    return {"prices": results, "seeds": len(config.seeds), "difficulty": _difficulties(config)}


def run_seed(config, price, seed):
    """Train one net; what it gets wrong and how long it thinks, by the number of elements."""
    torch.manual_seed(seed)
    rng, task = np.random.default_rng(seed), Parity(config.size)
    steps = 1 if price is None else config.max_steps
    net = Thinker(config.size, config.hidden, steps, price or 0.0)
    step = torch_step(
        net, loss, lambda: task.sample(rng, config.batch), lr=config.lr, clip=config.clip
    )
    history = fit(step, config.updates, bar=False)
    batch = task.sample(np.random.default_rng(10**6 + seed), TESTED)
    with torch.no_grad():
        logits, pondering = net(torch.as_tensor(batch.x, dtype=torch.float32))
    wrong = ((logits[0, :, 0] > 0).numpy() != (batch.target[0, :, 0] > 0.5)).astype(float)
    N = pondering.N[0].numpy().astype(float)
    difficulty = task.difficulty(batch.x)
    by = lambda values: [  # noqa: E731
        round(float(values[difficulty == k].mean()), 4) for k in _difficulties(config)
    ]
    losses = history.loss[: len(history.loss) // 100 * 100]
    return {
        "wrong": float(wrong.mean()),
        "steps": float(N.mean()),
        "wrong_by_difficulty": by(wrong),
        "steps_by_difficulty": by(N),
        "curve": np.reshape(losses, (-1, 100)).mean(axis=1).round(4).tolist(),
    }


class Thinker(nn.Module):
    """A tanh layer that ponders, and a readout; keeps the price of a ponder step."""

    def __init__(self, size, hidden, max_steps, price):
        super().__init__()
        self.layer = Ponder("rnn", size, hidden, max_steps=max_steps)
        self.readout, self.price = nn.Linear(hidden, 1), price

    def forward(self, x):
        """x (1, B, size) -> logits (1, B, 1), Pondering."""
        y, _, pondering = self.layer(x)
        return self.readout(y), pondering


def loss(net, batch):
    """Cross-entropy plus the price times the ponder cost N + R."""
    x, target = (torch.as_tensor(a, dtype=torch.float32) for a in batch[:2])
    logits, pondering = net(x)
    cost = ponder_cost(pondering.N, pondering.R).mean()
    return F.binary_cross_entropy_with_logits(logits, target) + net.price * cost


def _difficulties(config):
    return list(range(1, config.size + 1))


def _medians(rows, name):
    return np.median([row[name] for row in rows], axis=0).round(4).tolist()
