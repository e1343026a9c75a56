"""Copying bits on longer sequences than trained: rows of Turing machines and of LSTMs, and sums."""

import numpy as np
import torch

from course_utils.lab import bit_machines as bits
from course_utils.lab import bits_together as together
from course_utils.lab.statistics import median_interval, rate_interval
from course_utils.lab.torch_models import parameters
from course_utils.tasks import CopyBits

EVERY = 25  # updates to a point of a loss curve


def machines(config, seeds):
    """Train one machine for each of the seeds, side by side; a row for each.

    config: bits, longest, hidden, slots, width, updates, batch, lr, lengths (of the test) and
    traced, lengths at which the first machine's heads are recorded.
    """
    nets = together.Together(
        CopyBits(config.bits, 1, config.longest), seeds, controller="feedforward",
        hidden_size=config.hidden, slots=config.slots, width=config.width,
    )  # fmt: skip
    curves = together.train(
        nets, seeds[0], updates=config.updates, batch=config.batch, lr=config.lr, every=EVERY
    )
    wrong = [
        together.wrong_bits(nets, CopyBits(config.bits, n, n), seeds[0], slots=room(config, n))
        for n in config.lengths
    ]
    rows = [
        {
            "wrong": [float(w[k]) for w in wrong],
            "curve": curves[k].tolist(),
            "parameters": parameters(nets.one(k)),
        }
        for k in range(len(seeds))
    ]
    rows[0]["traces"] = {str(n): trace(nets.one(0), config, n) for n in config.traced}
    return rows


def lstm(config, seed):
    """Train one LSTM of ``lstm_hidden`` units for ``lstm_updates``; its row."""
    torch.manual_seed(seed)
    task = CopyBits(config.bits, 1, config.longest)
    net = bits.Layers(task, config.lstm_hidden)
    curve = bits.train(
        net, task, seed, updates=config.lstm_updates, batch=config.batch, lr=config.lstm_lr,
        every=EVERY,
    )  # fmt: skip
    wrong = [bits.wrong_bits(net, CopyBits(config.bits, n, n), seed) for n in config.lengths]
    return {"wrong": wrong, "curve": curve, "parameters": parameters(net)}


def room(config, length):
    """Slots for a test with sequences of this length: never fewer than in training."""
    return max(config.slots, length + 12)


def summary(config, rows):
    """What is recorded of the rows of one net; successes at the longest length and at its double.

    reach: by seed, the longest length of the test up to which at most ``right`` of the bits are
    wrong; 0 where none is.
    """
    wrong = np.array([row["wrong"] for row in rows])  # (seeds, lengths)
    good = np.logical_and.accumulate(wrong <= config.right, axis=1)
    found = {}
    for key, length in (("learned", config.longest), ("twice", 2 * config.longest)):
        ok = wrong[:, config.lengths.index(length)] <= config.right
        found[key] = int(ok.sum())
        found[f"{key}_rate"] = rounded(rate_interval(found[key], len(rows)), 3)
    reach = [max([0, *np.array(config.lengths)[row].tolist()]) for row in good]
    return found | {
        "wrong": rounded(np.median(wrong, axis=0), 5),
        "low": rounded(np.quantile(wrong, 0.25, axis=0), 5),
        "high": rounded(np.quantile(wrong, 0.75, axis=0), 5),
        "interval": [rounded(median_interval(w), 5) for w in wrong.T],
        "by_length": {str(n): rounded(w, 5) for n, w in zip(config.lengths, wrong.T, strict=True)},
        "reach": reach,
        "furthest": sum(r == config.lengths[-1] for r in reach),
        "of": len(rows),
        "curves": [row["curve"] for row in rows],
        "parameters": rows[0]["parameters"],
    }


def trace(net, config, length):
    """Where the heads look while one sequence is copied: weights (T, N), and the bits."""
    task = CopyBits(config.bits, length, length)
    x, target, _ = bits.tensors(task.sample(np.random.default_rng(7), 1))
    with torch.no_grad():
        y, seen = net.machine.trace(x, net.machine.start(1, room(config, length)))
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
