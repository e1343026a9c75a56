"""A signal of many frequencies, made without an input: clockwork, plain RNN and LSTM.

After the generation of audio in Koutník et al. 2014, 320 samples learned by heart, as quoted by
two public reimplementations.  Here each seed has a signal of its own, a sum of sines with periods
from 5 to 160 steps; about as many weights for all; Adam on the full gradient; the learning rate
that is best for a net in the median of a few other seeds.  The error is the mean squared error over
the signal's variance.  About a CPU minute in all.
"""

from dataclasses import dataclass

import numpy as np

from course_utils.lab import clocks
from course_utils.lab.numpy_models import init_model, layer_of
from course_utils.lab.statistics import median, median_interval
from course_utils.numpy_nn import many
from course_utils.numpy_nn.optim import Adam

NETS = ("clockwork", "rnn", "lstm", "lstm_keeps")


@dataclass(frozen=True)
class Config:
    """Signal; modules with periods 1, 2, 4, … and their size; units of the others; training."""

    steps: int = 320
    sines: int = 4
    shortest: float = 5.0
    longest: float = 160.0
    modules: int = 8
    size: int = 4
    rnn: int = 24
    lstm: int = 12
    retention: float = 0.99  # of the net lstm_keeps
    lrs: tuple = (0.003, 0.01, 0.03)
    updates: int = 800
    searched: tuple = tuple(range(100, 103))
    seeds: tuple = tuple(range(20))


QUICK = Config(
    steps=40, shortest=4.0, longest=30.0, modules=5, size=4, rnn=16, lstm=8, lrs=(0.01,),
    updates=150, searched=(100,), seeds=(0, 1, 2),
)  # fmt: skip


def run(config, progress=iter):
    """By net: the error of every seed, their median, the learning rate; one signal as drawn."""
    results = {"of": len(config.seeds), "weights": weights(config)}
    for name in progress(NETS):
        tried = {
            lr: median(trained(config, name, lr, config.searched)[0].tolist()) for lr in config.lrs
        }
        lr = min(tried, key=tried.get)
        errors, y = trained(config, name, lr, config.seeds)
        low, high = median_interval(errors)
        results[name] = {
            "lr": lr,
            "tried": list(tried.values()),
            "error": median(errors.tolist()),
            "low": low,
            "high": high,
            "by_seed": errors.tolist(),
            "first": np.round(y[0], 3).tolist(),
        }
    results["signal"] = np.round(signal(config, config.seeds[0]), 3).tolist()
    return results


def signal(config, seed):
    """A sum of sines with periods drawn evenly on a log scale, its largest value 1 (T,)."""
    rng = np.random.default_rng((seed, 0))
    ends = np.log([config.shortest, config.longest])
    periods = np.exp(rng.uniform(*ends, config.sines))
    phases = rng.uniform(0, 2 * np.pi, config.sines)
    t = np.arange(config.steps)[:, None]
    y = np.sin(2 * np.pi * t / periods + phases).sum(axis=1)
    return y / np.abs(y).max()


def weights(config):
    """How many numbers each net learns: recurrent weights, a bias a gate, the readout."""
    periods, H, L = [2**k for k in range(config.modules)], config.rnn, config.lstm
    units = config.modules * config.size
    lstm = 4 * L * (L + 1) + L + 1
    return {
        "clockwork": clocks.weights(periods, config.size, 0) + units + 1,
        "rnn": H * (H + 1) + H + 1,
        "lstm": lstm,
        "lstm_keeps": lstm,
    }


def trained(config, name, lr, seeds):
    """Nets of one kind side by side -> errors (K,), the signals that they make (K, T)."""
    key, options, run_options = kind(config, name)
    hidden = {"clockwork": config.modules * config.size, "rnn": config.rnn}.get(key, config.lstm)
    params = many.stack([
        init_model(key, 1, hidden, 1, np.random.default_rng((seed, 1)), np.float32, **options)
        for seed in seeds
    ])  # fmt: skip
    target = np.stack([signal(config, seed) for seed in seeds])[:, :, None, None]  # (K, T, 1, 1)
    target = target.astype(np.float32)
    x = np.zeros((config.steps, 1, 1), np.float32)
    adam, workspace = many.Each(Adam(lr=lr)), many.Workspace()
    moments = adam.init(params)
    for update in range(config.updates + 1):
        y, _, tape = many.unroll(key, layer_of(params), x, workspace=workspace, **run_options)
        answers = many.affine(params["out_weight"], params["out_bias"], y)
        losses, danswers = many.mses(answers, target)
        if update == config.updates:
            break
        dy, dweight, dbias = many.affine_backward(params["out_weight"], y, danswers)
        _, _, grads = many.unroll_backward(tape, dy)
        grads |= {"out_weight": dweight, "out_bias": dbias}
        grads, _ = many.clip_norm(grads, 1.0)
        params, moments = adam.update(params, grads, moments)
    return losses / target.var(axis=(1, 2, 3)), answers[..., 0, 0]


def kind(config, name):
    """The key of a net's cell, how its parameters are drawn, how it runs."""
    if name == "clockwork":
        periods = {"periods": tuple(2**k for k in range(config.modules))}
        return "clockwork", {"config": periods}, {"config": periods}
    if name == "lstm_keeps":
        return "lstm", {"retention": config.retention}, {}
    return name, {}, {}
