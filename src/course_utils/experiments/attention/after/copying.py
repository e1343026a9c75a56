"""Copy memory and selective copying: four kinds of layer, the same width and updates.

Copy: symbols, a silence, the symbols again; when is fixed.  Selective copying: the symbols stand at
random places among blanks, so that what to keep depends on what is read.  Nets as in
``lab.layers_together``; gates, and eigenvalues of the LRU, start at one retention.  About 16 CPU
seconds a seed.
"""

from dataclasses import dataclass

import numpy as np

from course_utils.lab.layers_together import sampled, together
from course_utils.tasks import Copy, SelectiveCopy


@dataclass(frozen=True)
class Config:
    """Layers; tasks; the nets and their training; solved: the share of symbols that counts."""

    kinds: tuple = ("lstm", "mingru", "lru", "attention")
    delay: int = 20
    length: int = 20
    items: int = 4
    alphabet: int = 8
    retention: float = 0.97
    width: int = 48
    batch: int = 32
    lr: float = 5e-3
    updates: int = 500
    solved: float = 0.99
    tested: int = 200
    seeds: tuple = tuple(range(20))


QUICK = Config(kinds=("lru",), delay=2, length=3, items=1, alphabet=2, width=8, retention=0.8,
               lr=3e-2, updates=30, tested=64, seeds=(0,))  # fmt: skip


def run(config, progress=iter):
    """By task and layer: share of symbols that come back, and losses."""
    results = {"of": len(config.seeds), "chance": 1 / config.alphabet, "copy": {}, "selective": {}}
    cases = [(task, kind) for task in ("copy", "selective") for kind in config.kinds]
    for task, kind in progress(cases):
        recall, losses, size = trained(config, task, kind)
        results[task][kind] = {
            "recall": float(np.median(recall)),
            "recall_by_seed": recall.round(4).tolist(),
            "least": float(recall.min()),
            "most": float(recall.max()),
            "solved": int((recall >= config.solved).sum()),
            "loss": float(np.median(losses)),
            "loss_by_seed": losses.round(5).tolist(),
            "parameters": size,
        }
    return results


def problem(config, task):
    """The task of that name."""
    if task == "copy":
        return Copy(config.delay, config.items, config.alphabet)
    return SelectiveCopy(config.length, config.items, config.alphabet)


def trained(config, task, kind):
    """Train a net for each seed -> share of the symbols that come back, last losses, parameters."""
    asked, outputs = problem(config, task), config.alphabet + 1
    nets = together(kind, asked.symbols, config.width, outputs, config.seeds, lr=config.lr,
                    retention=config.retention)  # fmt: skip
    rngs = [np.random.default_rng((seed, 1)) for seed in config.seeds]
    losses = [nets.learn(sampled(asked, rngs, config.batch)) for _ in range(config.updates)]
    tests = [np.random.default_rng((seed, 2)) for seed in config.seeds]
    right = nets.right(sampled(asked, tests, config.tested))[:, -config.items :]
    return right.mean(axis=(1, 2)), np.mean(losses[-20:], axis=0).astype(float), nets.size
