"""Handwritten digits read one pixel a step: tanh, IRNN and LSTM, row by row and permuted."""

from dataclasses import dataclass

import numpy as np
import torch

from course_utils.lab.compiled_nets import compiled
from course_utils.lab.statistics import median
from course_utils.lab.torch_models import (
    Net,
    class_accuracy,
    class_loss,
    class_tensors,
    parameters,
)
from course_utils.tasks import Digits, digits
from course_utils.training import fit, torch_step

# name -> cell, its start, and whether the input weights are PyTorch's after all
NETS = {
    "tanh": ("rnn", {}, False),
    "irnn": ("rnn_relu", {"scheme": "identity"}, True),
    "irnn_small": ("rnn_relu", {"scheme": "identity"}, False),  # input weights about 0.001
    "lstm": ("lstm", {"retention": 0.95}, False),
}
ORDERS = {"rows": ("tanh", "irnn", "irnn_small", "lstm"), "permuted": ("tanh", "irnn", "lstm")}


@dataclass(frozen=True)
class Config:
    """Networks' size and training.

    The learning rate is the one that validates best on the first seed; of each run the state that
    validates best is tested.
    """

    hidden: int = 64
    batch: int = 32
    lr: tuple = (0.0003, 0.001, 0.003)
    clip: float = 1.0
    updates: int = 2500
    every: int = 125
    seeds: tuple = (0, 1, 2, 3, 4)


QUICK = Config(hidden=16, lr=(0.003,), updates=150, every=50, seeds=(0,))


def run(config, progress=iter):
    """By order of the pixels and network: accuracy on the test part, by seed and its median."""
    results = {"steps": Digits().steps, "of": len(config.seeds)}
    results |= {part: len(Digits(part).rows) for part in digits.PARTS}
    for order, names in progress(tuple(ORDERS.items())):
        results[order] = {name: rates(config, order == "permuted", name) for name in names}
    return results


def data(config):
    """The pictures, by their hash."""
    return {"name": "scikit-learn load_digits", "sha256": digits.SHA256}


def rates(config, permuted, name):
    """One network: its learning rate, then every seed with that."""
    first, *others = config.seeds
    tried = {lr: run_seed(config, permuted, name, first, lr) for lr in config.lr}
    lr = max(tried, key=lambda lr: tried[lr]["validation"])
    rows = [tried[lr], *(run_seed(config, permuted, name, seed, lr) for seed in others)]
    test = [row["test"] for row in rows]
    return {
        "lr": lr,
        "accuracy": test,
        "median": median(test),
        "worst": min(test),
        "best": max(test),
        "parameters": rows[0]["parameters"],
    }


def run_seed(config, permuted, name, seed, lr):
    """Train one network; its accuracy on validation and test where validation was best."""
    train, held, test = (Digits(part, permuted) for part in digits.PARTS)
    model, rng = network(config, name, seed), np.random.default_rng((seed, 1))
    held, test = class_tensors(held.all()), class_tensors(test.all())
    best = {"validation": -1.0, "test": 0.0}

    def check():
        score = class_accuracy(model, held)
        if score > best["validation"]:
            best.update(validation=score, test=class_accuracy(model, test))
        return score

    step = torch_step(
        model,
        class_loss,
        lambda: class_tensors(train.sample(rng, config.batch)),
        lr=lr,
        clip=config.clip,
    )
    fit(step, config.updates, check=check, every=config.every, bar=False)
    return best | {"parameters": parameters(model)}


def network(config, name, seed):
    """The network of one name, drawn from one seed."""
    key, start, wide = NETS[name]
    model = Net(key, 1, config.hidden, digits.CLASSES, seed, last=True, **start)
    if wide:
        bound = config.hidden**-0.5
        drawn = np.random.default_rng((seed, 2)).uniform(-bound, bound, (config.hidden, 1))
        with torch.no_grad():
            model.layer.weight_ih_l0.copy_(torch.from_numpy(drawn))
    return compiled(model)
