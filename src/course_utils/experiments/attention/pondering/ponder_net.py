"""Parity by nets that halt at random and are trained on the mean of the losses: PonderNet.

After Banino et al. 2021, section 3.1 and appendix B (64 elements, 128 units, at most 20 steps, a
rate of 0.0003).  Departures: the sizes and the training of `act_parity`, five elements, 32 units,
6 steps; the probability that is left after the last step is given to it, also in the prior.
A net takes about 8 CPU seconds.
"""

from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from course_utils.lab.seeds import over_seeds
from course_utils.lab.statistics import median, median_interval, rate_interval
from course_utils.tasks import Parity
from course_utils.torch_nn import OneStep
from course_utils.training import fit, torch_step

TESTED = 4000  # vectors in the last test
CHECKED = 500  # vectors in a test on the way


@dataclass(frozen=True)
class Config:
    """Task, net and training; priors: the chance of halting at a step, given that one is left."""

    priors: tuple = (0.5, 0.2)
    weight: float = 0.01  # of the divergence from the prior; the paper's beta
    size: int = 5
    hidden: int = 32
    batch: int = 64
    updates: int = 2000
    every: int = 100
    lr: float = 5e-3
    clip: float = 1.0
    max_steps: int = 6
    right: float = 0.05  # expected share of wrong answers at which parity counts as found
    seeds: tuple = tuple(range(20))


QUICK = Config(
    priors=(0.5,), size=2, hidden=16, batch=32, updates=100, lr=1e-2, max_steps=3, seeds=(0,)
)


def run(config, progress=iter):
    """By prior: expected share of wrong answers, expected steps, both by difficulty, found."""
    results = {}
    for prior in config.priors:
        rows = over_seeds(partial(run_seed, config, prior), config.seeds, progress)
        found = sum(row["wrong"] <= config.right for row in rows)
        results[f"{prior:g}"] = {
            "wrong": median(rows, "wrong"),
            "wrong_interval": list(median_interval([row["wrong"] for row in rows])),
            "wrong_by_seed": [row["wrong"] for row in rows],
            "steps": median(rows, "steps"),
            "steps_by_seed": [round(row["steps"], 3) for row in rows],
            "found": found,
            "rate": list(rate_interval(found, len(rows))),
            "updates_by_seed": [row["updates"] for row in rows],
            "updates": median([row for row in rows if row["updates"]], "updates"),
            "steps_by_difficulty": _medians(rows, "steps_by_difficulty"),
            "slope_by_seed": [row["slope"] for row in rows],
            "slope": median(rows, "slope"),
        }
    return {"priors": results, "of": len(config.seeds), "difficulty": _levels(config)}


def run_seed(config, prior, seed):
    """Train one net; the expected share of wrong answers, and the expected steps by difficulty."""
    torch.manual_seed(seed)
    rng, task = np.random.default_rng(seed), Parity(config.size)
    net = RandomHalt(config.size, config.hidden, config.max_steps)
    held = task.sample(np.random.default_rng(2 * 10**6 + seed), CHECKED)
    history = fit(
        torch_step(
            net,
            partial(loss, weights(torch.full((config.max_steps,), prior)), config.weight),
            lambda: task.sample(rng, config.batch),
            lr=config.lr,
            clip=config.clip,
        ),
        config.updates,
        check=lambda: float(judge(net, held)[0].mean()),
        every=config.every,
        bar=False,
    )
    batch = task.sample(np.random.default_rng(10**6 + seed), TESTED)
    wrong, steps = judge(net, batch)
    difficulty = task.difficulty(batch.x)
    by_level = [float(steps[difficulty == k].mean()) for k in _levels(config)]
    found = [update for update, share in history.checks if share <= config.right]
    return {
        "wrong": float(wrong.mean()),
        "steps": float(steps.mean()),
        "updates": found[0] if found else None,
        "slope": round(float(np.polyfit(_levels(config), by_level, 1)[0]), 4),
        "steps_by_difficulty": np.round(by_level, 4).tolist(),
    }


class RandomHalt(nn.Module):
    """A tanh layer that takes max_steps steps; after each, an answer and a chance to halt."""

    def __init__(self, size, hidden, max_steps):
        super().__init__()
        self.cell, self.max_steps = OneStep("rnn", size + 1, hidden), max_steps
        self.heads = nn.Linear(hidden, 2)

    def forward(self, x):
        """x (1, B, size) -> logits (S, B) of each step's answer, p (S, B) of halting there."""
        state, outputs = self.cell.start(x.shape[1]), []
        for n in range(self.max_steps):
            flag = x.new_full((x.shape[1], 1), n == 0)
            y, state = self.cell(torch.cat([x[0], flag], dim=-1), state)
            outputs.append(y)
        logits, halt = self.heads(torch.stack(outputs)).unbind(-1)
        return logits, weights(halt.sigmoid())


def weights(chance):
    """The chance (S, ...) of halting, given that one is left -> p (S, ...), with sum 1.  Eq. 2."""
    left = torch.cat([torch.ones_like(chance[:1]), (1 - chance).cumprod(0)])
    return torch.cat([chance[:-1] * left[:-2], left[-2:-1]])


def loss(prior, weight, net, batch):
    """The mean of the losses under p, plus weight times KL(p || prior (S,)).  Eq. 3."""
    x, target = (torch.as_tensor(a, dtype=torch.float32) for a in batch[:2])
    logits, p = net(x)
    entropy = F.binary_cross_entropy_with_logits(
        logits, target[0, :, 0].expand_as(logits), reduction="none"
    )
    divergence = (p * (p.clamp(min=1e-10).log() - prior[:, None].log())).sum(0).mean()
    return (p * entropy).sum(0).mean() + weight * divergence


@torch.no_grad()
def judge(net, batch):
    """A batch of n vectors -> how likely each is answered wrongly (n,), its expected steps (n,)."""
    logits, p = net(torch.as_tensor(batch.x, dtype=torch.float32))
    wrong = (logits > 0) != (torch.as_tensor(batch.target[0, :, 0]) > 0.5)
    n = torch.arange(1, len(p) + 1)[:, None]
    return (p * wrong).sum(0).double().numpy(), (p * n).sum(0).double().numpy()


def _levels(config):
    return list(range(1, config.size + 1))


def _medians(rows, name):
    return np.median([row[name] for row in rows], axis=0).round(4).tolist()
