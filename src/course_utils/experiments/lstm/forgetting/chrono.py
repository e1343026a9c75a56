"""Chrono initialisation against simpler starts, on the adding problem.

Tallec & Ollivier 2018, section 3, at 150 steps in place of their 750, 16 units in place of 128,
Adam in place of RMSprop.  Starts: "one", forget bias 1; "forget", forget bias log(T/2); "both", the
input gate at its negative as well; "chrono", b_f ~ log U(1, T - 1), b_i = -b_f.  All starts are
made for the longest task; the short one shows what they cost where the lag was overestimated.
"""

from dataclasses import dataclass
from functools import partial

import numpy as np

from course_utils.lab.adding_nets import share_wrong
from course_utils.lab.gate_bias import set_layer_bias, set_layer_chrono
from course_utils.lab.seeds import over_seeds
from course_utils.lab.solving import table, train_until_solved
from course_utils.lab.torch_models import Net, squared_loss, tensors
from course_utils.tasks import Adding
from course_utils.training import torch_step


@dataclass(frozen=True)
class Config:
    """Starts, lengths (starts are made for the last), training; solved as in ``adding``."""

    starts: tuple = ("one", "forget", "both", "chrono")
    lengths: tuple = (30, 150)
    hidden: int = 16
    batch: int = 32
    lr: float = 0.01
    updates: int = 1000
    every: int = 50
    wrong: float = 0.01
    seeds: tuple = (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19)


QUICK = Config(starts=("both",), lengths=(22, 40), updates=800, wrong=0.1, seeds=(0,))


def run(config, progress=iter):
    """By start and length: seeds that solved it and the sequences it took."""
    results = {"of": len(config.seeds), "longest": config.lengths[-1]}
    for name, length in progress([(s, n) for s in config.starts for n in config.lengths]):
        rows = over_seeds(partial(run_seed, config, name, length), config.seeds, progress)
        which = "short" if length < config.lengths[-1] else "long"
        results.setdefault(name, {})[which] = table(rows)
    return results


def start(layer, name, longest, seed):
    """Set the biases of the LSTM's gates."""
    if name == "chrono":
        return set_layer_chrono(layer, longest, np.random.default_rng((seed, 3)))
    bias = 1.0 if name == "one" else float(np.log(longest / 2))
    set_layer_bias(layer, "f", bias)
    if name == "both":
        set_layer_bias(layer, "i", -bias)


def run_seed(config, name, length, seed):
    """Train one network until it is right often enough, or time is up."""
    task, rng = Adding(length), np.random.default_rng((seed, 1))
    model = Net("lstm", 2, config.hidden, 1, seed, last=True)
    start(model.layer, name, config.lengths[-1], seed)
    test = task.sample(np.random.default_rng((seed, 2)), 1000)
    step = torch_step(
        model, squared_loss, lambda: tensors(task.sample(rng, config.batch)), lr=config.lr
    )
    return train_until_solved(config, step, share_wrong(model, task, test))
