"""Depth at equal parameters: one, two and four LSTM layers, each depth as wide as the budget allows.

Two tasks: the Irish tunes, letter by letter (bits a character on tunes held out), and digits, a
row of eight pixels a step (accuracy).  Every network is trained at two learning rates; that with
the better median over seeds on held-out data counts; for the digits it is then tested on others.
One to three CPU seconds a network.
"""

from dataclasses import dataclass
from functools import partial

import numpy as np
import torch

from course_utils.lab import language_models as lm
from course_utils.lab.seeds import over_seeds
from course_utils.lab.statistics import median, median_interval
from course_utils.lab.torch_models import class_accuracy, class_loss, class_tensors, parameters
from course_utils.tasks import Digits, digits, tunes
from course_utils.training import fit, torch_step


@dataclass(frozen=True)
class Config:
    """Depths; for each task a budget of parameters, learning rates, training."""

    depths: tuple = (1, 2, 4)
    lrs: tuple = (0.003, 0.01)
    digit_weights: int = 6000
    digit_updates: int = 250
    digit_batch: int = 32
    tune_weights: int = 20000
    tunes: int = 500  # of the collection, from its start
    embedding: int = 16
    passes: int = 2
    tune_batch: int = 32
    length: int = 48
    digit_seeds: tuple = tuple(range(15))
    seeds: tuple = tuple(range(8))


QUICK = Config(
    depths=(1, 2), lrs=(0.02,), digit_weights=2500, digit_updates=60, tune_weights=4000, tunes=60,
    passes=1, digit_seeds=(0,), seeds=(0,),
)  # fmt: skip


def run(config, progress=iter):
    """By task and depth: the units of a layer, parameters, the median of what was reached."""
    results = {"depths": list(config.depths)}
    for task, seeds, better in (
        (digit_net, config.digit_seeds, max), (tune_net, config.seeds, min)
    ):  # fmt: skip
        name = task.__name__.removesuffix("_net") + "s"
        results[name] = {"of": len(seeds)}
        for depth in progress(config.depths):
            results[name][str(depth)] = at_depth(config, task, depth, seeds, better, progress)
    return results


def data(config):
    """The pictures and the tunes, by their hashes."""
    return {"digits": digits.SHA256, "tunes": book(config).sha256}


def at_depth(config, task, depth, seeds, better, progress):
    """Every seed at every learning rate; what the better rate reached."""
    rows = {lr: over_seeds(partial(task, config, depth, lr), seeds, progress) for lr in config.lrs}
    lr = better(rows, key=lambda lr: median(rows[lr], "held"))
    reached = [row["reached"] for row in rows[lr]]
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


def widest(budget, count):
    """The largest number of units with which count(units) parameters stay in the budget."""
    hidden = 1
    while count(hidden + 1) <= budget:
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


def digit_net(config, depth, lr, seed):
    """Train one reader of digits; its accuracy on the test part, and on the held-out one."""
    hidden = widest(
        config.digit_weights, lambda h: stack_parameters(8, h, depth) + digits.CLASSES * (h + 1)
    )
    torch.manual_seed(seed)
    model, rng = Reader(8, hidden, digits.CLASSES, depth), np.random.default_rng((seed, 1))
    train, held, test = (Digits(part) for part in digits.PARTS)
    step = torch_step(model, class_loss, lambda: rows_of(train.sample(rng, config.digit_batch)),
                      lr=lr)  # fmt: skip
    fit(step, config.digit_updates, bar=False)
    return {
        "hidden": hidden,
        "parameters": parameters(model),
        "held": class_accuracy(model, rows_of(held.all())),
        "reached": class_accuracy(model, rows_of(test.all())),
    }


def rows_of(batch):
    """Pixels (64, n, 1), one a step -> tensors, rows (8, n, 8), eight pixels a step."""
    x = batch.x.reshape(8, 8, -1).transpose(0, 2, 1)
    return class_tensors(batch._replace(x=x))


def book(config):
    """The tunes."""
    return tunes.Tunes(tunes.oneill().tunes[: config.tunes])


def tune_net(config, depth, lr, seed):
    """Train one character model; bits a character on the validation part."""
    text, E = book(config), config.embedding
    V = len(text.text.vocabulary)
    hidden = widest(
        config.tune_weights,
        lambda h: V * E + stack_parameters(E, h, depth) + V * (h + 1),
    )
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    model = lm.CharModel(V, E, hidden, depth)
    passes = [text.shuffled("train", rng) for _ in range(config.passes)]
    lm.train(model, passes, batch=config.tune_batch, length=config.length, lr=lr)
    held, before = text.ids("validation"), text.ids("train")[-2000:]
    bits = float(lm.surprises(model, held, before).mean())
    return {"hidden": hidden, "parameters": parameters(model), "held": bits, "reached": bits}
