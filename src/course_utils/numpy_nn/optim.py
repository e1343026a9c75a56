"""Optimisers as pure functions: (params, grads, state) in, (params, state) out.

Parameters, gradients and moments are dicts with the same keys and shapes.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np


def clip_norm(grads, limit):
    """Scale all gradients together so that their joint norm is at most limit.

    Returns (grads, norm before).  Pascanu, Mikolov & Bengio 2013, algorithm 1.
    """
    norm = np.sqrt(sum(float((g**2).sum()) for g in grads.values()))
    scale = min(1.0, limit / (norm + 1e-12))
    return {name: g * scale for name, g in grads.items()}, norm


@dataclass(frozen=True)
class SGD:
    """Plain gradient descent with step size lr."""

    lr: float = 0.1

    def init(self, params):
        """No state is needed."""
        return ()

    def update(self, params, grads, state=()):
        """-> (new params, state)."""
        return {name: p - self.lr * grads[name] for name, p in params.items()}, state


class AdamState(NamedTuple):
    """Number of updates so far, and running means of the gradient and of its square."""

    updates: int
    mean: dict
    square: dict


@dataclass(frozen=True)
class Adam:
    """Adam with bias correction.  Kingma & Ba 2015, algorithm 1."""

    lr: float = 1e-3
    beta1: float = 0.9
    beta2: float = 0.999
    eps: float = 1e-8

    def init(self, params):
        """Zero moments."""
        zeros = {name: np.zeros_like(p) for name, p in params.items()}
        return AdamState(0, zeros, {name: z.copy() for name, z in zeros.items()})

    def update(self, params, grads, state):
        """-> (new params, new state); nothing is changed in place."""
        n = state.updates + 1
        mean = _blend(state.mean, grads, self.beta1)
        square = _blend(state.square, {k: g**2 for k, g in grads.items()}, self.beta2)
        new = {}
        for name, p in params.items():
            m = mean[name] / (1 - self.beta1**n)
            v = square[name] / (1 - self.beta2**n)
            new[name] = p - self.lr * m / (np.sqrt(v) + self.eps)
        return new, AdamState(n, mean, square)


def _blend(old, new, keep):
    return {name: keep * old[name] + (1 - keep) * new[name] for name in old}
