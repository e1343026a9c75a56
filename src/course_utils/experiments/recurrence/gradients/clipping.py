"""Gradient clipping on the temporal order problem: plain gradient descent with and without."""

from dataclasses import dataclass
from functools import partial

import numpy as np
import torch

from course_utils.lab.seeds import over_seeds
from course_utils.lab.statistics import count, median
from course_utils.lab.torch_models import Net, class_accuracy, class_loss, class_tensors
from course_utils.tasks.order import TemporalOrder
from course_utils.training import Diverged, fit


@dataclass(frozen=True)
class Config:
    """Lengths, clipping thresholds (None: no clipping), a sparse start, and training."""

    lengths: tuple = (20, 50)
    limits: tuple = (1.0, None)
    hidden: int = 50
    incoming: float = 0.3  # share of recurrent weights that are not zero
    radius: float = 0.95
    batch: int = 20
    lr: float = 0.1
    updates: int = 3000
    solved: float = 0.99
    seeds: tuple = (0, 1, 2, 3, 4, 5, 6, 7)


QUICK = Config(lengths=(10,), updates=1500, seeds=(0,))


def run(config, progress=iter):
    """By length and threshold: seeds that solved it, and the largest gradient norm on the way."""
    results = {"of": len(config.seeds)}
    for length in progress(config.lengths):
        results[str(length)] = {}
        for limit in config.limits:
            rows = over_seeds(partial(run_seed, config, length, limit), config.seeds, progress)
            results[str(length)]["clipped" if limit else "free"] = {
                "solved": count(rows, "solved"),
                "sequences": [row["sequences"] for row in rows],
                "largest_norm": median(rows, "largest"),
                "diverged": count(rows, "diverged"),
            }
    return results


def run_seed(config, length, limit, seed):
    """One network, trained until it is right on 99 % of 1000 new sequences or time is up."""
    task, rng = TemporalOrder(length), np.random.default_rng((seed, 1))
    model = sparse(config, Net("rnn", 6, config.hidden, 4, seed, last=True), seed)
    test = class_tensors(task.sample(np.random.default_rng((seed, 2)), 1000))
    norms = []

    def watched():  # the norm is measured before it is clipped
        loss = class_loss(model, class_tensors(task.sample(rng, config.batch)))
        optimiser.zero_grad()
        loss.backward()
        norms.append(float(torch.nn.utils.clip_grad_norm_(model.parameters(), limit or np.inf)))
        optimiser.step()
        return loss.item()

    optimiser = torch.optim.SGD(model.parameters(), config.lr)
    try:
        history = fit(
            watched,
            config.updates,
            check=lambda: class_accuracy(model, test),
            done=lambda share: share >= config.solved,
            bar=False,
        )
        solved, diverged = history.stopped, False
    except Diverged:
        solved, diverged = False, True
    finite = [norm for norm in norms if np.isfinite(norm)]
    return {
        "solved": solved,
        "diverged": diverged,
        "sequences": len(norms) * config.batch,
        "largest": max(finite),
    }


def sparse(config, model, seed):
    """Few recurrent weights, scaled to the radius.

    After Pascanu et al.'s "smart tanh"; there every unit has exactly 15 incoming weights, here each
    weight is kept with probability ``incoming``.
    """
    rng, H = np.random.default_rng((seed, 3)), config.hidden
    weight = rng.standard_normal((H, H)) * (rng.random((H, H)) < config.incoming)
    weight *= config.radius / np.abs(np.linalg.eigvals(weight)).max()
    with torch.no_grad():
        model.layer.weight_hh_l0.copy_(torch.from_numpy(weight))
    return model
