"""Copying at the sizes of the paper: a Turing machine on sequences up to six times the trained.

Graves et al. 2014, sections 4.1 and 4.6: 8 bits, 1 to 20 vectors, a controller of 100 units, a
memory of width 20.  Departures: the learning rate is ten times the paper's, a batch has 16
sequences, and the memory has as many slots as a test needs, 32 in training.  26 CPU seconds a seed.
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
    updates: int = 1250
    batch: int = 16
    lr: float = 1e-3
    lengths: tuple = (10, 20, 30, 40, 50, 80, 120)
    traced: tuple = (20,)
    right: float = 0.01
    seeds: tuple = tuple(range(20))
    group: int = 10  # machines trained side by side


QUICK = Config(
    bits=2, longest=2, hidden=16, slots=6, width=6, updates=75, lengths=(2, 4), traced=(2,),
    seeds=(0, 1),
)  # fmt: skip


def run(config, progress=iter):
    """Wrong bits by length and seed, successes, loss curves; the heads' weights of one machine."""
    rows = in_groups(partial(copying_nets.machines, config), config.seeds, config.group, progress)
    found = {"lengths": list(config.lengths), "traces": rows[0]["traces"]}
    return found | {"machine": copying_nets.summary(config, rows)}
