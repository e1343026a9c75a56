"""Copy memory and selective copying: four ways to mix along time in one frame.

Copy: symbols, a silence, the symbols again; when is fixed.  Selective copying: the symbols stand at
random places among blanks, so that what to keep depends on what is read.  Two blocks, the same
updates; gates, and eigenvalues of the LRU, start at one retention.
"""

from dataclasses import dataclass
from functools import partial

import numpy as np

from course_utils.lab.mixers import MixerNet, entropy_loss, learn, right
from course_utils.lab.seeds import over_seeds
from course_utils.lab.statistics import median
from course_utils.tasks import Copy, SelectiveCopy


@dataclass(frozen=True)
class Config:
    """Mixers; tasks; the net and its training."""

    kinds: tuple = ("lstm", "mingru", "lru", "attention")
    delay: int = 40
    length: int = 40
    items: int = 6
    alphabet: int = 8
    retention: float = 0.97
    width: int = 48
    batch: int = 32
    lr: float = 3e-3
    updates: int = 500
    every: int = 50
    solved: float = 0.99
    tested: int = 256
    seeds: tuple = (0, 1, 2, 3, 4)


QUICK = Config(kinds=("lru",), delay=3, length=4, items=2, alphabet=2, width=16, retention=0.8,
               lr=1e-2, updates=80, seeds=(0,))  # fmt: skip


def run(config, progress=iter):
    """By task and mixer: share of symbols that come back, losses, updates."""
    results = {"of": len(config.seeds), "chance": 1 / config.alphabet}
    results["memoryless"] = float(problem(config, "copy").memoryless)
    for task in progress(("copy", "selective")):
        results[task] = {}
        for kind in config.kinds:
            rows = over_seeds(partial(one_seed, config, task, kind), config.seeds, progress)
            results[task][kind] = {
                "recall": median(rows, "recall"),
                "recall_by_seed": [row["recall"] for row in rows],
                "solved": sum(row["recall"] >= config.solved for row in rows),
                "loss": median(rows, "loss"),
                "loss_by_seed": [row["loss"] for row in rows],
                "updates": median(rows, "updates"),
                "parameters": rows[0]["parameters"],
                "cpu": median(rows, "cpu"),
            }
    return results


def problem(config, task):
    """The task of that name."""
    if task == "copy":
        return Copy(config.delay, config.items, config.alphabet)
    return SelectiveCopy(config.length, config.items, config.alphabet)


def one_seed(config, task, kind, seed):
    """Train one net; the share of the symbols that come back."""
    asked = problem(config, task)
    outputs = config.alphabet + 1
    model = MixerNet(kind, asked.symbols, config.width, outputs, seed, retention=config.retention)
    history = learn(model, asked, seed, updates=config.updates, batch=config.batch, lr=config.lr,
                    every=config.every, enough=0.9999)  # fmt: skip
    batch = asked.sample(np.random.default_rng((seed, 3)), config.tested)
    recall = right(model, batch)[-config.items :].mean()
    return {
        "recall": float(recall),
        "loss": float(entropy_loss(model, batch).detach()),
        "updates": history.updates,
        "cpu": round(history.seconds, 2),
        "parameters": sum(p.numel() for p in model.parameters()),
    }
