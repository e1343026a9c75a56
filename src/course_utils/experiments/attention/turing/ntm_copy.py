"""Copying vectors of bits: a Turing machine and an LSTM, on longer sequences than trained.

Twice: at the sizes of Graves et al. 2014, sections 4.1 and 4.6 (8 bits, 1 to 20 vectors), where the
LSTM does not get far within twice the machine's sequences; and smaller (4 bits, 1 to 8 vectors),
where both learn the lengths that they are trained on, so that the longer ones can be compared.
Departures: the machine's learning rate is ten times the paper's, a batch has 16 sequences and the
LSTM one layer.  CPU seconds a seed: machine 27 and 3, LSTM 26 and 45.
"""

from dataclasses import dataclass
from functools import partial

import numpy as np
import torch

from course_utils.lab import bit_machines as bits
from course_utils.lab import bits_together as together
from course_utils.lab.seeds import over_seeds
from course_utils.lab.statistics import count, median_interval, rate_interval
from course_utils.lab.torch_models import parameters
from course_utils.tasks import CopyBits


@dataclass(frozen=True)
class Case:
    """A task, both nets' sizes and updates, and the lengths of the test."""

    bits: int
    longest: int
    hidden: int
    slots: int
    width: int
    updates: int
    lstm_hidden: int
    lstm_updates: int
    lengths: tuple  # has longest and its double
    traced: tuple


@dataclass(frozen=True)
class Config:
    """Two cases; training; right: the share of wrong bits up to which a copy counts as learned."""

    large: Case = Case(8, 20, 100, 32, 20, 1250, 256, 2500, (10, 20, 30, 40, 50, 80, 120), (20, 40))
    small: Case = Case(4, 8, 64, 20, 12, 600, 256, 6000, (4, 8, 12, 16, 24, 32, 48), (8,))
    batch: int = 16
    lr: float = 1e-3
    right: float = 0.01
    seeds: tuple = tuple(range(20))
    group: int = 10  # machines trained side by side


QUICK = Config(
    large=Case(2, 2, 16, 6, 6, 75, 16, 75, (2, 4), (2,)),
    small=Case(1, 2, 16, 6, 6, 75, 16, 75, (2, 4), ()),
    seeds=(0, 1),
)


def run(config, progress=iter):
    """By case and net: wrong bits by length and seed, successes, loss curves; the heads' weights."""
    return {name: one_case(config, name, progress) for name in ("large", "small")}


def one_case(config, name, progress):
    """Both nets on one task."""
    case = getattr(config, name)
    groups = [config.seeds[k : k + config.group] for k in range(0, len(config.seeds), config.group)]
    machines = over_seeds(partial(run_machines, config, name), groups, progress)
    lstms = over_seeds(partial(run_lstm, config, name), config.seeds, progress)
    return {
        "lengths": list(case.lengths),
        "machine": summary(config, case, [row for rows in machines for row in rows]),
        "lstm": summary(config, case, lstms),
        "traces": machines[0][0]["traces"],
    }


def summary(config, case, rows):
    """What is recorded of the rows of one net; successes at the longest length and at its double.

    reach: the longest length of the test up to which at most ``right`` of the bits are wrong, by
    seed; 0 where none is.
    """
    wrong = np.array([row["wrong"] for row in rows])  # (seeds, lengths)
    good = np.logical_and.accumulate(wrong <= config.right, axis=1)
    found = {}
    for key, length in (("learned", case.longest), ("twice", 2 * case.longest)):
        ok = wrong[:, case.lengths.index(length)] <= config.right
        found[key] = int(ok.sum())
        found[f"{key}_rate"] = rounded(rate_interval(found[key], len(rows)), 3)
    reach = [max((n for n, g in zip(case.lengths, row, strict=True) if g), default=0)
             for row in good]  # fmt: skip
    return found | {
        "wrong": rounded(np.median(wrong, axis=0), 5),
        "low": rounded([np.quantile(w, 0.25) for w in wrong.T], 5),
        "high": rounded([np.quantile(w, 0.75) for w in wrong.T], 5),
        "interval": [rounded(median_interval(w), 5) for w in wrong.T],
        "by_length": {str(n): rounded(w, 5) for n, w in zip(case.lengths, wrong.T, strict=True)},
        "reach": reach,
        "furthest": count([{"ok": r == case.lengths[-1]} for r in reach], "ok"),
        "of": len(rows),
        "curves": [row["curve"] for row in rows],
        "parameters": rows[0]["parameters"],
    }


def run_machines(config, name, seeds):
    """Train one machine for each of the seeds, side by side; a row for each."""
    case = getattr(config, name)
    task = CopyBits(case.bits, 1, case.longest)
    nets = together.Together(
        task, seeds, controller="feedforward", hidden_size=case.hidden, slots=case.slots,
        width=case.width,
    )  # fmt: skip
    curves = together.train(
        nets, seeds[0], updates=case.updates, batch=config.batch, lr=config.lr, every=25
    )
    wrong = [
        together.wrong_bits(nets, CopyBits(case.bits, n, n), seeds[0], slots=room(case, n))
        for n in case.lengths
    ]
    return [
        {
            "wrong": [float(w[k]) for w in wrong],
            "curve": curves[k].tolist(),
            "parameters": parameters(nets.one(k)),
            "traces": {str(n): trace(nets.one(k), case, n) for n in case.traced if k == 0},
        }
        for k in range(len(seeds))
    ]


def run_lstm(config, name, seed):
    """Train one LSTM."""
    case = getattr(config, name)
    torch.manual_seed(seed)
    task = CopyBits(case.bits, 1, case.longest)
    net = bits.Layers(task, case.lstm_hidden)
    curve = bits.train(
        net, task, seed, updates=case.lstm_updates, batch=config.batch, lr=config.lr, every=25
    )
    wrong = [bits.wrong_bits(net, CopyBits(case.bits, n, n), seed) for n in case.lengths]
    return {"wrong": wrong, "curve": curve, "parameters": parameters(net)}


def room(case, length):
    """Slots for a test with sequences of this length: never fewer than in training."""
    return max(case.slots, length + 12)


def trace(net, case, length):
    """Where the heads look while one sequence is copied: weights (T, N), and the bits."""
    task = CopyBits(case.bits, length, length)
    x, target, _ = bits.tensors(task.sample(np.random.default_rng(7), 1))
    with torch.no_grad():
        y, seen = net.machine.trace(x, net.machine.start(1, room(case, length)))
    told = {
        "y": y[:, 0].sigmoid(),
        "writing": seen.writing[:, 0, 0],
        "reading": seen.reading[:, 0, 0],
        "added": seen.added[:, 0, 0],
        "r": seen.r[:, 0, 0],
        "g": seen.g[:, 0],  # the reader's, the writer's
        "beta": seen.beta[:, 0],
        "gamma": seen.gamma[:, 0],
    }
    return {
        "x": x[:, 0].int().tolist(),
        "target": target[:, 0].int().tolist(),
        **{name: rounded(w, 2) for name, w in told.items()},
    }


def rounded(values, digits):
    """An array or tensor as nested lists of short decimals."""
    return np.round(np.asarray(values, float), digits).tolist()
