"""Twenty-one seconds of a heart: is the marked stretch where a forecast fails?

Trained on the first half, in which nothing is marked; the marked stretch is in the rest.  The score
of a moment is the mean square of the forecast's errors around it; beside it the distance of the
window around it to the nearest training window, and the amplitude.  One marked stretch is one case,
whatever the number of seeds.  About 2 CPU seconds a seed.
"""

from dataclasses import dataclass

import numpy as np

from course_utils.lab import forecasting as lab
from course_utils.lab.statistics import median
from course_utils.tasks import recordings
from course_utils.tasks.packaged import named


@dataclass(frozen=True)
class Config:
    """Every n-th sample is kept (their mean); window in samples, and training."""

    every: int = 3
    lags: int = 30
    around: int = 48  # samples that a score is averaged over: 0.4 s
    ends: tuple = (0.45, 0.6)  # of train and validation
    hidden: int = 24
    updates: int = 500
    batch: int = 64
    lr: float = 0.005
    seeds: tuple = tuple(range(10))


QUICK = Config(hidden=8, updates=60, lr=0.01, seeds=(0,))


def run(config, progress=iter):
    """By score: the chance that a marked moment scores higher than one that is not (AUC)."""
    trace = recordings.ecg()
    n = len(trace.values) // config.every
    values = trace.values[: n * config.every].reshape(n, config.every).mean(1)
    marked = trace.marked[: n * config.every].reshape(n, config.every).any(1)
    ends = dict(zip(("train", "validation", "test"), (*config.ends, 1), strict=True))
    origins = lab.split(n, {k: int(end * n) for k, end in ends.items()}, config.lags, 1)
    parts = {part: lab.windows(values, o, config.lags, 1) for part, o in origins.items()}
    truth = marked[origins["test"]]
    x, y = parts["test"]
    weights = lab.fit_linear(*parts["train"])
    linear = (lab.linear(weights, x) - y)[:, 0]
    scores = {
        "amplitude": np.abs(y[:, 0] - np.median(values[: int(config.ends[0] * n)])),
        "linear": around(linear**2, config.around),
        "nearest": nearest(config, values, origins),
    }
    results = {name: {"auc": auc(score, truth)} for name, score in scores.items()}
    errors = {"linear": float((linear**2).mean()), "last": float(((x[:, -1:] - y) ** 2).mean())}
    rows, squares = [], []
    for seed in progress(config.seeds):
        model = lab.Forecaster(
            lab.Net("lstm", config.lags, config.hidden, 1, seed), x=parts["train"][0]
        )
        lab.train(model, parts, updates=config.updates, batch=config.batch, lr=config.lr, seed=seed)
        square = ((model(x) - y) ** 2)[:, 0]
        rows.append(auc(around(square, config.around), truth))
        squares.append(float(square.mean()))
    results["lstm"] = {"auc": median(rows), "by_seed": rows}
    errors |= {"lstm": median(squares), "lstm_by_seed": squares}
    return results | {
        "of": len(config.seeds), "errors": errors, "tested": len(truth),
        "marked": int(truth.sum()), "stretches": int((np.diff(marked.astype(int)) == 1).sum()),
    }  # fmt: skip


def data(config):
    """One file."""
    return named(recordings.ECG)


def around(score, width):
    """The mean of the neighbours of each moment (n,)."""
    return np.convolve(score, np.ones(width), "same") / np.convolve(
        np.ones_like(score), np.ones(width), "same"
    )


def nearest(config, values, origins):
    """Distance of the window around each test moment to the nearest one of the training part."""
    width = config.around

    def cut(at):
        starts = np.clip(at - width // 2, 0, len(values) - width)
        return values[starts[:, None] + np.arange(width)]

    known = cut(origins["train"][width:-width])
    return np.array([((known - window) ** 2).sum(1).min() for window in cut(origins["test"])])


def auc(score, truth):
    """The chance that a marked moment scores above one that is not; ties count half."""
    ranks = np.searchsorted(np.sort(score), score, "left") + np.searchsorted(
        np.sort(score), score, "right"
    )
    ones = int(truth.sum())
    below = (ranks[truth] + 1).sum() / 2 - ones * (ones + 1) / 2
    return float(below / (ones * (len(truth) - ones)))
