"""Depth at equal parameters: one, two and four LSTM layers, each as wide as the budget allows.

Two tasks: digits, a row of eight pixels a step, and the next of 27 letters of Python's help text,
in pieces of 32 that begin with an empty state.  Every network is trained at two learning rates;
that with the better median over seeds on the validation part counts, and is tested on others.
About half a CPU second a network.
"""

from dataclasses import dataclass
from functools import partial

import numpy as np
import torch

from course_utils.lab.searched_tasks import Letters, letters
from course_utils.lab.seeds import over_seeds
from course_utils.lab.statistics import median, median_interval
from course_utils.lab.torch_models import class_accuracy, class_loss, class_tensors, parameters
from course_utils.tasks import Digits, digits
from course_utils.training import fit, torch_step

SIZES = {"digits": (8, digits.CLASSES), "text": (Letters.inputs, Letters.outputs)}


@dataclass(frozen=True)
class Config:
    """Tasks, depths; a budget of parameters; learning rates, training."""

    tasks: tuple = ("digits", "text")
    depths: tuple = (1, 2, 4)
    lrs: tuple = (0.003, 0.01)
    weights: int = 6000
    updates: int = 200
    batch: int = 32  # of the digits; the text has 8 streams
    seeds: tuple = tuple(range(20))


QUICK = Config(
    tasks=("digits",), depths=(1, 2), lrs=(0.02,), weights=2500, updates=60, seeds=(0,)
)  # fmt: skip


def run(config, progress=iter):
    """By depth, and by depth for "text": units of a layer, parameters, the test part by seed."""
    results = {"depths": list(config.depths), "of": len(config.seeds)}
    cases = [(task, depth) for task in config.tasks for depth in config.depths]
    for task, depth in progress(cases):
        here = results if task == "digits" else results.setdefault(task, {})
        here[str(depth)] = at_depth(config, task, depth, progress)
    return results


def data(config):
    """The pictures and the text, by their hashes."""
    return {"scikit-learn load_digits": digits.SHA256, letters().name: letters().sha256}


def at_depth(config, task, depth, progress):
    """Every seed at every learning rate; what the better rate reached."""
    one = one_reader if task == "digits" else one_writer
    rows = {
        lr: over_seeds(partial(one, config, depth, lr), config.seeds, progress) for lr in config.lrs
    }
    better = max if task == "digits" else min  # right answers, or bits
    lr = better(rows, key=lambda lr: median(rows[lr], "held"))
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


def widest(config, task, depth):
    """The largest number of units with which the parameters stay in the budget."""
    inputs, outputs = SIZES[task]
    hidden = 1
    while stack_parameters(inputs, hidden + 1, depth) + outputs * (hidden + 2) <= config.weights:
        hidden += 1
    return hidden


def stack_parameters(inputs, hidden, depth):
    """Parameters of ``depth`` layers of nn.LSTM, which has two biases a gate."""
    return sum(4 * hidden * ((hidden if n else inputs) + hidden + 2) for n in range(depth))


class Reader(torch.nn.Module):
    """x (T, B, D) -> logits (B, N) after the last step, or (T, B, N) after every one."""

    def __init__(self, task, hidden, depth):
        super().__init__()
        inputs, outputs = SIZES[task]
        self.last = task == "digits"
        self.layer = torch.nn.LSTM(inputs, hidden, depth)
        self.readout = torch.nn.Linear(hidden, outputs)

    def forward(self, x):
        y, _ = self.layer(x)
        return self.readout(y[-1] if self.last else y)


def one_reader(config, depth, lr, seed):
    """Train one reader of digits; its accuracy on the validation part and on the test part."""
    hidden = widest(config, "digits", depth)
    torch.manual_seed(seed)
    model, rng = Reader("digits", hidden, depth), np.random.default_rng((seed, 1))
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


def one_writer(config, depth, lr, seed):
    """Train one network on letters; its bits a letter on either half of the held-out text."""
    hidden, task = widest(config, "text", depth), Letters()
    torch.manual_seed(seed)
    model = Reader("text", hidden, depth)
    pieces = task.pieces(np.random.default_rng((seed, 1)), config.updates)
    fit(torch_step(model, letter_loss, lambda: letters_of(*next(pieces)), lr=lr), config.updates,
        bar=False)  # fmt: skip
    with torch.no_grad():
        held, test = (
            float(letter_loss(model, letters_of(*task.held_out(part))) / np.log(2))
            for part in (0, 1)
        )
    return {"hidden": hidden, "parameters": parameters(model), "held": held, "test": test}


def letters_of(x, target):
    """One-hot letters (T, B, 27) and the ones after them (T, B), as tensors."""
    return torch.from_numpy(x.astype(np.float32)), torch.from_numpy(target)


def letter_loss(model, batch):
    """Cross-entropy at every step, in nats."""
    x, target = batch
    return torch.nn.functional.cross_entropy(model(x).flatten(0, 1), target.flatten())
