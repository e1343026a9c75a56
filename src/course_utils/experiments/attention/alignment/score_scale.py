"""What the division by √d is for: dot products of d terms, divided or not, and what learns.

At the start, entries of unit variance: the largest weight, and how large the gradient with respect
to the scores is.  Then training with plain descent and with Adam, 20 nets side by side: how many
have learned to look a key up.  About 40 CPU seconds in all.
"""

import math
from dataclasses import dataclass

import numpy as np
import torch

from course_utils.lab.lookup_nets import LookupNets, charged, questions
from course_utils.lab.statistics import median

OPTIMISERS = {"descent": torch.optim.SGD, "adam": torch.optim.Adam}


@dataclass(frozen=True)
class Config:
    """The sizes that are compared; the task; the training."""

    sizes: tuple = (4, 16, 64, 256)
    positions: int = 8
    symbols: int = 12
    classes: int = 4
    updates: int = 300
    batch: int = 16
    descent_rates: tuple = (1.0, 5.0)
    adam_rates: tuple = (0.02,)
    solved: float = 0.95
    seeds: tuple = tuple(range(20))


QUICK = Config(sizes=(4, 256), updates=40, descent_rates=(3.0,), adam_rates=(0.03,), seeds=(0, 1))


def run(config, progress=iter):
    """By division and size: weights and gradients at the start, and how many nets learned."""
    results = {"of": len(config.seeds), "sizes": list(config.sizes)}
    for way in ("divided", "plain"):
        results[way] = {}
        for size in progress(config.sizes):
            found = results[way][str(size)] = at_start(config, way, size)
            for name in OPTIMISERS:
                rates = getattr(config, f"{name}_rates")
                trials = {str(rate): learned(config, way, size, name, rate) for rate in rates}
                count = {rate: sum(v >= config.solved for v in by) for rate, by in trials.items()}
                best = max(count, key=lambda rate: (count[rate], np.median(trials[rate])))
                found[name] = {
                    "rate": float(best),
                    "solved": count[best],
                    "accuracy": median(trials[best]),
                    "by_seed": trials[best],
                }
    return results


def nets(config, way, size):
    """New nets whose scores are divided by √size, or by 1."""
    scale = math.sqrt(size) if way == "divided" else 1.0
    return LookupNets(
        config.seeds, symbols=config.symbols, classes=config.classes, size=size, scale=scale
    )


def asked(config, part, count):
    """A function that gives the next questions of every seed."""
    rngs = [np.random.default_rng((seed, part)) for seed in config.seeds]
    sizes = {n: getattr(config, n) for n in ("positions", "symbols", "classes")}
    return lambda: questions(rngs, count, **sizes)


def at_start(config, way, size):
    """The largest weight, and the norm of a gradient behind the softmax over that before it."""
    new, batch = nets(config, way, size), asked(config, 1, 200)()
    scores, _ = new.attend(batch)
    weights = scores.softmax(dim=-1)
    pull = torch.randn(weights.shape, generator=torch.Generator().manual_seed(0))
    back = weights * (pull - (weights * pull).sum(-1, keepdim=True))  # through the softmax
    share = (back.norm(dim=-1) / pull.norm(dim=-1)).median(dim=1).values
    largest = weights.max(dim=-1).values.mean(dim=1)
    return {
        "largest": median(largest.tolist()),
        "largest_by_seed": largest.tolist(),
        "through": median(share.tolist()),
        "through_by_seed": share.tolist(),
    }


def learned(config, way, size, optimiser, rate):
    """Accuracy of every net after training, a list."""
    new, batches = nets(config, way, size), asked(config, 2, config.batch)
    step = OPTIMISERS[optimiser](new.weights.values(), lr=rate)
    for _ in range(config.updates):
        batch = batches()
        logits = new.read(new.attend(batch)[0].softmax(dim=-1), batch)
        step.zero_grad()
        charged(logits, batch.answer).mean(dim=1).sum().backward()  # each net by its own loss
        step.step()
    return new.accuracy(asked(config, 3, 200)())
