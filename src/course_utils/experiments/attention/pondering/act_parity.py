"""Parity of one vector by small recurrent nets: as many steps as they like, or always the same.

After Graves 2016, section 3.1 (64 elements, 128 units, 20 nets for each price, a million updates
by each of 16 threads).  Nets that always take the same number of steps are after Fojo et al. 2018,
nets that halt at random, trained on the mean of the losses, after Banino et al. 2021 (PonderNet,
beta 0.01).  Departures: six elements, 32 units, at most 6 steps, 4000 updates at a larger rate.
A way of thinking takes about 30 CPU seconds for 20 nets, all of it four minutes.
"""

from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from torch.nn import functional as F

from course_utils.lab.pondering_nets import SideBySide, sample, train
from course_utils.lab.statistics import median, median_interval, rate_interval
from course_utils.tasks import Parity
from course_utils.torch_nn.ponder import halting

TESTED = 2000  # vectors for each net


@dataclass(frozen=True)
class Config:
    """Task, nets and training; ways of thinking as (name, kind, number, halting bias).

    The number of "always" is how many steps, of "act" the price of one (in the name: in
    thousandths), of "random" the prior chance of halting at a step.
    """

    ways: tuple = (
        ("always_1", "always", 1, 1.0),
        ("always_2", "always", 2, 1.0),
        ("always_3", "always", 3, 1.0),
        ("tau_100", "act", 0.1, 1.0),
        ("tau_30", "act", 0.03, 1.0),
        ("tau_10", "act", 0.01, 1.0),
        ("tau_1", "act", 0.001, 1.0),
        ("eager", "act", 0.001, 5.0),
        ("random", "random", 0.2, 0.0),
    )
    beta: float = 0.01
    size: int = 6
    hidden: int = 32
    batch: int = 64
    updates: int = 4000
    every: int = 100
    lr: float = 5e-3
    max_steps: int = 6
    right: float = 0.05  # share of wrong answers at which parity counts as found
    seeds: tuple = tuple(range(20))


QUICK = Config(
    ways=(("tau_10", "act", 0.01, 1.0), ("random", "random", 0.2, 0.0)),
    size=2, hidden=16, batch=32, updates=100, max_steps=3, lr=1e-2, seeds=(0,),
)  # fmt: skip


def run(config, progress=iter):
    """By way of thinking: wrong answers, steps, both by difficulty and by update, found."""
    ways = {name: run_way(config, *way) for name, *way in progress(config.ways)}
    at = list(range(config.every, config.updates + 1, config.every))
    return {"ways": ways, "of": len(config.seeds), "difficulty": _levels(config), "at": at}


def run_way(config, kind, number, bias):
    """Train a net for each seed; what they get wrong, and how long they think about what."""
    task = Parity(config.size)
    nets = SideBySide(config.size, config.hidden, config.seeds, bias)
    thinks = partial(think, kind, number if kind == "always" else config.max_steps)
    history = train(
        nets, partial(loss, thinks, kind, number, config), partial(judge, thinks), task, config
    )
    x, target = sample(task, [np.random.default_rng((seed, 2)) for seed in config.seeds], TESTED)
    wrong, steps = answers(thinks, nets, x, target)
    difficulty = (x != 0).sum(-1).numpy()
    by_level = np.array([
        [[v[k][difficulty[k] == level].mean() for level in _levels(config)] for v in (wrong, steps)]
        for k in range(len(wrong))
    ])  # (K, 2, levels)  # fmt: skip
    checks = np.array([value for _, value in history.checks])  # (checks, 2, K)
    found_at = [_first(checks[:, 0, k] <= config.right, config.every) for k in range(len(wrong))]
    rows = [
        {
            "wrong": float(wrong[k].mean()),
            "steps": float(steps[k].mean()),
            "slope": float(np.polyfit(_levels(config), by_level[k, 1], 1)[0]),
        }
        for k in range(len(wrong))
    ]
    found = sum(row["wrong"] <= config.right for row in rows)
    by_seed = {name: [round(row[name], 4) for row in rows] for name in rows[0]}
    return {
        **{name: median(rows, name) for name in rows[0]},
        **{f"{name}_by_seed": values for name, values in by_seed.items()},
        "wrong_interval": list(median_interval(by_seed["wrong"])),
        "found": found,
        "rate": list(rate_interval(found, len(rows))),
        "updates_by_seed": found_at,
        "updates": float(np.median([u or config.updates for u in found_at])),
        "longer": int((steps > 1).any(axis=1).sum()),
        "wrong_by_difficulty": np.median(by_level[:, 0], axis=0).round(4).tolist(),
        "steps_by_difficulty": np.median(by_level[:, 1], axis=0).round(4).tolist(),
        "steps_by_difficulty_by_seed": by_level[:, 1].round(3).tolist(),
        "wrong_on_the_way": np.median(checks[:, 0], axis=1).round(4).tolist(),
        "steps_on_the_way": np.median(checks[:, 1], axis=1).round(4).tolist(),
        "examples": examples(thinks, nets, x, difficulty, config),
    }


