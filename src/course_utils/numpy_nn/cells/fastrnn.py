"""FastRNN (spec: ``specs/fastrnn.py``)."""

from typing import NamedTuple

import numpy as np

from course_utils.numpy_nn.ops import linear, linear_backward, sigmoid


class State(NamedTuple):
    """h (B, H)."""

    h: np.ndarray


class Cache(NamedTuple):
    """What the backward pass needs: x (B, D), h_prev and n = tanh(a_n) (B, H)."""

    x: np.ndarray
    h_prev: np.ndarray
    n: np.ndarray


def init(params, rng):
    """α = −3 and β = 3, as in the authors' code: at first the state is kept; in place."""
    params["alpha"][...], params["beta"][...] = -3, 3


def retain(params, share):
    """A step keeps this share of the state, in place."""
    params["beta"][...] = np.log(share / (1 - share))


def step(params, x, prev):
    """x (B, D), prev.h (B, H) -> state, cache."""
    n = np.tanh(linear(params, x, prev.h))
    h = sigmoid(params["alpha"]) * n + sigmoid(params["beta"]) * prev.h
    return State(h), Cache(x, prev.h, n)


def step_backward(params, cache, dstate):
    """dstate.h (B, H) -> dx (B, D), dprev, grads."""
    x, h_prev, n = cache
    write, keep = sigmoid(params["alpha"]), sigmoid(params["beta"])  # (H,)
    dh = dstate.h
    dn = dh * write  # h = write * n + keep * h_prev
    dh_prev = dh * keep
    da_n = dn * (1 - n**2)  # n = tanh(a_n)
    dx, dh_from_a, grads = linear_backward(params, x, h_prev, da_n)
    grads["alpha"] = (dh * n).sum(axis=-2) * write * (1 - write)
    grads["beta"] = (dh * h_prev).sum(axis=-2) * keep * (1 - keep)
    return dx, State(dh_prev + dh_from_a), grads
