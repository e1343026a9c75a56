"""What a Turing machine's training hangs on: one thing changed at a time, rates over seeds.

A smaller copy task than in ``ntm_copy`` (four bits, one to eight vectors), so that twenty seeds of
each variant fit: about 16 CPU seconds a seed.
"""

from dataclasses import dataclass, field
from functools import partial

import numpy as np
import torch

from course_utils.lab import bit_machines as bits
from course_utils.lab.seeds import over_seeds
from course_utils.lab.statistics import count, rate_interval
from course_utils.tasks import CopyBits

VARIANTS = {
    "as it is": {},
    "learned memory": {"memory": "learned"},
    "blend": {"write": "blend"},
    "no clipping": {"clip": None},
    "rate 3e-3": {"lr": 3e-3},
    "rate 1e-4": {"lr": 1e-4},
    "LSTM controller": {"controller": "lstm"},
}


@dataclass(frozen=True)
class Config:
    """Task, machine, training; variants by name; right: the share of wrong bits allowed."""

    bits: int = 4
    longest: int = 8
    hidden: int = 64
    slots: int = 20
    width: int = 12
    updates: int = 600
    batch: int = 16
    lr: float = 1e-3
    clip: float = 10.0
    right: float = 0.01
    variants: tuple = field(default=tuple(VARIANTS))
    seeds: tuple = tuple(range(20))


QUICK = Config(
    bits=2, longest=2, hidden=16, slots=6, width=6, updates=60, variants=("as it is", "blend"),
    seeds=(0,),
)  # fmt: skip


def run(config, progress=iter):
    """By variant: how many learned it, and at twice the length; wrong bits by seed."""
    results = {}
    for name in config.variants:
        rows = over_seeds(partial(run_seed, config, name), config.seeds, progress)
        results[name] = {
            "learned": count(rows, "learned"),
            "learned_twice": count(rows, "learned_twice"),
            "rate": np.round(rate_interval(count(rows, "learned"), len(rows)), 3).tolist(),
            "rate_twice": np.round(
                rate_interval(count(rows, "learned_twice"), len(rows)), 3
            ).tolist(),
            "wrong": [row["wrong"] for row in rows],
            "wrong_twice": [row["wrong_twice"] for row in rows],
            "diverged": count(rows, "diverged"),
            "updates": [row["updates"] for row in rows],
        }
    return {"variants": results, "seeds": len(config.seeds)}


def run_seed(config, name, seed):
    """Train one machine; learned: at most ``right`` of the bits wrong at the longest length."""
    changed = {"lr": config.lr, "clip": config.clip, "controller": "feedforward", **VARIANTS[name]}
    lr, clip = changed.pop("lr"), changed.pop("clip")
    torch.manual_seed(seed)
    task = CopyBits(config.bits, 1, config.longest)
    sizes = {"hidden_size": config.hidden, "slots": config.slots, "width": config.width}
    net = bits.Machine(task, **sizes, **changed)
    curve = bits.train(
        net, task, seed, updates=config.updates, batch=config.batch, lr=lr, clip=clip, every=10
    )
    wrong = [
        bits.wrong_bits(net, CopyBits(config.bits, n, n), seed, slots=max(config.slots, n + 4))
        for n in (config.longest, 2 * config.longest)
    ]
    return {
        "learned": wrong[0] <= config.right,
        "learned_twice": wrong[1] <= config.right,
        "wrong": round(wrong[0], 5),
        "wrong_twice": round(wrong[1], 5),
        "diverged": len(curve) < config.updates // 10,
        "updates": next((10 * k for k, loss in enumerate(curve, 1) if loss < 0.05), None),
    }
