"""Bias against noise: training on gradients cut at fixed places, and at random ones, of one cost.

The echo's lag is as long as, or twice as long as, what is walked back on average; one setting with
chunks of twice the lag shows that they suffice.  Both run the readable backward passes, for random
cuts scale the credit from step to step, which needs the readable tape.  About 90 CPU seconds.
"""

from dataclasses import dataclass
from functools import partial

import numpy as np

from course_utils.lab.numpy_models import init_model, squared_error
from course_utils.lab.seeds import over_seeds
from course_utils.numpy_nn import optim, truncation
from course_utils.tasks import Echo
from course_utils.training import NumpyStep, fit


@dataclass(frozen=True)
class Config:
    """The echo, chunk lengths, probabilities of stopping (their inverse is the mean length)."""

    lag: int = 10
    steps: int = 40
    batch: int = 16
    hidden: int = 32
    chunks: tuple = (10, 20)
    stops: tuple = (0.2, 0.1)
    updates: int = 400
    every: int = 50
    lr: float = 5e-3
    clip: float = 1.0
    solved: float = 0.99
    seeds: tuple = tuple(range(20))


QUICK = Config(lag=5, steps=16, chunks=(2,), stops=(0.2,), hidden=16, updates=400, seeds=(0,))


def run(config, progress=iter):
    """By way of cutting and mean length: accuracy of each seed, how many solved it, updates."""
    results = {"of": len(config.seeds)}
    for kind, settings in (("fixed", config.chunks), ("random", config.stops)):
        results[kind] = {}
        for setting in settings:
            rows = over_seeds(partial(one_seed, config, kind, setting), config.seeds, progress)
            accuracy, updates = (list(column) for column in zip(*rows, strict=True))
            length = round(setting if kind == "fixed" else 1 / setting)
            results[kind][str(length)] = {
                "accuracy": accuracy,
                "solved": sum(a >= config.solved for a in accuracy),
                "updates": float(np.median(updates)),
            }
    return results


def one_seed(config, kind, setting, seed):
    """Share of new answers with the right sign after training, and the updates it took."""
    task, rng = Echo(config.lag, config.steps), np.random.default_rng((seed, 1))
    cuts = np.random.default_rng((seed, 2))
    params = init_model("rnn", 1, config.hidden, 1, np.random.default_rng(seed))
    probe = task.sample(np.random.default_rng((seed, 3)), 4 * config.batch)

    def loss_and_grads(params, batch):
        loss, _, tape, dy, readout = squared_error("rnn", params, batch.x, batch.target)
        if kind == "fixed":
            *_, grads = truncation.truncated_backward(tape, dy, setting)
        else:
            *_, grads = truncation.randomly_truncated_backward(tape, dy, setting, cuts)
        return loss, optim.clip_norm(grads | readout, config.clip)[0]

    def right():
        _, answers, *_ = squared_error("rnn", step.params, probe.x, probe.target)
        return float((np.sign(answers) == probe.target)[probe.mask].mean())

    step = NumpyStep(
        params, loss_and_grads, lambda: task.sample(rng, config.batch), optim.Adam(config.lr)
    )
    history = fit(
        step, config.updates, check=right, every=config.every, bar=False,
        done=lambda share: share >= 0.999,
    )  # fmt: skip
    return right(), history.updates
