"""Copying vectors of eight bits: a Turing machine and an LSTM of twenty times its size, by length.

The task, its lengths and the machine's sizes are those of Graves et al. 2014, sections 4.1 and 4.6;
the learning rate is ten times the paper's and a batch has 16 sequences, so that a seed takes about
75 CPU seconds for the machine and 65 for the LSTM.
"""

from dataclasses import dataclass
from functools import partial

import numpy as np
import torch

from course_utils.lab import bit_machines as bits
from course_utils.lab.seeds import over_seeds
from course_utils.lab.statistics import count, median, median_interval, rate_interval
from course_utils.lab.torch_models import parameters
from course_utils.tasks import CopyBits


@dataclass(frozen=True)
class Config:
    """Task, both nets, training, the lengths of the test, and what counts as right."""

    bits: int = 8
    longest: int = 20
    hidden: int = 100
    slots: int = 32
    width: int = 20
    lstm_hidden: int = 256
    updates: int = 1250
    lstm_updates: int = 5000  # about as many CPU seconds
    batch: int = 16
    lr: float = 1e-3
    lengths: tuple = (10, 20, 30, 40, 60, 80, 120)
    right: float = 0.01  # share of wrong bits at which a copy counts as learned
    traced: tuple = (20, 40)
    seeds: tuple = tuple(range(20))


QUICK = Config(
    bits=3, longest=4, hidden=32, slots=8, width=8, lstm_hidden=16, updates=120, lstm_updates=120,
    lengths=(4, 8), traced=(4,), seeds=(0,),
)  # fmt: skip


def run(config, progress=iter):
    """By net: wrong bits for each length (medians, quartiles, by seed), successes, loss curves."""
    results = {"lengths": list(config.lengths)}
    for name in ("machine", "lstm"):
        rows = over_seeds(partial(run_seed, config, name), config.seeds, progress)
        results[name] = summary(config, rows)
        results[name]["parameters"] = rows[0]["parameters"]
        if name == "machine":
            results["traces"] = rows[0]["traces"]
    return results


def summary(config, rows):
    """What is recorded of the rows of one net."""
    wrong = np.array([row["wrong"] for row in rows])  # (seeds, lengths)
    learned = [{"ok": row["wrong"][_at(config, config.longest)] <= config.right} for row in rows]
    twice = [{"ok": row["wrong"][_at(config, 2 * config.longest)] <= config.right} for row in rows]
    return {
        "wrong": rounded(np.median(wrong, axis=0), 5),
        "interval": [rounded(median_interval(w), 5) for w in wrong.T],
        "by_seed": rounded(wrong, 5),
        "learned": count(learned, "ok"),
        "learned_twice": count(twice, "ok"),
        "rate": rounded(rate_interval(count(learned, "ok"), len(rows)), 3),
        "rate_twice": rounded(rate_interval(count(twice, "ok"), len(rows)), 3),
        "seeds": len(rows),
        "last": median(rows, "last"),
        "curves": [row["curve"] for row in rows[:5]],
    }


def run_seed(config, name, seed):
    """Train one net; wrong bits at each length, losses, and where its heads looked."""
    torch.manual_seed(seed)
    task = CopyBits(config.bits, 1, config.longest)
    if name == "machine":
        net = bits.Machine(
            task, controller="feedforward", hidden_size=config.hidden, slots=config.slots,
            width=config.width,
        )  # fmt: skip
    else:
        net = bits.Layers(task, config.lstm_hidden)
    updates = config.updates if name == "machine" else config.lstm_updates
    curve = bits.train(net, task, seed, updates=updates, batch=config.batch, lr=config.lr)
    wrong = [
        bits.wrong_bits(net, CopyBits(config.bits, n, n), seed, slots=max(config.slots, n + 12))
        for n in config.lengths
    ]
    traces = {str(n): trace(net, config, n) for n in config.traced} if name == "machine" else None
    return {
        "wrong": wrong,
        "curve": curve,
        "last": float(np.mean(curve[-2:])),
        "parameters": parameters(net),
        "traces": traces,
    }


def trace(net, config, length):
    """Where the heads look while one sequence is copied: weights (T, N), and the bits."""
    task = CopyBits(config.bits, length, length)
    x, target, _ = bits.tensors(task.sample(np.random.default_rng(7), 1))
    slots = max(config.slots, length + 12)
    with torch.no_grad():
        y, seen = net.machine.trace(x, net.machine.start(1, slots))
    weights = {
        "y": y[:, 0].sigmoid(),
        "writing": seen.writing[:, 0, 0],
        "reading": seen.reading[:, 0, 0],
        "g": seen.g[:, 0],
        "beta": seen.beta[:, 0],
        "gamma": seen.gamma[:, 0],
    }
    return {
        "x": x[:, 0].int().tolist(),
        "target": target[:, 0].int().tolist(),
        **{name: rounded(w, 2) for name, w in weights.items()},
    }


def rounded(values, digits):
    """An array or tensor as nested lists of short decimals."""
    return np.round(np.asarray(values, float), digits).tolist()


def _at(config, length):
    return config.lengths.index(length)
