"""Many to one on real text: does a piece of it run forwards or backwards?

A bag of letters sees the same letters either way; a network that reads in order need not.
"""

from dataclasses import dataclass
from functools import partial

import numpy as np
import torch

from course_utils import torch_nn
from course_utils.lab.seeds import over_seeds
from course_utils.lab.torch_models import parameters
from course_utils.tasks.text import python_help
from course_utils.training import fit, torch_step


@dataclass(frozen=True)
class Config:
    """Pieces of ``length`` characters; half of them are turned around."""

    length: int = 40
    embedding: int = 16
    hidden: int = 64
    batch: int = 64
    updates: int = 1500
    lr: float = 2e-3
    test: int = 4000
    characters: int = 10**9
    seeds: tuple = (0, 1, 2)


QUICK = Config(updates=300, test=1000, characters=150_000, seeds=(0,))


class Reader(torch.nn.Module):
    """ids (T, B) -> logit (B,): an RNN's last state, or with ``bag`` the mean of the embeddings."""

    def __init__(self, size, config, bag):
        super().__init__()
        width = config.hidden if bag else config.embedding
        self.embedding = torch.nn.Embedding(size, width)
        self.layer = None if bag else torch_nn.Recurrent("rnn", width, config.hidden)
        self.readout = torch.nn.Linear(config.hidden, 1)

    def forward(self, ids):
        x = self.embedding(ids)
        last = x.mean(0) if self.layer is None else self.layer(x)[0][-1]
        return self.readout(last)[:, 0]


def run(config, progress=iter):
    """Share of held-out pieces judged right, by the RNN and by the bag of letters."""
    text = python_help().beginning(config.characters)
    results = {"characters": len(text.characters)}
    for name, bag in (("rnn", False), ("bag", True)):
        rows = over_seeds(partial(run_seed, config, text, bag), config.seeds, progress)
        results[name] = {
            "accuracy": float(np.mean([row["accuracy"] for row in rows])),
            "by_seed": [row["accuracy"] for row in rows],
            "parameters": rows[0]["parameters"],
        }
    return results


def data(config):
    """The text by its hash: it differs between Python versions."""
    text = python_help().beginning(config.characters)
    return {"name": text.name, "sha256": text.sha256}


def pieces(ids, n, length, rng):
    """n pieces of ids (N,), half of them reversed -> ids (length, n), reversed (n,)."""
    starts = rng.integers(0, len(ids) - length + 1, n)
    x = ids[starts[None] + np.arange(length)[:, None]]
    backwards = np.arange(n) % 2 == 1
    x[:, backwards] = x[::-1, backwards]
    return torch.from_numpy(x), torch.from_numpy(backwards.astype(np.float32))


def run_seed(config, text, bag, seed):
    """Train one reader and test it on pieces of the held-out end."""
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    train = text.train
    model = Reader(len(text.vocabulary), config, bag)

    def loss_of(model, batch):
        return torch.nn.functional.binary_cross_entropy_with_logits(model(batch[0]), batch[1])

    step = torch_step(
        model,
        loss_of,
        lambda: pieces(train, config.batch, config.length, rng),
        optimiser=torch.optim.Adam(model.parameters(), config.lr),
    )
    fit(step, config.updates, bar=False)
    x, backwards = pieces(text.held_out, config.test, config.length, np.random.default_rng(10**6))
    with torch.no_grad():
        right = (model(x) > 0) == (backwards > 0.5)
    return {
        "accuracy": float(right.float().mean()),
        "parameters": parameters(model),
    }
