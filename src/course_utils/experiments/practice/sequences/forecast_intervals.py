"""Do intervals that promise 90 % hold 90 %?  Quantiles that a net learned, and conformal ones.

"quantiles": an LSTM trained on the pinball loss for 5, 50 and 95 %.  "conformal": the same, moved
apart (or together) by what the calibration part asks for, each step of the horizon by itself.
"residuals": least squares on the window, plus and minus the calibration part's absolute errors.
Real series and a made one ("noise", an AR(2) process), whose future is drawn as its past was.
About 6 CPU seconds a seed.
"""

from dataclasses import dataclass

import numpy as np

from course_utils.lab import forecasting as lab
from course_utils.lab.statistics import median
from course_utils.tasks import series
from course_utils.tasks.packaged import named

PARTS = ("train", "validation", "calibration", "test")
# series: window, horizon, ends of train, validation and calibration
PLANS = {
    "co2": (36, 24, (216, 276, 396)),
    "sunspots": (22, 11, (144, 180, 244)),
    "noise": (22, 11, (600, 700, 1000)),
}


@dataclass(frozen=True)
class Config:
    """The level, hidden units and training."""

    level: float = 0.9
    hidden: int = 32
    updates: int = 600
    batch: int = 32
    lr: float = 0.003
    seeds: tuple = tuple(range(10))


QUICK = Config(hidden=8, updates=60, lr=0.01, seeds=(0,))


def run(config, progress=iter):
    """By series and method: the share of test values inside, by step, and the mean width."""
    results = {"of": len(config.seeds), "level": config.level}
    for name in progress(tuple(PLANS)):
        rows = [one_seed(config, name, seed) for seed in config.seeds]
        results[name] = {
            method: {
                "inside": median(rows, method, "inside"),
                "worst": min(row[method]["inside"] for row in rows),
                "best": max(row[method]["inside"] for row in rows),
                "by_seed": [row[method]["inside"] for row in rows],
                "width": median(rows, method, "width"),
                "by_step": np.median([row[method]["by_step"] for row in rows], 0).tolist(),
            }
            for method in rows[0]
        }
    return results


def data(config):
    """Both files; the third series is drawn."""
    return named(series.CO2, series.SUNSPOTS)


def values_of(name, seed):
    """The series; "noise" is another one for each seed."""
    if name != "noise":
        return getattr(series, name)().values
    rng, x = np.random.default_rng((seed, 5)), np.zeros(1620)
    for t in range(2, len(x)):  # a damped oscillation with a period of about 11 steps
        x[t] = 1.5 * x[t - 1] - 0.8 * x[t - 2] + rng.standard_normal()
    return x[120:]


def one_seed(config, name, seed):
    """{method: share inside, by step, width} on the test part."""
    lags, horizon, ends = PLANS[name]
    values = values_of(name, seed)
    ends = dict(zip(PARTS, (*ends, len(values)), strict=True))
    origins = lab.split(len(values), ends, lags, horizon)
    parts = {part: lab.windows(values, o, lags, horizon) for part, o in origins.items()}
    return {
        **quantiles(config, parts, seed),
        "residuals": residuals(config, parts),
    }


def quantiles(config, parts, seed):
    """The net's own quantiles, and conformalised (Romano et al. 2019)."""
    edge = (1 - config.level) / 2
    levels = (edge, 0.5, 1 - edge)
    x, y = parts["train"]
    horizon = y.shape[1]
    net = lab.Net("lstm", x.shape[1], config.hidden, len(levels) * horizon, seed)
    model = lab.Forecaster(net, x)
    trained = {k: parts[k] for k in ("train", "validation")}
    lab.train(
        model, trained, updates=config.updates, batch=config.batch, lr=config.lr, seed=seed,
        loss=lab.pinball(levels),
    )  # fmt: skip

    def ends_of(part):
        low, _, high = np.split(model(parts[part][0]), len(levels), 1)
        return low, high

    low, high = ends_of("calibration")
    held = parts["calibration"][1]
    margin = lab.conformal_margin(np.maximum(low - held, held - high), config.level)
    low, high = ends_of("test")
    truth = parts["test"][1]
    return {
        "quantiles": measured(low, high, truth),
        "conformal": measured(low - margin, high + margin, truth),
    }


def residuals(config, parts):
    """Least squares, and split conformal intervals around it (Lei et al. 2018)."""
    weights = lab.fit_linear(*parts["train"])
    x, y = parts["calibration"]
    margin = lab.conformal_margin(np.abs(y - lab.linear(weights, x)), config.level)
    x, y = parts["test"]
    middle = lab.linear(weights, x)
    return measured(middle - margin, middle + margin, y)


def measured(low, high, truth):
    """How often truth (n, K) lies inside, and how wide the intervals are."""
    inside = (low <= truth) & (truth <= high)
    return {
        "inside": float(inside.mean()),
        "by_step": inside.mean(0).tolist(),
        "width": float((high - low).mean()),
    }
