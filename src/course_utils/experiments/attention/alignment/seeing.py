"""Seeing: a scanned digit, of which a network sees the mean and then a few blended glimpses.

16 patches of 2 × 2 pixels are the memory; a state asks for one glimpse after another, then names
the digit.  "sharp" answers anew with the one patch of the largest weight in place of each blend.
About 3 CPU seconds a seed and number of glimpses.
"""

from dataclasses import dataclass
from functools import partial

import numpy as np
import torch

from course_utils.lab.seeds import over_seeds
from course_utils.lab.statistics import median
from course_utils.tasks import Digits
from course_utils.torch_nn.attention import Attention
from course_utils.training import fit, torch_step

PATCHES = 16


@dataclass(frozen=True)
class Config:
    """How many glimpses are compared; the network and its training."""

    glimpses: tuple = (0, 1, 4)
    hidden: int = 32
    updates: int = 300
    batch: int = 64
    lr: float = 0.01
    seeds: tuple = tuple(range(20))


QUICK = Config(glimpses=(0, 4), updates=60, seeds=(0,))


class Glimpser(torch.nn.Module):
    """A GRU cell that asks for a glimpse, reads it, and asks again."""

    def __init__(self, hidden, count):
        super().__init__()
        self.count = count
        self.places = torch.nn.Parameter(0.3 * torch.randn(PATCHES, 1, hidden))
        self.key = torch.nn.Linear(4, hidden)
        self.attention = Attention("additive", hidden, hidden)
        self.start = torch.nn.Linear(1, hidden)
        self.cell = torch.nn.GRUCell(hidden, hidden)
        self.readout = torch.nn.Linear(hidden, 10)

    def forward(self, patches, sharp=False):
        """patches (16, B, 4) -> logits (B, 10), weights (glimpses, B, 16)."""
        memory = (self.key(patches) + self.places).tanh()
        state = self.start(patches.mean(dim=(0, 2))[:, None]).tanh()
        seen = []
        for _ in range(self.count):
            glimpse, weights = self.attention(state[None], memory)
            if sharp:
                weights = torch.nn.functional.one_hot(weights.argmax(-1), PATCHES).float()
                glimpse = torch.einsum("tbs,sbv->tbv", weights, memory)
            state = self.cell(glimpse[0], state)
            seen.append(weights[0])
        return self.readout(state), seen


def run(config, progress=iter):
    """By the number of glimpses: the share of test digits named right; some digits' glimpses."""
    results = {"of": len(config.seeds), "glimpses": list(config.glimpses)}
    for count in progress(config.glimpses):
        rows = over_seeds(partial(run_seed, config, count), config.seeds, progress)
        results[str(count)] = {
            "right": median(rows, "right"),
            "by_seed": [row["right"] for row in rows],
            "sharp": median(rows, "sharp"),
            "sharp_by_seed": [row["sharp"] for row in rows],
        }
        results["pictures"] = rows[0]["pictures"]  # of the most glimpses, which come last
    return results


def run_seed(config, count, seed):
    """One network on the digits of the training part, asked those of the test part."""
    torch.manual_seed(seed)
    rng, task = np.random.default_rng(seed), Digits("train")
    model = Glimpser(config.hidden, count)
    step = torch_step(model, charged, lambda: task.sample(rng, config.batch), lr=config.lr)
    fit(step, config.updates, bar=False)
    test = Digits("test").all()
    patches, digits = cut(test.x), torch.tensor(test.target)
    right = {}
    with torch.no_grad():
        for name in ("right", "sharp"):
            logits, seen = model(patches, sharp=name == "sharp")
            right[name] = float((logits.argmax(-1) == digits).float().mean())
            if name == "right":
                shown = [int((digits == d).nonzero()[0]) for d in (0, 3, 7)]
                pictures = [
                    {
                        "digit": int(digits[k]),
                        "pixels": test.x[:, k, 0].round(3).tolist(),
                        "weights": [np.round(w[k].tolist(), 3).tolist() for w in seen],
                    }
                    for k in shown
                ]
    return {**right, "pictures": pictures}


def charged(model, batch):
    """Cross-entropy of the digit."""
    logits, _ = model(cut(batch.x))
    return torch.nn.functional.cross_entropy(logits, torch.tensor(batch.target))


def cut(pixels):
    """pixels (64, B, 1), row by row -> patches (16, B, 4), row by row."""
    B = pixels.shape[1]
    grid = pixels.reshape(4, 2, 4, 2, B)  # row of patches, row in it, column of patches, column
    patches = grid.transpose(0, 2, 4, 1, 3).reshape(PATCHES, B, 4)
    return torch.tensor(patches, dtype=torch.float32)