def think(kind, steps, nets, x):
    """x (K, B, D) -> logits of the answer of each step (S, K, B), p (S, K, B), N + R (K, B)."""
    answer, halt = nets(x, steps)
    if kind == "always":
        last = torch.zeros_like(answer)
        last[-1] = 1
        return answer, last, last.sum(0) * steps
    if kind == "act":
        p, R, N = halting(halt.sigmoid())
        return answer, p, N + R
    p = chances(halt.sigmoid())
    return answer, p, None


def chances(halt):
    """The chance (S, ...) of halting, given that one is left -> p (S, ...), with sum 1.

    Banino et al. 2021, eq. 2; what is left after the last step goes to it.
    """
    left = torch.cat([torch.ones_like(halt[:1]), (1 - halt).cumprod(0)])
    return torch.cat([halt[:-1] * left[:-2], left[-2:-1]])


def loss(thinks, kind, number, config, nets, x, target):
    """The loss of each net (K,): with the price of its steps, or with what keeps to the prior."""
    answer, p, cost = thinks(nets, x)
    if kind == "random":  # Banino et al. 2021, eq. 3
        prior = chances(torch.full((len(p), 1, 1), number))
        entropy = F.binary_cross_entropy_with_logits(
            answer, target.expand_as(answer), reduction="none"
        )
        divergence = p * (p.clamp(min=1e-10) / prior).log()
        return (p * entropy + config.beta * divergence).sum(0).mean(1)
    mean = (p * answer).sum(0)  # the readout is affine: that of the mean state
    entropy = F.binary_cross_entropy_with_logits(mean, target, reduction="none").mean(1)
    return entropy + number * cost.mean(1) if kind == "act" else entropy


@torch.no_grad()
def answers(thinks, nets, x, target):
    """How likely each answer is wrong, and its steps (expected, where chance decides): (K, B)."""
    answer, p, cost = thinks(nets, x)
    n = torch.arange(1, len(p) + 1)[:, None, None]
    if cost is None:
        wrong = (p * ((answer > 0) != (target > 0.5))).sum(0)
        return wrong.numpy(), (p * n).sum(0).numpy()
    wrong = ((p * answer).sum(0) > 0) != (target > 0.5)
    steps = (n * (p > 0)).amax(0)  # the last step always has a weight
    return wrong.double().numpy(), steps.double().numpy()


def judge(thinks, nets, x, target):
    """Shares of wrong answers and mean steps, (2, K)."""
    return np.stack([v.mean(1) for v in answers(thinks, nets, x, target)])


@torch.no_grad()
def examples(thinks, nets, x, difficulty, config):
    """Of the first net, two vectors of each difficulty: what each step counts, and the answer."""
    rows = [i for level in _levels(config) for i in np.flatnonzero(difficulty[0] == level)[:2]]
    answer, p, _ = thinks(nets, x)
    odd = (p * answer).sum(0).sigmoid()
    return {
        "x": x[0, rows].int().tolist(),
        "p": p[:, 0, rows].T.double().numpy().round(3).tolist(),
        "odd": odd[0, rows].double().numpy().round(3).tolist(),
    }


def _first(reached, every):
    return int(np.argmax(reached) + 1) * every if reached.any() else None


def _levels(config):
    return list(range(1, config.size + 1))
