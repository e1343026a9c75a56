"""The adding problem without gates: rectified linear units that start at the identity.

The counter-example to "a number that must be picked needs a gate": Le, Jaitly & Hinton 2015 start a
plain recurrent network of rectified linear units with W_hh = I and biases of zero.  Departure: the
input weights are PyTorch's, not near zero.  Beside it the same start with tanh in place of the
rectifier.  About 20 CPU seconds a seed.
"""

from dataclasses import dataclass
from functools import partial

import torch

from course_utils.lab.adding_nets import learn
from course_utils.lab.seeds import over_seeds
from course_utils.lab.statistics import median
from course_utils.lab.torch_models import Net


@dataclass(frozen=True)
class Config:
    """Networks as (name, cell); sizes and training.  Batch, updates, share: as in ``adding``."""

    nets: tuple = (("irnn", "rnn_relu"), ("tanh", "rnn"))
    length: int = 50
    hidden: int = 64
    batch: int = 32
    lr: float = 1e-3
    updates: int = 2500
    wrong: float = 0.01
    seeds: tuple = tuple(range(20))


QUICK = Config(
    nets=(("irnn", "rnn_relu"),), length=22, hidden=32, lr=3e-3, updates=300, wrong=0.5, seeds=(0,)
)


def run(config, progress=iter):
    """{name: solved, sequences (median of those that solved it), seeds}."""
    results = {"of": len(config.seeds)}
    for name, key in progress(config.nets):
        rows = over_seeds(partial(one_seed, config, key), config.seeds, progress)
        took = [row["sequences"] for row in rows if row["solved"]]
        results[name] = {
            "solved": len(took),
            "sequences": median(took),
            "seeds": rows,
        }
    return results


def one_seed(config, key, seed):
    """Train one network from the identity until it is right often enough, or time is up."""
    model = Net(key, 2, config.hidden, 1, seed, last=True)
    with torch.no_grad():
        model.layer.weight_hh_l0.copy_(torch.eye(config.hidden))
        for bias in (model.layer.bias_ih_l0, model.layer.bias_hh_l0):
            bias.zero_()
    history, _ = learn(config, model, config.length, seed)
    return {
        "solved": history.stopped,
        "sequences": history.updates * config.batch,
        "wrong": history.checks[-1][1],
    }
