"""Carbon dioxide two years ahead, sunspots one cycle ahead: classical forecasts beside nets.

Every forecast starts from an origin in the test part and reads what lies before.  Baselines: the
last value, the same phase of the last season, that plus the rise of a year, least squares on a
window, the same fed back step by step, ARIMA and exponential smoothing (statsmodels).  Nets over
seeds: a window into an MLP or an LSTM that says all steps at once ("mlp", "lstm"), an LSTM that
says one and is fed back ("lstm_fed"), and one that has to say levels ("lstm_level").  About 14 CPU
seconds a seed, and 10 for the classical forecasts.
"""

from dataclasses import dataclass

import numpy as np

from course_utils.lab import forecasting as lab
from course_utils.lab.statistics import median
from course_utils.tasks import series
from course_utils.tasks.packaged import named

NETS = {"mlp": ("mlp", True, True), "lstm": ("lstm", True, True),
        "lstm_fed": ("lstm", True, False), "lstm_level": ("lstm", False, True)}  # fmt: skip
# series: window, horizon, ends of train and validation, ARIMA's orders
PLANS = {
    "co2": (series.co2, 36, 24, (276, 372), ((0, 1, 1), (0, 1, 1, 12), None)),
    "sunspots": (series.sunspots, 22, 11, (180, 221), ((9, 0, 0), (0, 0, 0, 0), "c")),
}


@dataclass(frozen=True)
class Config:
    """Hidden units and training; every n-th test origin."""

    hidden: int = 32
    updates: int = 600
    batch: int = 32
    lr: float = 0.003
    every: int = 1
    classical: bool = True
    seeds: tuple = tuple(range(10))


QUICK = Config(hidden=8, updates=60, lr=0.01, every=8, classical=False, seeds=(0,))


def run(config, progress=iter):
    """By series and model: mean absolute error, by step of the horizon, and beside ARIMA's."""
    results = {"of": len(config.seeds)}
    for name in progress(tuple(PLANS)):
        results[name] = one_series(config, name)
    return results


def data(config):
    """Both files."""
    return named(series.CO2, series.SUNSPOTS)


def one_series(config, name):
    """All forecasts of one series from the same origins."""
    read, lags, horizon, ends, _ = PLANS[name]
    values = read().values
    ends = dict(zip(("train", "validation", "test"), (*ends, len(values)), strict=True))
    origins = lab.split(len(values), ends, lags, horizon)
    origins["test"] = origins["test"][:: config.every]
    parts = {part: lab.windows(values, o, lags, horizon) for part, o in origins.items()}
    truth = parts["test"][1]
    errors = {
        model: np.abs(forecast - truth)[None]
        for model, forecast in baselines(config, name, values, origins, ends).items()
    }
    reference = "arima" if config.classical else "linear"  # named before anything was measured
    for model, (kind, relative, direct) in NETS.items():
        errors[model] = np.stack([
            np.abs(net(config, kind, relative, direct, parts, seed) - truth)
            for seed in config.seeds
        ])  # fmt: skip
    base = errors[reference].mean((0, 2))
    found = {model: told(e, base, horizon, config.every) for model, e in errors.items()}
    return found | {
        "reference": reference, "horizon": horizon, "window": lags,
        "origins": {part: len(o) for part, o in origins.items()}, "example": example(parts["test"]),
    }  # fmt: skip


def example(test):
    """Mean and spread of what is to be forecast, to read errors by."""
    return {"mean": float(test[1].mean()), "spread": float(test[1].std())}


def told(errors, base, horizon, every):
    """errors (S, n, K) of S seeds as a mean, by step, by seed, and minus the reference's (n,).

    The interval of the difference is over blocks of time, of the seeds' mean error.
    """
    by_seed = errors.mean((1, 2))
    difference = errors.mean((0, 2)) - base
    block = min(-(-horizon // every), len(base))
    low, high = lab.block_interval(difference, block)
    return {
        "error": median(by_seed), "worst": float(by_seed.max()), "best": float(by_seed.min()),
        "by_seed": by_seed.tolist(), "by_step": np.median(errors.mean(1), 0).tolist(),
        "above": {"mean": float(difference.mean()), "low": low, "high": high},
    }  # fmt: skip


def baselines(config, name, values, origins, ends):
    """Forecasts (n, horizon) from the test origins, by baseline.

    What has parameters is fitted to all that lies before the test part.
    """
    read, lags, horizon, _, (order, seasonal, trend) = PLANS[name]
    season, test = read().season, origins["test"]
    known = ends["validation"]
    fit_on = lab.windows(values, np.arange(lags, known - horizon + 1), lags, horizon)
    weights = lab.fit_linear(*fit_on)
    x, _ = lab.windows(values, test, lags, horizon)
    found = {
        "last": lab.last_value(values, test, horizon),
        "seasonal": lab.seasonal_naive(values, test, horizon, season),
        "rise": lab.seasonal_rise(values, test, horizon, season),
        "linear": lab.linear(weights, x),
        "linear_fed": lab.feed_back(lambda w: lab.linear(weights[:, :1], w)[:, 0], x, horizon),
    }
    if config.classical:
        found["arima"] = lab.arima(values, known, test, horizon, order, seasonal, trend)
        if season == 12:  # a cycle of the sun is no fixed season
            found["ets"] = lab.ets(values, known, test, horizon, season)
    return found


def net(config, kind, relative, direct, parts, seed):
    """Train one net -> its forecasts (n, horizon) from the test windows."""
    horizon = parts["test"][1].shape[1]
    outputs = horizon if direct else 1
    trained = {part: (x, y[:, :outputs]) for part, (x, y) in parts.items()}
    x = parts["train"][0]
    model = lab.Forecaster(lab.Net(kind, x.shape[1], config.hidden, outputs, seed), x, relative)
    lab.train(model, trained, updates=config.updates, batch=config.batch, lr=config.lr, seed=seed)
    if direct:
        return model(parts["test"][0])
    return lab.feed_back(lambda w: model(w)[:, 0], parts["test"][0], horizon)
