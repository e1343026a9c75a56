"""How large the gradient of each layer is before training, in stacks of one depth.

The task is that of ``deep_training``: digits, read a row of eight pixels a step.  A second or two.
"""

from dataclasses import dataclass

import numpy as np

from course_utils.lab.deep_stacks import KINDS, DeepStack, layer_of
from course_utils.lab.modules_together import Together
from course_utils.tasks import Digits, digits


@dataclass(frozen=True)
class Config:
    """Layers, units a layer, digits in the batch."""

    depth: int = 16
    hidden: int = 16
    batch: int = 64
    seeds: tuple = tuple(range(20))


QUICK = Config(depth=6, hidden=8, batch=16, seeds=(0, 1, 2))


def run(config, progress=iter):
    """By kind: the norm of each layer's gradient over the top layer's, the median and by seed."""
    results = {"depth": config.depth, "of": len(config.seeds)}
    for kind in progress(KINDS):
        rows = norms(config, kind)  # (seeds, depth)
        relative = rows / rows[:, -1:]
        lowest = relative[:, 0]
        results[kind] = {
            "relative": np.median(relative, axis=0).tolist(),
            "lowest": float(np.median(lowest)),
            "lowest_by_seed": lowest.tolist(),
        }
    return results


def data(config):
    """The pictures, by their hash."""
    return {"name": "scikit-learn load_digits", "sha256": digits.SHA256}


def norms(config, kind):
    """The norm of the gradient of all parameters of a layer (seeds, depth), lowest layer first."""
    nets = Together([
        DeepStack(kind, 8, config.hidden, 10, config.depth, seed) for seed in config.seeds
    ])  # fmt: skip
    x, target = Digits().sample(np.random.default_rng(0), config.batch)[:2]
    x = x.reshape(8, 8, -1).transpose(0, 2, 1).astype(np.float32)  # (64, B, 1) -> (8, B, 8)
    K = len(config.seeds)
    _, grads = nets.gradients(np.stack([x] * K), np.stack([target] * K))
    squares = np.zeros((K, config.depth))
    for name, g in grads.items():
        layer = layer_of(name, kind)
        if layer is not None:
            squares[:, layer] += (g.reshape(K, -1).astype(float) ** 2).sum(axis=1)
    return np.sqrt(squares)
