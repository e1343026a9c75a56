"""What an untrained network remembers: a readout alone, fitted by least squares, says old bits.

No recurrent weight is ever changed, so no gradient has to reach back.  About 2 CPU seconds.
"""

from dataclasses import dataclass

import numpy as np

from course_utils import numpy_nn
from course_utils.tasks import Echo


@dataclass(frozen=True)
class Config:
    """Lags that are asked for, networks as PyTorch starts them, sequences to fit and to test."""

    lags: tuple = (1, 2, 3, 4, 5, 6, 8, 10, 12, 16)
    steps: int = 64
    batch: int = 64
    hidden: int = 32
    seeds: tuple = tuple(range(20))


QUICK = Config(lags=(2, 16), batch=16, seeds=(0, 1))


def run(config, progress=iter):
    """Share of held-out bits said right, by lag: each seed's and the medians."""
    rows = np.array([one_seed(config, seed) for seed in progress(config.seeds)])  # (seeds, lags)
    return {
        "lags": list(config.lags),
        "by_seed": {str(k): rows[:, i].tolist() for i, k in enumerate(config.lags)},
        "median": {str(k): float(np.median(rows[:, i])) for i, k in enumerate(config.lags)},
    }


def one_seed(config, seed):
    """Share right at each lag, of one network."""
    rng = np.random.default_rng(seed)
    params = numpy_nn.init_params("rnn", 1, config.hidden, rng)
    shares = []
    for lag in config.lags:
        x, target, mask = Echo(lag, config.steps).sample(rng, 2 * config.batch)
        y, *_ = numpy_nn.unroll("rnn", params, x)
        y = np.concatenate([y, np.ones_like(x)], axis=-1)  # and a bias
        fit, test = np.arange(2 * config.batch) < config.batch, mask.copy()
        test[:, fit] = False
        weights = np.linalg.lstsq(y[mask & fit], target[mask & fit], rcond=None)[0]
        shares.append(np.mean(np.sign(y[test] @ weights) == target[test]))
    return shares
