"""The presets of the page that trains networks, with many seeds: what a reader's run is one of.

Each preset is two networks, as the page makes them: PyTorch's start, then a share kept a step
(``keep_a``) or a bias of the input gate (``input_a``) where one is given; a linear readout; Adam on
batches of ``batch`` sequences; the share of right answers on ``tests`` new sequences every
``every`` updates.  Here in NumPy and float32; the page computes in float64 with random numbers of
its own, so its run is another seed and no copy of one.  About 2 CPU seconds a seed and preset.
"""

from dataclasses import dataclass
from functools import partial

import numpy as np

from course_utils.lab.numpy_models import Net, numpy_step
from course_utils.lab.seeds import over_seeds
from course_utils.numpy_nn import losses, optim
from course_utils.tasks import Adding, Batch, Cue

PRESETS = (  # name, finding, task, length, units, rate, two networks: cell, share kept, input bias
    (
        "An RNN beside an LSTM", "Thirty words lie between the cue and the question.",
        "cue", 30, 16, 0.005, ("rnn", None, None), ("lstm", 0.95, None),
    ),
    (
        "Start it at ½ and watch it fail",
        "The same LSTM twice: only the share that its forget gates keep at the start differs.",
        "cue", 25, 16, 0.005, ("lstm", 0.5, None), ("lstm", 0.95, None),
    ),
    (
        "A GRU with the same start",
        "Both start by keeping 0.95 a step, so that cells are compared and not biases.",
        "cue", 25, 16, 0.005, ("gru", 0.95, None), ("lstm", 0.95, None),
    ),
    (
        "Shut the input gates first",
        "Four cells of 1997, which cannot forget, add over 100 steps.",
        "adding", 100, 4, 0.01, ("lstm_1997", None, None), ("lstm_1997", None, -4.0),
    ),
    (
        "What a scan gives up",
        "Gates of a minGRU do not see the state, so that a scan can compute it; parity asks for "
        "the state.",
        "parity", 10, 16, 0.01, ("mingru", None, None), ("lstm", None, None),
    ),
)  # fmt: skip


@dataclass(frozen=True)
class Config:
    """What the page offers, and how it trains; solved: a share of right answers at the end."""

    presets: tuple = PRESETS
    batch: int = 16
    clip: float = 1.0
    updates: int = 800
    every: int = 25
    tests: int = 100
    solved: float = 0.9
    seeds: tuple = (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19)


QUICK = Config(
    presets=(
        (
            "quick", "", "parity", 6, 8, 0.02, ("mingru", None, None), ("lstm", None, None),
        ),
    ),
    updates=300, seeds=(0, 1),
)  # fmt: skip


def settings_of(config, row):
    """Settings of one preset by the names of the page's controls."""
    _, finding, task, length, units, rate, *sides = row
    of_sides = {f"{name}_{side}": value for side, values in zip("ab", sides, strict=True)
                for name, value in zip(("cell", "keep", "input"), values, strict=True)}  # fmt: skip
    return {
        "finding": finding, "task": task, "length": length, "units": units, "rate": rate,
        "clip": config.clip, "optimiser": "adam", "seed": 1, **of_sides,
    }  # fmt: skip


def run(config, progress=iter):
    """By preset: its settings, and for its two networks the shares of right answers by seed and
    check, and the seeds solved."""
    results = {}
    for row in progress(config.presets):
        settings = settings_of(config, row)
        sides = [
            over_seeds(partial(run_seed, config, settings, side), config.seeds, progress)
            for side in "ab"
        ]
        results[row[0]] = {
            "settings": settings,
            "rates": sides,
            "solved": [sum(run[-1] >= config.solved for run in runs) for runs in sides],
            "of": len(config.seeds),
        }
    return results


def parity(length, rng, n):
    """x (T, n, 2) one-hot bits, target (T, n): whether the number of ones so far is odd."""
    bits = rng.integers(0, 2, (length, n))
    return Batch(np.eye(2)[bits], bits.cumsum(axis=0) % 2)


def problem(settings):
    """(sample(rng, n), inputs, outputs, whether only the last answer is asked) of a task."""
    length = settings["length"]
    if settings["task"] == "cue":
        task = Cue(length)
        return task.sample, task.words, task.cues, True
    if settings["task"] == "adding":
        return Adding(length).sample, 2, 1, True
    return partial(parity, length), 2, 2, False


def right(settings, answers, target):
    """The share of right answers at the last step."""
    if settings["task"] == "adding":
        return 1 - Adding(settings["length"]).wrong(answers, target)
    if answers.ndim == 3:
        answers, target = answers[-1], target[-1]
    return float((answers.argmax(-1) == target).mean())


def run_seed(config, settings, side, seed):
    """Train one network; the share of right answers before training and at every check."""
    sample, inputs, outputs, last = problem(settings)
    keep, bias = settings[f"keep_{side}"], settings[f"input_{side}"]
    net = Net(
        settings[f"cell_{side}"], inputs, settings["units"], outputs, seed, lr=settings["rate"],
        last=last, clip=settings["clip"], optimiser=optim.Adam,
        biases={} if bias is None else {"i": bias}, retention=keep,
    )  # fmt: skip
    x, target, _ = sample(np.random.default_rng((seed, 2)), config.tests)
    x, rng = x.astype(np.float32), np.random.default_rng((seed, 1))
    loss = losses.mse if settings["task"] == "adding" else losses.cross_entropy
    step = numpy_step(net, lambda: sample(rng, config.batch), loss)
    rates = [right(settings, net(x)[0], target)]
    for done in range(1, config.updates + 1):
        step()
        if done % config.every == 0:
            rates.append(round(right(settings, net(x)[0], target), 2))
    return rates
