"""Depth at equal parameters: one, two and four LSTM layers, each as wide as the budget allows.

Digits, a row of eight pixels a step.  Every network is trained at two learning rates; that with the
better median over seeds on the validation part counts, and is tested on others.  The tunes of
``lm_studies`` are the other task.  Less than two CPU seconds a network.
"""

from dataclasses import dataclass
from functools import partial

import numpy as np
import torch

from course_utils.lab.seeds import over_seeds
from course_utils.lab.statistics import median, median_interval
from course_utils.lab.torch_models import class_accuracy, class_loss, class_tensors, parameters
from course_utils.tasks import Digits, digits
from course_utils.training import fit, torch_step


@dataclass(frozen=True)
class Config:
    """Depths; a budget of parameters; learning rates, training."""

    depths: tuple = (1, 2, 4)
    lrs: tuple = (0.003, 0.01)
    weights: int = 6000
    updates: int = 200
    batch: int = 32
    seeds: tuple = tuple(range(12))


QUICK = Config(depths=(1, 2), lrs=(0.02,), weights=2500, updates=60, seeds=(0,))


def run(config, progress=iter):
    """By depth: the units of a layer, parameters, accuracy on the test part by seed."""
    results = {"depths": list(config.depths), "of": len(config.seeds)}
    for depth in progress(config.depths):
        results[str(depth)] = at_depth(config, depth, progress)
    return results


def data(config):
    """The pictures, by their hash."""
    return {"name": "scikit-learn load_digits", "sha256": digits.SHA256}


def at_depth(config, depth, progress):
    """Every seed at every learning rate; what the better rate reached."""
    rows = {
        lr: over_seeds(partial(one_seed, config, depth, lr), config.seeds, progress)
        for lr in config.lrs
    }
    lr = max(rows, key=lambda lr: median(rows[lr], "held"))
    reached = [row["test"] for row in rows[lr]]
    low, high = median_interval(reached)
    return {
        "lr": lr,
        "hidden": rows[lr][0]["hidden"],
        "parameters": rows[lr][0]["parameters"],
        "median": median(reached),
        "low": low,
        "high": high,
        "by_seed": reached,
        "held": [median(rows[lr], "held") for lr in config.lrs],
    }


def widest(config, depth):
    """The largest number of units with which the parameters stay in the budget."""
    hidden = 1
    while stack_parameters(8, hidden + 1, depth) + digits.CLASSES * (hidden + 2) <= config.weights:
        hidden += 1
    return hidden


def stack_parameters(inputs, hidden, depth):
    """Parameters of ``depth`` layers of nn.LSTM, which has two biases a gate."""
    return sum(4 * hidden * ((hidden if n else inputs) + hidden + 2) for n in range(depth))


class Reader(torch.nn.Module):
    """x (T, B, D) -> logits (B, N) after the last step: layers of nn.LSTM, and a readout."""

    def __init__(self, inputs, hidden, outputs, depth):
        super().__init__()
        self.layer = torch.nn.LSTM(inputs, hidden, depth)
        self.readout = torch.nn.Linear(hidden, outputs)

    def forward(self, x):
        return self.readout(self.layer(x)[0][-1])


def one_seed(config, depth, lr, seed):
    """Train one reader of digits; its accuracy on the validation part and on the test part."""
    hidden = widest(config, depth)
    torch.manual_seed(seed)
    model, rng = Reader(8, hidden, digits.CLASSES, depth), np.random.default_rng((seed, 1))
    train, held, test = (Digits(part) for part in digits.PARTS)
    step = torch_step(model, class_loss, lambda: rows_of(train.sample(rng, config.batch)), lr=lr)
    fit(step, config.updates, bar=False)
    return {
        "hidden": hidden,
        "parameters": parameters(model),
        "held": class_accuracy(model, rows_of(held.all())),
        "test": class_accuracy(model, rows_of(test.all())),
    }


def rows_of(batch):
    """Pixels (64, n, 1), one a step -> tensors, rows (8, n, 8), eight pixels a step."""
    x = batch.x.reshape(8, 8, -1).transpose(0, 2, 1)
    return class_tensors(batch._replace(x=x))
