"""A smaller copy task, which a Turing machine and an LSTM both learn: who can copy longer ones?

Four bits, 1 to 6 vectors.  At the paper's sizes (``ntm_copy``) an LSTM needs more training than we
can give it.  CPU seconds a seed: machine 3, LSTM 18.
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
    longest: int = 6
    hidden: int = 64
    slots: int = 20
    width: int = 12
    updates: int = 600
    lstm_hidden: int = 192
    lstm_updates: int = 3000
    lstm_lr: float = 2e-3
    batch: int = 16
    lr: float = 1e-3
    lengths: tuple = (3, 6, 9, 12, 18, 24, 36)
    traced: tuple = (6, 12)
    right: float = 0.01
    seeds: tuple = tuple(range(20))
    group: int = 20  # machines trained side by side


QUICK = Config(
    bits=1, longest=2, hidden=16, slots=6, width=6, updates=75, lstm_hidden=16, lstm_updates=75,
    lengths=(2, 4), traced=(2,), seeds=(0, 1),
)  # fmt: skip


def run(config, progress=iter):
    """By net: wrong bits by length and seed, successes, loss curves; the heads' weights."""
    rows = in_groups(partial(copying_nets.machines, config), config.seeds, config.group, progress)
    found = {"lengths": list(config.lengths), "traces": rows[0]["traces"]}
    return found | {
        "machine": copying_nets.summary(config, rows),
        "lstm": copying_nets.summary(
            config, over_seeds(partial(copying_nets.lstm, config), config.seeds, progress)
        ),
    }
