"""Turing machines whose memory starts at random, and ones that are trained for longer.

The machines and the task of ``ntm_fragile``, whose first variant has the same seeds and is what to
compare with.  About two CPU seconds a seed for 500 updates.
"""

from dataclasses import dataclass
from functools import partial

from course_utils.lab import bits_together as together
from course_utils.lab.copying_nets import room, rounded
from course_utils.lab.statistics import rate_interval
from course_utils.tasks import CopyBits


@dataclass(frozen=True)
class Config:
    """Task, machine, training; variants: (name, start of the memory, updates)."""

    variants: tuple = (("random", "random", 500), ("longer", "constant", 1000))
    bits: int = 4
    longest: int = 5
    hidden: int = 64
    slots: int = 12
    width: int = 12
    batch: int = 16
    lr: float = 1e-3
    right: float = 0.01  # the share of wrong bits up to which a copy counts
    seeds: tuple = tuple(range(20))


QUICK = Config(
    variants=(("random", "random", 60),), bits=1, longest=2, hidden=16, slots=6, width=6, seeds=(0,)
)


def run(config, progress=iter):
    """By variant: how many learned the longest, and twice as many vectors; wrong bits by seed."""
    results = {"of": len(config.seeds)}
    for name, memory, updates in progress(config.variants):
        group = partial(run_machines, config, memory, updates)
        rows = together.in_groups(group, config.seeds, len(config.seeds), progress)
        learned, twice = (
            sum(row[key] <= config.right for row in rows) for key in ("wrong", "wrong_twice")
        )
        results[name] = {
            "learned": learned,
            "twice": twice,
            "rate": rounded(rate_interval(learned, len(rows)), 3),
            "rate_twice": rounded(rate_interval(twice, len(rows)), 3),
            "wrong": [row["wrong"] for row in rows],
            "wrong_twice": [row["wrong_twice"] for row in rows],
        }
    return results


def run_machines(config, memory, updates, seeds):
    """Train a machine for each seed; the share of wrong bits at the longest and at its double."""
    nets = together.Together(
        CopyBits(config.bits, 1, config.longest), seeds, controller="feedforward", memory=memory,
        hidden_size=config.hidden, slots=config.slots, width=config.width,
    )  # fmt: skip
    together.train(nets, seeds[0], updates=updates, batch=config.batch, lr=config.lr, every=10)
    once, twice = (
        together.wrong_bits(nets, CopyBits(config.bits, n, n), seeds[0], slots=room(config, n))
        for n in (config.longest, 2 * config.longest)
    )
    return [
        {"wrong": round(float(a), 5), "wrong_twice": round(float(b), 5)}
        for a, b in zip(once, twice, strict=True)
    ]
