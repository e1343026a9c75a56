"""The independently recurrent network (spec: ``specs/indrnn.py``)."""

from typing import NamedTuple

import numpy as np


class State(NamedTuple):
    """h (B, H)."""

    h: np.ndarray


class Cache(NamedTuple):
    """What the backward pass needs: x (B, D), h_prev and h (B, H)."""

    x: np.ndarray
    h_prev: np.ndarray
    h: np.ndarray


def init(params, rng):
    """Recurrent weights uniform in [0, 1], as in the authors' code; in place."""
    weight = params["weight_hh"]
    weight[...] = rng.uniform(0, 1, weight.shape)


def retain(params, share):
    """A unit that is on keeps this share of its state, in place."""
    params["weight_hh"][...] = share


def step(params, x, prev):
    """x (B, D), prev.h (B, H) -> state, cache."""
    a = x @ params["weight_ih"].mT + params["weight_hh"] * prev.h + params["bias_ih"]
    h = np.where(a.real <= 0, 0, a)  # so that a NaN stays one
    return State(h), Cache(x, prev.h, h)


def step_backward(params, cache, dstate):
    """dstate.h (B, H) -> dx (B, D), dprev, grads."""
    x, h_prev, h = cache
    da = np.where(h == 0, 0, dstate.h)  # h = relu(a)
    grads = {
        "weight_ih": da.mT @ x,
        "weight_hh": (da * h_prev).sum(axis=-2),
        "bias_ih": da.sum(axis=-2),
    }
    return da @ params["weight_ih"], State(da * params["weight_hh"]), grads
