"""What a Turing machine's training hangs on: one thing changed at a time, rates over seeds.

Copying four bits, one to five vectors.  About 1.5 CPU seconds a seed and variant.
"""

from dataclasses import dataclass
from functools import partial

import numpy as np

from course_utils.lab import bits_together as together
from course_utils.lab.copying_nets import rounded
from course_utils.lab.statistics import count, rate_interval
from course_utils.tasks import CopyBits

VARIANTS = {
    "base": {},
    "learned": {"memory": "learned"},  # the start of the memory
    "blend": {"write": "blend"},
    "unclipped": {"clip": None},
    "fast": {"lr": 1e-2},
    "slow": {"lr": 1e-4},  # the rate of the paper
}


@dataclass(frozen=True)
class Config:
    """Task, machine, training; variants by name; right: the share of wrong bits allowed."""

    bits: int = 4
    longest: int = 5
    hidden: int = 64
    slots: int = 12
    width: int = 12
    updates: int = 500
    batch: int = 16
    lr: float = 1e-3
    clip: float = 10.0
    right: float = 0.01
    variants: tuple = ("base", "learned", "blend", "unclipped", "fast", "slow")
    seeds: tuple = tuple(range(20))


QUICK = Config(
    bits=1, longest=2, hidden=16, slots=6, width=6, updates=60, variants=("base", "blend"),
    seeds=(0,),
)  # fmt: skip


def run(config, progress=iter):
    """By variant: how many learned it, and at twice the length; wrong bits by seed."""
    results = {}
    for name in config.variants:
        run_group = partial(run_machines, config, name)
        rows = together.in_groups(run_group, config.seeds, len(config.seeds), progress)
        reached = [row["updates"] for row in rows]
        results[name] = {
            "learned": count(rows, "learned"),
            "twice": count(rows, "twice"),
            "rate": rounded(rate_interval(count(rows, "learned"), len(rows)), 3),
            "rate_twice": rounded(rate_interval(count(rows, "twice"), len(rows)), 3),
            "wrong": [row["wrong"] for row in rows],
            "wrong_twice": [row["wrong_twice"] for row in rows],
            "updates": reached,
            "reached": sum(n is not None for n in reached),
            "median_updates": float(
                np.median([config.updates if n is None else n for n in reached])
            ),
            "diverged": count(rows, "diverged"),
        }
    return {"variants": results, "of": len(config.seeds)}


def run_machines(config, name, seeds):
    """Train a machine for each seed; learned: at most ``right`` of the longest's bits wrong.

    updates: until the loss, a mean over ten, is below 0.05 nats for the first time.
    """
    changed = {"lr": config.lr, "clip": config.clip, "controller": "feedforward", **VARIANTS[name]}
    lr, clip = changed.pop("lr"), changed.pop("clip")
    sizes = {"hidden_size": config.hidden, "slots": config.slots, "width": config.width}
    nets = together.Together(CopyBits(config.bits, 1, config.longest), seeds, **sizes, **changed)
    curves = together.train(
        nets, seeds[0], updates=config.updates, batch=config.batch, lr=lr, clip=clip, every=10
    )
    wrong, twice = (
        together.wrong_bits(
            nets, CopyBits(config.bits, n, n), seeds[0], slots=max(config.slots, n + 12)
        )
        for n in (config.longest, 2 * config.longest)
    )
    return [
        {
            "learned": bool(wrong[k] <= config.right),
            "twice": bool(twice[k] <= config.right),
            "wrong": round(float(wrong[k]), 5),
            "wrong_twice": round(float(twice[k]), 5),
            "updates": next((10 * n for n, v in enumerate(curve, 1) if v < 0.05), None),
            "diverged": not np.isfinite(curve[-1]),
        }
        for k, curve in enumerate(curves)
    ]
