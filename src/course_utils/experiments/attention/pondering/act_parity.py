"""Parity of one vector by a small recurrent net: as many steps as it likes, one, or always a few.

After Graves 2016, section 3.1 (64 elements, 128 units, 20 nets for each price, a million updates
by 16 threads).  The nets that always take the same number of steps are after Fojo et al. 2018.
Departures: five elements, 32 units, a larger learning rate; a net takes 4 to 9
CPU seconds.
"""

from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from course_utils.lab.seeds import over_seeds
from course_utils.lab.statistics import count, median, median_interval, rate_interval
from course_utils.tasks import Parity
from course_utils.torch_nn import OneStep
from course_utils.torch_nn.ponder import Ponder, ponder_cost
from course_utils.training import fit, torch_step

TESTED = 4000  # vectors in the last test
CHECKED = 500  # vectors in a test on the way


@dataclass(frozen=True)
class Config:
    """Task, net and training; ways of thinking as (name, steps or None, price, halting bias)."""

    ways: tuple = (
        ("always 1", 1, 0.0, 1.0),
        ("always 2", 2, 0.0, 1.0),
        ("0.1", None, 0.1, 1.0),
        ("0.03", None, 0.03, 1.0),
        ("0.01", None, 0.01, 1.0),
        ("0.001", None, 0.001, 1.0),
        ("eager", None, 0.001, 5.0),
    )
    size: int = 5
    hidden: int = 32
    batch: int = 64
    updates: int = 2000
    every: int = 100
    lr: float = 5e-3
    clip: float = 1.0
    max_steps: int = 6
    right: float = 0.05  # share of wrong answers at which parity counts as found
    seeds: tuple = tuple(range(20))


QUICK = Config(
    ways=(("always 2", 2, 0.0, 1.0), ("0.01", None, 0.01, 1.0)),
    size=2,
    hidden=16,
    batch=32,
    updates=100,
    lr=1e-2,
    max_steps=3,
    seeds=(0,),
)


def run(config, progress=iter):
    """By way of thinking: wrong answers, ponder steps, both by difficulty and by update, found."""
    results = {}
    for name, *way in config.ways:
        rows = over_seeds(partial(run_seed, config, *way), config.seeds, progress)
        found = sum(row["wrong"] <= config.right for row in rows)
        results[name] = {
            "wrong": median(rows, "wrong"),
            "wrong_interval": list(median_interval([row["wrong"] for row in rows])),
            "wrong_by_seed": [row["wrong"] for row in rows],
            "steps": median(rows, "steps"),
            "steps_by_seed": [round(row["steps"], 3) for row in rows],
            "found": found,
            "rate": list(rate_interval(found, len(rows))),
            "updates_by_seed": [row["updates"] for row in rows],
            "updates": median([row for row in rows if row["updates"]], "updates"),
            "moved": count(rows, "moved"),
            "slope": median(rows, "slope"),
            "slope_by_seed": [row["slope"] for row in rows],
            "wrong_by_difficulty": _medians(rows, "wrong_by_difficulty"),
            "steps_by_difficulty": _medians(rows, "steps_by_difficulty"),
            "steps_by_difficulty_by_seed": [row["steps_by_difficulty"] for row in rows],
            "wrong_on_the_way": _medians(rows, "wrong_on_the_way"),
            "steps_on_the_way": _medians(rows, "steps_on_the_way"),
            "examples": rows[0]["examples"],
        }
    at = list(range(config.every, config.updates + 1, config.every))
    return {"ways": results, "of": len(config.seeds), "difficulty": _levels(config), "at": at}


