"""Pointing: numbers are sorted by an output that is a place in the input.

Trained on 2 to 6 numbers, asked for 2 to 10, which a softmax over a fixed list could not even say.
About 9 CPU seconds a seed.
"""

from dataclasses import dataclass
from functools import partial

import numpy as np
import torch

from course_utils.lab.seeds import over_seeds
from course_utils.lab.statistics import median
from course_utils.tasks import Sorting
from course_utils.torch_nn import Recurrent
from course_utils.torch_nn.attention import Attention
from course_utils.training import fit, torch_step


@dataclass(frozen=True)
class Config:
    """The network, its training, and how many numbers it is asked to sort."""

    hidden: int = 32
    trained: tuple = (2, 6)
    asked: tuple = (2, 3, 4, 5, 6, 7, 8, 10)
    updates: int = 1000
    batch: int = 64
    lr: float = 0.01
    lists: int = 200
    seeds: tuple = tuple(range(20))


QUICK = Config(hidden=12, trained=(2, 3), asked=(2, 5), updates=100, lists=50, seeds=(0,))


class Pointer(torch.nn.Module):
    """An encoder reads numbers; a decoder, shown the number it pointed at last, points again."""

    def __init__(self, hidden):
        super().__init__()
        self.encoder, self.decoder = (Recurrent("lstm", 1, hidden) for _ in range(2))
        self.attention = Attention("additive", hidden, hidden)

    def forward(self, x, shown, mask):
        """x (S, B, 1), shown (T, B, 1), mask (1, B, S) -> logits (T, B, S) over the places."""
        memory, state = self.encoder(x, lengths=mask[0].sum(-1))
        queries, _ = self.decoder(shown, state)
        return self.attention.point(queries, memory, mask)

    @torch.no_grad()
    def sort(self, x, mask):
        """Places (S, B), one after the other, each number shown when it was pointed at."""
        memory, state = self.encoder(x, lengths=mask[0].sum(-1))
        shown, places = torch.zeros_like(x[:1]), []
        for _ in range(len(x)):
            query, state = self.decoder(shown, state)
            places.append(self.attention.point(query, memory, mask)[0].argmax(-1))
            shown = x.gather(0, places[-1][None, :, None])
        return torch.stack(places)


def run(config, progress=iter):
    """By how many numbers: the share of lists sorted without a mistake; one list, pointed out."""
    rows = over_seeds(partial(run_seed, config), config.seeds, progress)
    by_seed = [row["right"] for row in rows]
    right = [median(column) for column in zip(*by_seed, strict=True)]
    longest = config.asked.index(config.trained[1]) if config.trained[1] in config.asked else 0
    return {
        "of": len(config.seeds),
        "asked": list(config.asked),
        "right": right,
        "by_seed": by_seed,
        "trained": right[longest],
        "trained_by_seed": [row[longest] for row in by_seed],
        "furthest": right[-1],
        "furthest_by_seed": [row[-1] for row in by_seed],
        "picture": rows[0]["picture"],
    }


def run_seed(config, seed):
    """One network, trained on short lists."""
    torch.manual_seed(seed)
    rng, task = np.random.default_rng(seed), Sorting(*config.trained)
    model = Pointer(config.hidden)
    step = torch_step(model, charged, lambda: task.sample(rng, config.batch), lr=config.lr)
    fit(step, config.updates, bar=False)
    right = []
    for count in config.asked:
        batch = Sorting(count, count).sample(np.random.default_rng((seed, count)), config.lists)
        x, mask = torch.tensor(batch.x, dtype=torch.float32), torch.tensor(batch.mask).T[None]
        places = model.sort(x, mask).numpy()
        right.append(float((places == batch.target).all(axis=0).mean()))
    return {"right": right, "picture": picture(model, config.trained[1], seed)}


def charged(model, batch):
    """Cross-entropy of the places; the number sorted before is shown."""
    x = torch.tensor(batch.x, dtype=torch.float32)
    target, mask = torch.tensor(batch.target), torch.tensor(batch.mask)
    shown = torch.cat([torch.zeros_like(x[:1]), x.gather(0, target[..., None])[:-1]])
    logits = model(x, shown, mask.T[None])
    return torch.nn.functional.cross_entropy(logits[mask], target[mask])


@torch.no_grad()
def picture(model, count, seed):
    """One list, and where each step points: numbers (S,), weights (S, S)."""
    batch = Sorting(count, count).sample(np.random.default_rng((seed, 1)), 1)
    x, target = torch.tensor(batch.x, dtype=torch.float32), torch.tensor(batch.target)
    shown = torch.cat([torch.zeros_like(x[:1]), x.gather(0, target[..., None])[:-1]])
    weights = model(x, shown, torch.ones(1, 1, count, dtype=torch.bool)).softmax(-1)
    return {
        "numbers": batch.x[:, 0, 0].round(2).tolist(),
        "weights": np.round(weights[:, 0].tolist(), 3).tolist(),
    }
