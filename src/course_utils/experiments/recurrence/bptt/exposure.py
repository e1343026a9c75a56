"""Exposure bias: one step ahead of the truth, against many steps ahead of one's own output.

The signal is a sum of two sines with random phases; an LSTM is trained by teacher forcing to
predict its next value and is then left alone with its predictions.  It is trained on compiled code,
in single precision.
"""

from dataclasses import dataclass
from functools import partial

import numpy as np

from course_utils import numpy_nn
from course_utils.lab import cut_credit
from course_utils.lab.numpy_models import init_model, layer_of, read
from course_utils.lab.seeds import over_seeds
from course_utils.numpy_nn import fast, optim
from course_utils.training import NumpyStep, fit


@dataclass(frozen=True)
class Config:
    """Signal (periods in steps, noise on the input), network, training, and the free run."""

    periods: tuple = (17.0, 41.0)
    noise: float = 0.02
    warm: int = 60
    free: int = 100
    hidden: int = 32
    batch: int = 32
    updates: int = 1500
    lr: float = 5e-3
    seeds: tuple = tuple(range(20))


QUICK = Config(hidden=16, updates=150, seeds=(0,))


def run(config, progress=iter):
    """Errors by step of the run, as shares of the signal's own spread; medians over the seeds."""
    rows = over_seeds(partial(one_seed, config), config.seeds, progress)
    rows = np.array(rows)  # (seeds, 2, free)
    truth, own = np.median(rows, axis=0)
    return {
        "told": truth.tolist(),
        "own": own.tolist(),
        "one_step": float(np.median(rows[:, 0])),
        "free_run": float(np.median(rows[:, 1, -10:])),
        "ratio": float(np.median(rows[:, 1, -10:].mean(axis=1) / rows[:, 0].mean(axis=1))),
        "example": example(config),
    }


def signal(config, rng, n, steps):
    """(steps, n, 1), each sine with a random phase; standard deviation 1."""
    t = np.arange(steps)[:, None, None]
    phases = rng.uniform(0, 2 * np.pi, (n, len(config.periods)))
    waves = np.sin(2 * np.pi * t / np.array(config.periods) + phases)
    return waves.sum(axis=-1, keepdims=True) / (len(config.periods) / 2) ** 0.5


def train(config, seed):
    """A trained LSTM and its readout: predicts the next value from the true past."""
    rng = np.random.default_rng(seed)
    params = init_model("lstm", 1, config.hidden, 1, rng)

    def sample():
        clean = signal(config, rng, config.batch, config.warm + 1)
        return clean[:-1] + config.noise * rng.standard_normal(clean[:-1].shape), clean[1:]

    workspace = fast.Workspace()

    def loss_and_grads(params, batch):
        loss, _, grads = cut_credit.full("lstm", params, *batch, workspace=workspace)
        return loss, grads

    step = NumpyStep(cut_credit.single(params), loss_and_grads, sample, optim.Adam(config.lr))
    fit(step, config.updates, bar=False)
    return cut_credit.double(step.params)


def follow(config, params, truth, own):
    """Predictions of the steps after ``warm``, fed the truth or, if ``own``, themselves.

    truth (warm + free + 1, n, 1) -> (free, n, 1).
    """
    layer = layer_of(params)
    y, state, _ = numpy_nn.unroll("lstm", layer, truth[: config.warm])
    guesses = [read(params, y[-1])]
    for t in range(config.warm, config.warm + config.free - 1):
        given = guesses[-1] if own else truth[t]
        state, _ = numpy_nn.step("lstm", layer, given, state)
        guesses.append(read(params, state.h))
    return np.stack(guesses)


def one_seed(config, seed):
    """Root mean square error at each of the ``free`` steps: fed the truth, and fed itself."""
    params = train(config, seed)
    truth = signal(config, np.random.default_rng((seed, 1)), 200, config.warm + config.free)
    target = truth[config.warm :]
    return [
        np.sqrt(((follow(config, params, truth, own) - target) ** 2).mean(axis=(1, 2)))
        for own in (False, True)
    ]


def example(config):
    """One signal and what the first seed's network makes of it, for the picture."""
    params = train(config, config.seeds[0])
    truth = signal(config, np.random.default_rng(1), 1, config.warm + config.free)
    return {
        "truth": truth[config.warm :, 0, 0].round(4).tolist(),
        "told": follow(config, params, truth, False)[:, 0, 0].round(4).tolist(),
        "own": follow(config, params, truth, True)[:, 0, 0].round(4).tolist(),
    }
