"""Gradient clipping on the temporal order problem: plain gradient descent over step sizes.

Whether one run learns hangs on rounding where the gradient explodes, so each step size and
threshold gets 32 networks, trained side by side.  About 3 CPU minutes in all.
"""

from dataclasses import dataclass
from functools import partial

import numpy as np
import torch

from course_utils import numpy_nn
from course_utils.lab.seeds import over_seeds
from course_utils.tasks.order import TemporalOrder


@dataclass(frozen=True)
class Config:
    """Step sizes, clipping thresholds (None: no clipping), a sparse start, and training.

    ``solved`` is the accuracy on ``test`` new sequences at one of the checks.
    """

    length: int = 20
    lrs: tuple = (0.01, 0.03, 0.1, 0.3, 1.0)
    limits: tuple = (1.0, 10.0, None)
    hidden: int = 40
    incoming: float = 0.3  # share of recurrent weights that are not zero
    radius: float = 0.95
    batch: int = 16
    updates: int = 1500
    every: int = 100
    test: int = 300
    solved: float = 0.99
    seeds: tuple = tuple(range(32))


QUICK = Config(length=10, lrs=(0.1, 1.0), limits=(1.0, None), updates=400, seeds=(0, 1, 2, 3))


def run(config, progress=iter):
    """By threshold: how many networks solved it, one number a step size; and the norms seen."""
    names = {f"{limit:g}" if limit else "free": limit for limit in config.limits}
    results = {"lrs": list(config.lrs), "limits": list(names), "of": len(config.seeds)}
    results |= {what: {name: [] for name in names} for what in ("solved", "median_norm", "largest")}
    for name, limit in names.items():
        for row in over_seeds(partial(train, config, limit), config.lrs, progress):
            for what, value in row.items():
                results[what][name].append(value)
    best = {name: max(counts) for name, counts in results["solved"].items()}
    return results | {"best": best}


def train(config, limit, lr):
    """The networks of all seeds at one step size: solved, and norms before clipping."""
    task, n = TemporalOrder(config.length), len(config.seeds)
    rng = np.random.default_rng(1)
    test = arrange(task.sample(np.random.default_rng(2), config.test), 1)
    params = start(config)
    left, norms = torch.arange(n), []  # networks that have not solved it yet
    for update in range(1, config.updates + 1):
        x, target = arrange(task.sample(rng, n * config.batch), n)
        answers = forward(params, x[:, left])
        loss = torch.nn.functional.cross_entropy(
            answers.flatten(0, 1), target[left].flatten(), reduction="sum"
        )
        grads = torch.autograd.grad(loss / config.batch, params)  # of each network's mean loss
        norm = torch.sqrt(sum((g**2).sum(dim=(1, 2)) for g in grads))
        norms.append(norm)
        step = lr * (limit / norm).clamp(max=1)[:, None, None] if limit else lr
        params = [
            (p - step * g).detach().requires_grad_() for p, g in zip(params, grads, strict=True)
        ]
        if update % config.every == 0:
            keep = right(params, test) < config.solved
            left, params = left[keep], [p[keep].detach().requires_grad_() for p in params]
            if not len(left):
                break
    norms = torch.cat(norms)
    norms = norms[torch.isfinite(norms)]
    return {
        "solved": n - len(left),
        "median_norm": float(norms.median()),
        "largest": float(norms.max()),
    }


def arrange(batch, n):
    """A task's Batch for n networks: x (T, n, B, D) float32, target (n, B)."""
    x = torch.from_numpy(batch.x.astype(np.float32))
    return x.unflatten(1, (n, -1)), torch.from_numpy(batch.target).view(n, -1)


def start(config):
    """W_x (n, H, D), W_h (n, H, H), b (n, 1, H), readout (n, N, H) and its bias (n, 1, N)."""
    rows = [one_start(config, seed) for seed in config.seeds]
    stacked = (np.stack(blocks).astype(np.float32) for blocks in zip(*rows, strict=True))
    return [torch.from_numpy(block).requires_grad_() for block in stacked]


def one_start(config, seed):
    """One network: few recurrent weights, scaled to the radius; the rest as PyTorch starts it.

    After Pascanu et al.'s "smart tanh"; there every unit has exactly 15 incoming weights, here each
    weight is kept with probability ``incoming``.
    """
    rng, H = np.random.default_rng(seed), config.hidden
    bound = H**-0.5
    params = numpy_nn.init_params("rnn", 6, H, rng)
    weight = rng.standard_normal((H, H)) * (rng.random((H, H)) < config.incoming)
    weight *= config.radius / np.abs(np.linalg.eigvals(weight)).max()
    bias = params["bias_ih"] + params["bias_hh"]
    out = rng.uniform(-bound, bound, (4, H)), rng.uniform(-bound, bound, (1, 4))
    return params["weight_ih"], weight, bias[None], *out


def forward(params, x):
    """x (T, n, B, D) -> logits (n, B, N), read from the last state."""
    W_x, W_h, b, W_o, b_o = params
    h = x.new_zeros(*x.shape[1:3], W_h.shape[-1])
    for x_t in x:
        h = torch.tanh(x_t @ W_x.mT + h @ W_h.mT + b)
    return h @ W_o.mT + b_o


def right(params, test):
    """Share of the test sequences that each network gets right (n,)."""
    x, target = test
    with torch.no_grad():
        answers = forward(params, x.expand(-1, len(params[0]), -1, -1))
    return (answers.argmax(-1) == target).float().mean(dim=1)
