"""JANET (spec: ``specs/janet.py``)."""

from typing import NamedTuple

import numpy as np

from course_utils.numpy_nn.ops import join, linear, linear_backward, sigmoid, split


class State(NamedTuple):
    """h (B, H)."""

    h: np.ndarray


class Cache(NamedTuple):
    """What the backward pass needs: x (B, D), all others (B, H); i, the share that is written."""

    x: np.ndarray
    h_prev: np.ndarray
    f: np.ndarray
    i: np.ndarray
    g: np.ndarray


def step(params, x, prev, beta):
    """x (B, D), prev.h (B, H) -> state, cache."""
    a_f, a_g = split(linear(params, x, prev.h), 2)
    f = sigmoid(a_f)
    i = 1 - sigmoid(a_f - beta)
    g = np.tanh(a_g)
    h = f * prev.h + i * g
    return State(h), Cache(x, prev.h, f, i, g)


def step_backward(params, cache, dstate):
    """dstate.h (B, H) -> dx (B, D), dprev, grads."""
    x, h_prev, f, i, g = cache
    dh = dstate.h
    df = dh * h_prev  # h = f * h_prev + i * g
    di = dh * g
    dg = dh * i
    dh_prev = dh * f
    da_g = dg * (1 - g**2)  # g = tanh(a_g)
    da_f = df * f * (1 - f) - di * i * (1 - i)  # i = 1 - sigmoid(a_f - beta)
    dx, dh_from_a, grads = linear_backward(params, x, h_prev, join(da_f, da_g))
    return dx, State(dh_prev + dh_from_a), grads
