"""A smaller copy task, which a Turing machine and an LSTM both learn: who can copy longer ones?

Four bits, 1 to 5 vectors, where Graves et al. 2014, section 4.1, have eight bits and 1 to 20: an
LSTM needs more training there than we can give it.  CPU seconds a seed: machine 2, LSTM 10.
"""

from dataclasses import dataclass
from functools import partial

from course_utils.lab import copying_nets
from course_utils.lab.bits_together import in_groups
from course_utils.lab.seeds import over_seeds


@dataclass(frozen=True)
class Config:
    """Task, both nets, training, test; right: the share of wrong bits up to which a copy counts."""

    bits: int = 4
    longest: int = 5
    hidden: int = 64
    slots: int = 12
    width: int = 12
    updates: int = 500
    lstm_hidden: int = 192
    lstm_updates: int = 2500
    lstm_lr: float = 2e-3
    batch: int = 16
    lr: float = 1e-3
    lengths: tuple = (3, 5, 8, 10, 15, 20, 30)
    traced: tuple = (5, 10)
    right: float = 0.01
    seeds: tuple = tuple(range(20))
    lstm_seeds: tuple = tuple(range(20))
    group: int = 20  # machines trained side by side


QUICK = Config(
    bits=1, longest=2, hidden=16, slots=6, width=6, updates=75, lstm_hidden=16, lstm_updates=75,
    lengths=(2, 4), traced=(2,), seeds=(0,), lstm_seeds=(0,),
)  # fmt: skip


def run(config, progress=iter):
    """By net: wrong bits by length and seed, successes, loss curves; the heads' weights."""
    rows = in_groups(partial(copying_nets.machines, config), config.seeds, config.group, progress)
    found = {"lengths": list(config.lengths), "traces": rows[0]["traces"]}
    return found | {
        "machine": copying_nets.summary(config, rows),
        "lstm": copying_nets.summary(
            config, over_seeds(partial(copying_nets.lstm, config), config.lstm_seeds, progress)
        ),
    }
