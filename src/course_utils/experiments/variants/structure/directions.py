"""One direction and two: a predictor that cheats, and a reader that may look ahead.

"next": symbols of a random Markov chain, whose entropy no honest predictor can beat; both
networks are trained to name the next symbol at every step.  A network with two directions is tested
twice, as it was trained, and on beginnings alone, where the symbol to come is not there to be seen.
"switch": where a switch stands behind noise; the readings after a step tell about it, too, and the
best possible answers are known.  Two directions get fewer units, and together fewer weights.  About
two CPU seconds a seed.
"""

from dataclasses import dataclass
from functools import partial

import numpy as np
import torch

from course_utils.lab.hidden_switch import HiddenSwitch
from course_utils.lab.seeds import over_seeds
from course_utils.lab.statistics import median
from course_utils.lab.torch_models import parameters
from course_utils.training import fit, torch_step


@dataclass(frozen=True)
class Config:
    """Symbols of the chain, length of all sequences, units (one direction, each of two)."""

    symbols: int = 6
    length: int = 16
    turn: float = 0.1
    noise: float = 1.0
    one: int = 16
    two: int = 10
    batch: int = 32
    lr: float = 0.01
    updates: int = 250
    test: int = 200
    seeds: tuple = tuple(range(20))


QUICK = Config(length=12, one=8, two=8, updates=60, test=50, seeds=(0, 1))


def run(config, progress=iter):
    """By task: medians over the seeds of every number, and each seed's."""
    rows = over_seeds(partial(one_seed, config), config.seeds, progress)
    results = {"of": len(rows), "uniform": float(np.log2(config.symbols))}
    for task in ("next", "switch"):
        here = [row[task] for row in rows]
        results[task] = {name: median(here, name) for name in here[0]}
        results[task]["by_seed"] = {name: [row[name] for row in here] for name in here[0]}
    caught = [row["next"]["two_seen"] < row["next"]["entropy"] for row in rows]
    results["caught"] = int(sum(caught))
    return results


def one_seed(config, seed):
    """Both tasks, one and two directions."""
    return {"next": next_symbol(config, seed), "switch": switch(config, seed)}


class Tagger(torch.nn.Module):
    """x (T, B, D) -> logits (T, B, N): an LSTM in one or two directions, and a readout."""

    def __init__(self, inputs, hidden, outputs, directions):
        super().__init__()
        self.layer = torch.nn.LSTM(inputs, hidden, bidirectional=directions == 2)
        self.readout = torch.nn.Linear(hidden * directions, outputs)

    def forward(self, x):
        return self.readout(self.layer(x)[0])


def trained(config, seed, inputs, outputs, sample):
    """{"one", "two"}: taggers trained on batches that sample(rng, n) draws as (x, target)."""
    models = {}
    for name, directions in (("one", 1), ("two", 2)):
        torch.manual_seed(seed)
        models[name] = Tagger(inputs, getattr(config, name), outputs, directions)
        rng = np.random.default_rng((seed, 1))
        step = torch_step(models[name], tagging_loss, lambda rng=rng: sample(rng, config.batch),
                          lr=config.lr)  # fmt: skip
        fit(step, config.updates, bar=False)
    return models


def tagging_loss(model, batch):
    """Cross-entropy at every step, in nats."""
    x, target = batch
    return torch.nn.functional.cross_entropy(model(x).flatten(0, 1), target.flatten())


def next_symbol(config, seed):
    """Bits a symbol of both networks, beside the entropy of the chain."""
    V = config.symbols
    moves = np.random.default_rng((seed, 0)).dirichlet(np.full(V, 0.5), V)
    models = trained(config, seed, V, V, lambda rng, n: chain(moves, rng, config.length, n, V))
    x, target = chain(moves, np.random.default_rng((seed, 2)), config.length, config.test, V)
    with torch.no_grad():
        seen = {f"{name}_seen": bits(model(x), target) for name, model in models.items()}
        ends = [torch.stack([model(x[: t + 1])[-1] for t in range(len(x))])
                for model in models.values()]  # fmt: skip
    used = {f"{name}_used": bits(y, target) for name, y in zip(models, ends, strict=True)}
    sizes = {f"{name}_weights": parameters(model) for name, model in models.items()}
    known = -np.log2(moves[x.argmax(-1).numpy(), target.numpy()])  # by whoever knows the chain
    best = {"entropy": entropy_rate(moves), "best": float(known.mean())}
    return best | seen | used | sizes


def chain(moves, rng, T, n, V):
    """Sequences of a Markov chain -> x (T, n, V) one-hot and the symbols after them (T, n)."""
    ids = np.zeros((T + 1, n), int)
    ids[0] = rng.choice(V, n, p=stationary(moves))
    edges = moves.cumsum(axis=1)
    for t in range(T):
        ids[t + 1] = (rng.random(n)[:, None] > edges[ids[t]][:, :-1]).sum(axis=1)
    return torch.from_numpy(np.eye(V, dtype=np.float32)[ids[:-1]]), torch.from_numpy(ids[1:])


def stationary(moves):
    """How often each symbol comes in the long run (V,)."""
    values, vectors = np.linalg.eig(moves.T)
    share = np.abs(np.real(vectors[:, np.argmax(np.real(values))]))
    return share / share.sum()


def entropy_rate(moves):
    """Bits a symbol that remain uncertain when the one before is known."""
    logs = np.log2(moves, where=moves > 0, out=np.zeros_like(moves))
    return float(-(stationary(moves) @ (moves * logs).sum(axis=1)))


def bits(logits, target):
    """Mean cross-entropy in bits."""
    nats = torch.nn.functional.cross_entropy(logits.flatten(0, 1), target.flatten())
    return float(nats / np.log(2))


def switch(config, seed):
    """Share of right answers of both networks, beside the exact filter and smoother."""
    task = HiddenSwitch(config.length, config.turn, config.noise)

    def sample(rng, n):
        batch = task.sample(rng, n)
        return torch.from_numpy(batch.x.astype(np.float32)), torch.from_numpy(batch.target)

    models = trained(config, seed, 1, 2, sample)
    batch = task.sample(np.random.default_rng((seed, 2)), 5 * config.test)
    x = torch.from_numpy(batch.x.astype(np.float32))
    with torch.no_grad():
        answers = {name: model(x).argmax(-1).numpy() for name, model in models.items()}
    answers |= {"filter": task.filtered(batch.x) > 0.5, "smoother": task.smoothed(batch.x) > 0.5}
    return {name: float((said == batch.target).mean()) for name, said in answers.items()}
