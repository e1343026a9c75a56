"""What three leaks fake: windows that are shuffled, a trend and a scale that know the future.

Each forecast is made twice, with the leak and without, by the same model with the same settings.
"shuffled": windows that overlap are dealt out to train and test like cards.  "trend": a straight
line is fitted to the whole series and subtracted, or to the training part alone.  "scale": mean and
spread of the whole series, or of the training part.  About 11 CPU seconds a seed.
"""

from dataclasses import dataclass

import numpy as np

from course_utils.lab import forecasting as lab
from course_utils.lab.statistics import median
from course_utils.tasks import series
from course_utils.tasks.packaged import named

# series: window, horizon, ends of train and validation
PLANS = {
    "co2": (series.co2, 36, 24, (276, 372)),
    "sunspots": (series.sunspots, 22, 11, (180, 221)),
}


@dataclass(frozen=True)
class Config:
    """Hidden units and training of the nets."""

    hidden: int = 32
    updates: int = 600
    batch: int = 32
    lr: float = 0.003
    seeds: tuple = tuple(range(10))


QUICK = Config(hidden=8, updates=60, lr=0.01, seeds=(0,))


def run(config, progress=iter):
    """By leak, series and model: mean absolute error with ("leaky") and without ("clean")."""
    results = {"of": len(config.seeds), "shuffled": {}}
    for name in progress(tuple(PLANS)):
        results["shuffled"][name] = shuffled(config, name)
    for leak in ("trend", "scale"):
        results[leak] = future_known(config, leak)
    return results


def data(config):
    """Both files."""
    return named(series.CO2, series.SUNSPOTS)


def both(clean, leaky):
    """Medians over seeds, and how many times too good the leak makes it."""
    return {"clean": median(clean), "leaky": median(leaky),
            "clean_by_seed": list(clean), "leaky_by_seed": list(leaky),
            "faked": median(clean) / median(leaky)}  # fmt: skip


def shuffled(config, name):
    """Nearest window, least squares and MLP, with parts by time and parts by chance."""
    read, lags, horizon, ends = PLANS[name]
    values = read().values
    ends = dict(zip(("train", "validation", "test"), (*ends, len(values)), strict=True))
    clean = lab.split(len(values), ends, lags, horizon)
    sizes = np.cumsum([len(o) for o in clean.values()])
    every = np.arange(lags, len(values) - horizon + 1)
    errors = {}
    for seed in config.seeds:
        drawn = np.random.default_rng((seed, 3)).permutation(every)
        leaky = dict(zip(clean, np.split(drawn, sizes[:-1]), strict=True))
        leaky["test"] = drawn[sizes[1] : sizes[2]]
        for way, origins in (("clean", clean), ("leaky", leaky)):
            parts = {k: lab.windows(values, o, lags, horizon) for k, o in origins.items()}
            for model, forecast in forecasts(config, parts, seed).items():
                error = float(np.abs(forecast - parts["test"][1]).mean())
                errors.setdefault(model, {"clean": [], "leaky": []})[way].append(error)
    return {model: both(found["clean"], found["leaky"]) for model, found in errors.items()}


def forecasts(config, parts, seed):
    """Forecasts of the test part by three models."""
    x, y = parts["train"]
    asked = parts["test"][0]
    shape, shown = (v - v[:, -1:] for v in (x, asked))  # windows are compared by their shape
    squares = (shown**2).sum(1)[:, None] + (shape**2).sum(1) - 2 * shown @ shape.T
    like = squares.argmin(1)
    return {
        "nearest": (y - x[:, -1:])[like] + asked[:, -1:],
        "linear": lab.linear(lab.fit_linear(x, y), asked),
        "mlp": trained(config, "mlp", parts, seed)(asked),
    }


def trained(config, kind, parts, seed, *, relative=True, scaled=True):
    """A net trained on the parts; scaled: by the training windows."""
    x, y = parts["train"]
    net = lab.Net(kind, x.shape[1], config.hidden, y.shape[1], seed)
    model = lab.Forecaster(net, x, relative)
    if not scaled:
        model.mean, model.scale = 0.0, 1.0
    lab.train(model, parts, updates=config.updates, batch=config.batch, lr=config.lr, seed=seed)
    return model


def future_known(config, leak):
    """Carbon dioxide by an LSTM that says levels, prepared with and without the future."""
    read, lags, horizon, ends = PLANS["co2"]
    values = read().values
    ends = dict(zip(("train", "validation", "test"), (*ends, len(values)), strict=True))
    origins = lab.split(len(values), ends, lags, horizon)
    truth = lab.windows(values, origins["test"], lags, horizon)[1]
    at = origins["test"][:, None] + np.arange(horizon)
    found = {}
    for way, known in (("clean", ends["train"]), ("leaky", len(values))):
        shift, scale = PREPARE[leak](values, known)
        ready = (values - shift) / scale
        parts = {k: lab.windows(ready, o, lags, horizon) for k, o in origins.items()}
        found[way] = []
        for seed in config.seeds:
            model = trained(config, "lstm", parts, seed, relative=False, scaled=leak != "scale")
            forecast = model(parts["test"][0]) * scale + shift[at]
            found[way].append(float(np.abs(forecast - truth).mean()))
    return both(found["clean"], found["leaky"])


def line(values, known):
    """A straight line through the first ``known`` values, and no scale."""
    steps = np.arange(len(values))
    slope, start = np.polyfit(steps[:known], values[:known], 1)
    return start + slope * steps, 1.0


def standard(values, known):
    """Mean and spread of the first ``known`` values."""
    return np.full(len(values), values[:known].mean()), values[:known].std()


PREPARE = {"trend": line, "scale": standard}
