"""Optimisers as pure functions: (params, grads, state) in, (params, state) out.

Parameters, gradients and moments are dicts with the same keys and shapes.  Parameters keep their
dtype, whatever that of the step size and of the gradients.
"""

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from course_utils.numpy_nn.validation import by_name, floating, made_by, matching, numbers


def clip_norm(grads, limit):
    """Scale all gradients together so that their joint norm is at most limit.

    Returns (grads, norm before).  The norm does not overflow before its result does; where it is
    infinite or NaN because a gradient is, the gradients come back as they are, for no scale would
    help.  Pascanu, Mikolov & Bengio 2013, algorithm 1.
    """
    by_name("grads", grads)
    limit = numbers("limit", limit, positive=True)
    if limit.ndim:
        raise ValueError(f"limit: expected one number, got shape {limit.shape}")
    floating("f", **{f"grads[{name!r}]": g for name, g in grads.items()})
    largest = float(np.max([abs(g).max(initial=0) for g in grads.values()], initial=0))
    if not 0 < largest < math.inf:
        return {name: g.copy() for name, g in grads.items()}, largest
    squares = (((g.astype(np.float64) / largest) ** 2).sum() for g in grads.values())
    relative = math.sqrt(sum(map(float, squares)))  # the norm in units of the largest number
    if largest * relative <= limit:
        return {name: g.copy() for name, g in grads.items()}, largest * relative
    scale = float(limit) / relative
    scaled = {name: g / g.dtype.type(largest) * g.dtype.type(scale) for name, g in grads.items()}
    return scaled, largest * relative


@dataclass(frozen=True)
class SGD:
    """Plain gradient descent with step size lr."""

    lr: float = 0.1

    def __post_init__(self):
        numbers("lr", self.lr)

    def init(self, params):
        """No state is needed."""
        return ()

    def update(self, params, grads, state=()):
        """-> (new params, state)."""
        by_name("params", params)
        floating("f", **{f"params[{name!r}]": p for name, p in params.items()})
        matching(params, grads=grads)
        new = {
            name: p - (_as(self.lr, p.dtype) * grads[name]).astype(p.dtype, copy=False)
            for name, p in params.items()
        }
        return new, state


class AdamState(NamedTuple):
    """Number of updates so far, and running means of the gradient and of its square."""

    updates: int
    mean: dict
    square: dict


@dataclass(frozen=True)
class Adam:
    """Adam with bias correction, for float32 and float64.  Kingma & Ba 2015, algorithm 1."""

    lr: float = 1e-3
    beta1: float = 0.9
    beta2: float = 0.999
    eps: float = 1e-8

    def __post_init__(self):
        numbers("lr", self.lr)
        numbers("beta1", self.beta1, below=1)
        numbers("beta2", self.beta2, below=1)
        numbers("eps", self.eps)

    def init(self, params):
        """Zero moments."""
        _wide_enough(params)
        zeros = {name: np.zeros_like(p) for name, p in params.items()}
        return AdamState(0, zeros, {name: z.copy() for name, z in zeros.items()})

    def update(self, params, grads, state):
        """-> (new params, new state); nothing is changed in place."""
        _wide_enough(params)
        made_by(state, AdamState, "Adam.init or update", name="state")
        matching(params, grads=grads, **{"state.mean": state.mean, "state.square": state.square})
        n = state.updates + 1
        mean = _blend(state.mean, grads, self.beta1)
        square = _blend(state.square, {k: grads[k] ** 2 for k in state.square}, self.beta2)
        new = {}
        for name, p in params.items():
            m = mean[name] / _as(1 - self.beta1**n, p.dtype)
            v = square[name] / _as(1 - self.beta2**n, p.dtype)
            new[name] = p - _as(self.lr, p.dtype) * m / (np.sqrt(v) + _as(self.eps, p.dtype))
        return new, AdamState(n, mean, square)


def _blend(old, new, keep):
    return {
        name: (_as(keep, o.dtype) * o + _as(1 - keep, o.dtype) * new[name]).astype(
            o.dtype, copy=False
        )
        for name, o in old.items()
    }


def _as(number, dtype):
    """A number, or one for each of many nets, that leaves the dtype of what it meets alone."""
    return np.asarray(number, dtype)


def _wide_enough(params):
    by_name("params", params)
    for name, p in params.items():
        floating("f", **{f"params[{name!r}]": p})
        if p.dtype == np.float16:
            raise TypeError(
                f"params[{name!r}]: Adam needs float32 or float64; in float16 the squares of "
                "gradients below 2e-4, and eps, are zero; keep a float32 copy of the weights"
            )
