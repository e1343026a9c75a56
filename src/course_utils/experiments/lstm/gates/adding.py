"""The adding problem: RNN, LSTM, and LSTMs that begin by remembering."""

from dataclasses import dataclass

import numpy as np
import torch

from course_utils.lab.torch_models import Net, squared_loss, tensors
from course_utils.tasks import Adding
from course_utils.training import fit, torch_step


@dataclass(frozen=True)
class Config:
    """Lengths, networks as (name, cell, retention or None, input-gate bias), and training."""

    lengths: tuple = (50, 100, 200)
    nets: tuple = (
        ("rnn", "rnn", None, 0.0),
        ("lstm", "lstm", None, 0.0),
        ("lstm_keeps", "lstm", 0.99, 0.0),
        ("lstm_keeps_shut", "lstm", 0.99, -2.0),
    )
    hidden: int = 16
    batch: int = 32
    lr: float = 0.01
    updates: int = 2500
    wrong: float = 0.01  # solved: at most this share of 2560 sequences off by 0.04 or more
    seeds: tuple = (0, 1, 2, 3, 4)


QUICK = Config(
    lengths=(24,), nets=(("lstm_keeps", "lstm", 0.9, 0.0),), updates=600, wrong=0.2, seeds=(0,)
)


def run(config, progress=iter):
    """For each network and length: how many seeds solved it, sequences it took, share wrong."""
    cases = [(net, length) for net in config.nets for length in config.lengths]
    found = {name: {} for name, *_ in config.nets}
    for (name, *net), length in progress(cases):
        rows = [one_seed(config, *net, length, seed) for seed in config.seeds]
        took = [row["sequences"] for row in rows if row["solved"]]
        found[name][str(length)] = {
            "solved": len(took),
            "sequences": float(np.median(took)) if took else None,
            "wrong": [row["wrong"] for row in rows],
            "loss": rows[0]["loss"],
        }
    found["of"] = len(config.seeds)
    found["parameters"] = sum(p.numel() for p in Net("lstm", 2, config.hidden, 1, 0).parameters())
    return found


def one_seed(config, key, retention, input_bias, length, seed):
    """Train one network until it is right often enough, or time is up."""
    _, history, _ = trained(config, key, retention, input_bias, length, seed)
    curve = np.convolve(history.loss, np.ones(25) / 25, "valid")[::25]
    return {
        "solved": history.stopped,
        "sequences": history.updates * config.batch,
        "wrong": history.checks[-1][1],
        "loss": [round(float(v), 6) for v in curve],
    }


def trained(config, key, retention, input_bias, length, seed):
    """The network after training, its history, and the sequences it was tested on."""
    task, rng = Adding(length), np.random.default_rng((seed, 1))
    model = Net(key, 2, config.hidden, 1, seed, last=True, retention=retention)
    if input_bias:
        with torch.no_grad():
            model.layer.bias_ih_l0[: config.hidden] += input_bias  # i comes first in the stack
    test = task.sample(np.random.default_rng((seed, 2)), 2560)
    x = tensors(test).x

    def wrong():
        with torch.no_grad():
            return task.wrong(model(x).numpy(), test.target)

    step = torch_step(
        model, squared_loss, lambda: tensors(task.sample(rng, config.batch)), lr=config.lr
    )
    history = fit(
        step,
        config.updates,
        check=wrong,
        done=lambda share: share <= config.wrong,
        bar=False,
    )
    return model, history, test
