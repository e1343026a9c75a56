"""The plain cell with leaky integration (spec: ``specs/rnn_leaky.py``)."""

from typing import NamedTuple

import numpy as np

from course_utils.numpy_nn.ops import linear, linear_backward


class State(NamedTuple):
    """h (B, H)."""

    h: np.ndarray


class Cache(NamedTuple):
    """What the backward pass needs: x (B, D), h_prev (B, H), n = tanh(a_h) (B, H), and alpha."""

    x: np.ndarray
    h_prev: np.ndarray
    n: np.ndarray
    alpha: float


def step(params, x, prev, alpha):
    """x (B, D), prev.h (B, H) -> state, cache."""
    n = np.tanh(linear(params, x, prev.h))  # (B, H)
    h = (1 - alpha) * prev.h + alpha * n
    return State(h), Cache(x, prev.h, n, alpha)


def step_backward(params, cache, dstate):
    """dstate.h (B, H) -> dx (B, D), dprev, grads."""
    x, h_prev, n, alpha = cache
    dn = dstate.h * alpha  # h = (1 - alpha) * h_prev + alpha * n
    dh_prev = dstate.h * (1 - alpha)
    da_h = dn * (1 - n**2)  # n = tanh(a_h)
    dx, dh_from_a, grads = linear_backward(params, x, h_prev, da_h)
    return dx, State(dh_prev + dh_from_a), grads
