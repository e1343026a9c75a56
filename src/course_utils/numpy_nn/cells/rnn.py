"""The plain recurrent cell (spec: ``specs/rnn.py``)."""

from typing import NamedTuple

import numpy as np

from course_utils.numpy_nn.ops import linear, linear_backward


class State(NamedTuple):
    """h (B, H)."""

    h: np.ndarray


class Cache(NamedTuple):
    """What the backward pass needs: x (B, D), h_prev (B, H), h (B, H)."""

    x: np.ndarray
    h_prev: np.ndarray
    h: np.ndarray


def step(params, x, prev):
    """x (B, D), prev.h (B, H) -> state, cache."""
    a_h = linear(params, x, prev.h)  # (B, H)
    h = np.tanh(a_h)
    return State(h), Cache(x, prev.h, h)


def step_backward(params, cache, dstate):
    """dstate.h (B, H) -> dx (B, D), dprev, grads."""
    x, h_prev, h = cache
    da_h = dstate.h * (1 - h**2)  # h = tanh(a_h)
    dx, dh_prev, grads = linear_backward(params, x, h_prev, da_h)
    return dx, State(dh_prev), grads
