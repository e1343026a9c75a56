"""Turing machines nearly of the paper's size learn to copy: what becomes of a few of them?

Graves et al. 2014, section 4.1 and table 1: eight bits, 1 to 20 vectors, slots of width 20, 100
units, RMSprop with momentum 0.9.  Departures: 32 slots in training in place of 128 (more in the
test), 16 sequences an update, where the paper says nothing, ten times the learning rate, clipping
by norm, 32,000 sequences.  80 CPU seconds a seed.  No LSTM: the paper's has 1.35 million weights.
"""

from dataclasses import dataclass
from functools import partial

from course_utils.lab import copying_nets
from course_utils.lab.bits_together import in_groups


@dataclass(frozen=True)
class Config:
    """Task, machine, training, test; right: the share of wrong bits up to which a copy counts."""

    bits: int = 8
    longest: int = 20
    hidden: int = 100
    slots: int = 32
    width: int = 20
    updates: int = 2000
    batch: int = 16
    lr: float = 1e-3
    lengths: tuple = (10, 20, 30, 40, 50, 120)
    traced: tuple = ()
    right: float = 0.01
    seeds: tuple = tuple(range(3))


QUICK = Config(
    bits=1, longest=2, hidden=16, slots=6, width=6, updates=50, lengths=(2, 4), seeds=(0,)
)


def run(config, progress=iter):
    """Wrong bits by length and seed, successes, loss curves: see ``copying_nets.summary``."""
    group = partial(copying_nets.machines, config)
    rows = in_groups(group, config.seeds, len(config.seeds), progress)
    return {"lengths": list(config.lengths), "machine": copying_nets.summary(config, rows)}
