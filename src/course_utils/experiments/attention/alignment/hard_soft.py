"""Soft attention reads every position; hard attention draws one, and learns by trial.

"soft": the mean, back-propagated.  "hard": one position drawn, its score pushed by REINFORCE with a
running mean as baseline (Xu et al. 2015, section 4.1, without their entropy term).  "expected": the
mean of the loss over all positions, which is what REINFORCE estimates.  10 CPU seconds.
"""

from dataclasses import dataclass

import numpy as np
import torch

from course_utils.lab.lookup_nets import LookupNets, charged, questions
from course_utils.lab.statistics import median

WAYS = ("soft", "expected", "hard")


@dataclass(frozen=True)
class Config:
    """The task, the nets and their training; every so often the accuracy is looked at."""

    size: int = 16
    positions: int = 8
    symbols: int = 12
    classes: int = 4
    updates: int = 600
    every: int = 25
    batch: int = 32
    lr: float = 0.01
    solved: float = 0.95
    seeds: tuple = tuple(range(20))


QUICK = Config(updates=150, positions=4, symbols=6, lr=0.03, seeds=(0, 1))


def run(config, progress=iter):
    """By way: accuracy over updates, updates until solved, and the noise of a gradient."""
    results = {"of": len(config.seeds)}
    for way in progress(WAYS):
        curves = trained(config, way)  # (checks, seeds)
        first = [
            next((int(u) for u, v in curves if v[k] >= config.solved), None)
            for k in range(len(config.seeds))
        ]
        found = results[way] = {
            "at": [u for u, _ in curves],
            "accuracy": [median(v) for _, v in curves],
            "updates_by_seed": [config.updates if u is None else u for u in first],
            "solved": sum(u is not None for u in first),
        }
        found["updates"] = median(found["updates_by_seed"])
    cosine = alike(config)
    results["cosine"] = {"median": median(cosine), "by_seed": cosine}
    return results


def setting(config, part):
    """Nets, and a function that gives the next questions."""
    sizes = {n: getattr(config, n) for n in ("positions", "symbols", "classes")}
    rngs = [np.random.default_rng((seed, part)) for seed in config.seeds]
    new = LookupNets(config.seeds, symbols=config.symbols, classes=config.classes, size=config.size)
    return new, lambda count=config.batch: questions(rngs, count, **sizes)


def trained(config, way):
    """[(updates, accuracy of every net)] along the training."""
    new, batches = setting(config, 1)
    _, tests = setting(config, 2)
    test, baseline = tests(200), torch.zeros(len(config.seeds), 1)
    draws = torch.Generator().manual_seed(len(config.seeds))
    adam = torch.optim.Adam(new.weights.values(), lr=config.lr)
    curve = []
    for update in range(1, config.updates + 1):
        loss, baseline = lost(new, batches(), way, baseline, draws)
        adam.zero_grad()
        loss.mean(dim=1).sum().backward()
        adam.step()
        if update % config.every == 0:
            curve.append((update, new.accuracy(test, hard=way != "soft")))
    return curve


def lost(new, batch, way, baseline, draws):
    """What is differentiated, (S, B), and the new baseline."""
    scores, _ = new.attend(batch)
    weights = scores.softmax(dim=-1)
    if way == "soft":
        return charged(new.read(weights, batch), batch.answer), baseline
    places = torch.eye(weights.shape[-1])
    if way == "expected":
        each = [
            charged(new.read(place.expand_as(weights), batch), batch.answer) for place in places
        ]
        return (weights * torch.stack(each, dim=-1)).sum(dim=-1), baseline
    flat = weights.detach().flatten(0, 1)
    drawn = torch.multinomial(flat, 1, generator=draws).view(weights.shape[:2])
    cost = charged(new.read(places[drawn], batch), batch.answer)
    log_w = weights.log().gather(-1, drawn[..., None])[..., 0]
    pushed = (cost.detach() - baseline) * log_w
    mean = cost.detach().mean(dim=1, keepdim=True)
    return cost + pushed, 0.9 * baseline + 0.1 * mean


def alike(config):
    """Cosine between the drawn and the expected gradient of the queries, one batch of each net."""
    new, batches = setting(config, 3)
    batch, draws = batches(), torch.Generator().manual_seed(1)
    base = lost(new, batch, "expected", None, draws)[0].detach().mean(dim=1, keepdim=True)
    both = []
    for way in ("expected", "hard"):
        loss, _ = lost(new, batch, way, base, draws)
        (grad,) = torch.autograd.grad(loss.mean(dim=1).sum(), [new.weights["query"]])
        both.append(grad.flatten(1))
    return torch.nn.functional.cosine_similarity(*both, dim=1).tolist()