def run_seed(config, steps, price, bias, seed):
    """Train one net; what it gets wrong and how long it thinks, by the number of elements."""
    torch.manual_seed(seed)
    rng, task = np.random.default_rng(seed), Parity(config.size)
    if steps is None:
        net = Thinker(config.size, config.hidden, config.max_steps, bias)
    else:
        net = Repeater(config.size, config.hidden, steps)
    held = task.sample(np.random.default_rng(2 * 10**6 + seed), CHECKED)
    history = fit(
        torch_step(
            net,
            partial(loss, price),
            lambda: task.sample(rng, config.batch),
            lr=config.lr,
            clip=config.clip,
        ),
        config.updates,
        check=lambda: [float(v.mean()) for v in judge(net, held)],
        every=config.every,
        bar=False,
    )
    batch = task.sample(np.random.default_rng(10**6 + seed), TESTED)
    wrong, N = judge(net, batch)
    difficulty = task.difficulty(batch.x)
    by_level = [[float(v[difficulty == k].mean()) for k in _levels(config)] for v in (wrong, N)]
    on_the_way = np.array([value for _, value in history.checks])
    found = [update for update, (share, _) in history.checks if share <= config.right]
    return {
        "wrong": float(wrong.mean()),
        "steps": float(N.mean()),
        "updates": found[0] if found else None,  # of the first check at which parity was found
        "moved": bool((N > 1).any()),
        "slope": round(float(np.polyfit(_levels(config), by_level[1], 1)[0]), 4),
        "wrong_by_difficulty": np.round(by_level[0], 4).tolist(),
        "steps_by_difficulty": np.round(by_level[1], 4).tolist(),
        "wrong_on_the_way": on_the_way[:, 0].tolist(),
        "steps_on_the_way": on_the_way[:, 1].tolist(),
        "examples": examples(net, batch.x, difficulty, config) if steps is None else None,
    }


class Thinker(nn.Module):
    """A tanh layer that ponders, and a readout."""

    def __init__(self, size, hidden, max_steps, bias):
        super().__init__()
        self.layer = Ponder("rnn", size, hidden, max_steps=max_steps, halting_bias=bias)
        self.readout = nn.Linear(hidden, 1)

    def forward(self, x):
        """x (1, B, size) -> logits (1, B, 1), Pondering."""
        y, _, pondering = self.layer(x)
        return self.readout(y), pondering


class Repeater(nn.Module):
    """The same layer, which takes ``steps`` steps over each input and gives its last output."""

    def __init__(self, size, hidden, steps):
        super().__init__()
        self.cell, self.steps = OneStep("rnn", size + 1, hidden), steps
        self.readout = nn.Linear(hidden, 1)

    def forward(self, x):
        """x (1, B, size) -> logits (1, B, 1), None."""
        state = self.cell.start(x.shape[1])
        for n in range(self.steps):
            flag = x.new_full((x.shape[1], 1), n == 0)
            y, state = self.cell(torch.cat([x[0], flag], dim=-1), state)
        return self.readout(y)[None], None


def loss(price, net, batch):
    """Cross-entropy plus the price times the mean ponder cost N + R."""
    x, target = (torch.as_tensor(a, dtype=torch.float32) for a in batch[:2])
    logits, pondering = net(x)
    entropy = F.binary_cross_entropy_with_logits(logits, target)
    if pondering is None:
        return entropy
    return entropy + price * ponder_cost(pondering.N, pondering.R).mean()


@torch.no_grad()
def judge(net, batch):
    """A batch of n vectors -> whether each is answered wrongly (n,), its ponder steps (n,)."""
    logits, pondering = net(torch.as_tensor(batch.x, dtype=torch.float32))
    wrong = (logits[0, :, 0] > 0).numpy() != (batch.target[0, :, 0] > 0.5)
    N = np.full(len(wrong), net.steps) if pondering is None else pondering.N[0].numpy()
    return wrong.astype(float), N.astype(float)


@torch.no_grad()
def examples(net, x, difficulty, config):
    """Two vectors of each difficulty, and what each ponder step counts for their outputs."""
    rows = [i for k in _levels(config) for i in np.flatnonzero(difficulty == k)[:2]]
    chosen = torch.as_tensor(x[:, rows], dtype=torch.float32)
    logits, pondering = net(chosen)
    return {
        "x": x[0, rows].astype(int).tolist(),
        "p": pondering.p[0].T.double().numpy().round(3).tolist(),
        "N": pondering.N[0].tolist(),
        "odd": logits[0, :, 0].sigmoid().double().numpy().round(3).tolist(),
    }


def _levels(config):
    return list(range(1, config.size + 1))


def _medians(rows, name):
    return np.median([row[name] for row in rows], axis=0).round(4).tolist()
