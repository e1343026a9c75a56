"""The price of oil: tomorrow's price, tomorrow's direction, and how much it will move.

Days to 2005 train, to 2010 validate, from 2011 on they are tested.  "level": an LSTM that says
tomorrow's price from a window of prices, as many tutorials do.  "return": one that says tomorrow's
return from returns.  "size": one that says the logarithm of the return's absolute value.  Beside
them the random walk, least squares, and for the size the mean of the last days.  "smoothed": the
same least squares on returns averaged over neighbouring days before anything was split.  About 7
CPU seconds a seed.
"""

from dataclasses import dataclass

import numpy as np

from course_utils.lab import forecasting as lab
from course_utils.lab.statistics import median, rate_interval
from course_utils.tasks import series
from course_utils.tasks.packaged import named

YEARS = (2006, 2011)  # validation and test begin
LEAST = 1e-3  # a return of less than a tenth of a per cent counts as that, before the logarithm


@dataclass(frozen=True)
class Config:
    """Days in a window; days that are averaged; hidden units and training."""

    lags: int = 20
    around: int = 2
    hidden: int = 16
    updates: int = 600
    batch: int = 64
    lr: float = 0.003
    seeds: tuple = tuple(range(10))


QUICK = Config(lags=10, hidden=8, updates=60, lr=0.01, seeds=(0,))


def run(config, progress=iter):
    """Errors relative to the best that knows nothing of order, with intervals over time."""
    oil = series.oil()
    starts = np.searchsorted(oil.times, YEARS)
    price, returns = oil.values, np.diff(np.log(oil.values))
    results = {"of": len(config.seeds), "days": len(price), "lags": config.lags}
    results["return"] = of_returns(config, returns, starts - 1, progress)
    results["level"] = of_levels(config, price, starts)
    results["size"] = of_sizes(config, np.log(np.maximum(np.abs(returns), LEAST)), starts - 1)
    results["smoothed"] = smoothed(config, returns, starts - 1)
    return results


def data(config):
    """One file."""
    return named(series.OIL)


def parts_of(config, values, starts):
    """One step ahead, parts by time."""
    ends = dict(zip(("train", "validation", "test"), (*starts, len(values)), strict=True))
    origins = lab.split(len(values), ends, config.lags, 1)
    return {part: lab.windows(values, o, config.lags, 1) for part, o in origins.items()}


def nets(config, parts, relative, progress=iter):
    """Forecasts (S, n) of an LSTM from each seed."""
    x = parts["train"][0]
    found = []
    for seed in progress(config.seeds):
        net = lab.Net("lstm", config.lags, config.hidden, 1, seed)
        model = lab.Forecaster(net, x, relative)
        lab.train(model, parts, updates=config.updates, batch=config.batch, lr=config.lr, seed=seed)
        found.append(model(parts["test"][0])[:, 0])
    return np.stack(found)


def beside(forecasts, truth, reference):
    """Mean square over that of ``reference`` (n,), forecasts (S, n); blocks of 20 days."""
    squares = (forecasts - truth) ** 2
    base = ((reference - truth) ** 2).mean()
    ratios = squares.mean(1) / base
    difference = squares.mean(0) - (reference - truth) ** 2
    low, high = lab.block_interval(difference, 20)
    return {
        "ratio": median(ratios), "worst": float(ratios.max()), "best": float(ratios.min()),
        "by_seed": ratios.tolist(), "low": float(1 + low / base), "high": float(1 + high / base),
    }  # fmt: skip


def direction(forecasts, truth):
    """Share of days on which the sign is right, days without a change left out."""
    moved = truth != 0
    shares = ((forecasts > 0) == (truth > 0))[:, moved].mean(1)
    low, high = rate_interval(round(median(shares) * moved.sum()), int(moved.sum()))
    return {"share": median(shares), "by_seed": shares.tolist(), "low": low, "high": high,
            "days": int(moved.sum())}  # fmt: skip


def least_squares(parts):
    """Forecasts (1, n) of the first step on windows as they are."""
    design = [np.c_[np.ones(len(parts[p][0])), parts[p][0]] for p in ("train", "test")]
    weights = np.linalg.lstsq(design[0], parts["train"][1][:, 0], rcond=None)[0]
    return (design[1] @ weights)[None]


def of_returns(config, returns, starts, progress):
    """Tomorrow's return beside zero, the random walk's."""
    parts = parts_of(config, returns, starts)
    truth = parts["test"][1][:, 0]
    walk = np.zeros_like(truth)
    found = {"lstm": nets(config, parts, False, progress), "linear": least_squares(parts),
             "drift": np.full((1, len(truth)), parts["train"][1].mean())}  # fmt: skip
    results = {k: beside(f, truth, walk) | {"direction": direction(f, truth)}
               for k, f in found.items()}  # fmt: skip
    ups = np.ones((1, len(truth)))
    return results | {"up": direction(ups, truth), "tested": len(truth)}


def of_levels(config, price, starts):
    """Tomorrow's price beside today's: the share of variance explained by each, and the ratio."""
    parts = parts_of(config, price, starts)
    truth, today = parts["test"][1][:, 0], parts["test"][0][:, -1]
    level = nets(config, parts, False)
    change = nets(config, parts, True)
    return {
        "lstm": beside(level, truth, today) | {"explained": explained(level, truth)},
        "relative": beside(change, truth, today) | {"explained": explained(change, truth)},
        "walk": {"explained": explained(today[None], truth)},
    }


def explained(forecasts, truth):
    """R²: 1 - mean square error / variance, the median over seeds."""
    return median(1 - ((forecasts - truth) ** 2).mean(1) / truth.var())


def of_sizes(config, sizes, starts):
    """The logarithm of tomorrow's |return| beside the training part's mean."""
    parts = parts_of(config, sizes, starts)
    x, truth = parts["test"][0], parts["test"][1][:, 0]
    constant = np.full(len(truth), parts["train"][1].mean())
    found = {"mean": x.mean(1)[None], "last": x[:, -1][None], "linear": least_squares(parts),
             "lstm": nets(config, parts, False)}  # fmt: skip
    results = {k: beside(f, truth, constant) for k, f in found.items()}
    results["lstm"]["beside_linear"] = beside(found["lstm"], truth, found["linear"][0])
    return results


def smoothed(config, returns, starts):
    """Least squares that is asked for returns averaged over neighbours, future ones included."""
    width = 2 * config.around + 1
    mean = np.convolve(returns, np.full(width, 1 / width), mode="same")
    parts = parts_of(config, mean, starts)
    truth = parts["test"][1][:, 0]
    forecast = least_squares(parts)
    real = parts_of(config, returns, starts)["test"][1]
    return {
        "asked": {"explained": explained(forecast, truth), "direction": direction(forecast, truth)},
        "past": past_mean(config, returns, starts, width),
        "sees": float(np.corrcoef(forecast[0], real[:, 0])[0, 1]),
    }


def past_mean(config, returns, starts, width):
    """The same with averages of past days alone, asked for the day that comes."""
    mean = np.convolve(returns, np.full(width, 1 / width))[: len(returns)]
    parts = parts_of(config, mean, starts)
    target = parts_of(config, returns, starts)
    mixed = {k: (parts[k][0], target[k][1]) for k in parts}
    truth = mixed["test"][1][:, 0]
    forecast = least_squares(mixed)
    return {"explained": explained(forecast, truth), "direction": direction(forecast, truth)}
