"""The RNN with an update gate (spec: ``specs/ugrnn.py``)."""

from typing import NamedTuple

import numpy as np

from course_utils.numpy_nn.ops import join, linear, linear_backward, sigmoid, split


class State(NamedTuple):
    """h (B, H)."""

    h: np.ndarray


class Cache(NamedTuple):
    """What the backward pass needs: x (B, D), all others (B, H)."""

    x: np.ndarray
    h_prev: np.ndarray
    z: np.ndarray
    n: np.ndarray


def step(params, x, prev):
    """x (B, D), prev.h (B, H) -> state, cache."""
    a_z, a_n = split(linear(params, x, prev.h), 2)
    z = sigmoid(a_z)
    n = np.tanh(a_n)
    h = z * prev.h + (1 - z) * n
    return State(h), Cache(x, prev.h, z, n)


def step_backward(params, cache, dstate):
    """dstate.h (B, H) -> dx (B, D), dprev, grads."""
    x, h_prev, z, n = cache
    dh = dstate.h
    dz = dh * (h_prev - n)  # h = z * h_prev + (1 - z) * n
    dn = dh * (1 - z)
    dh_prev = dh * z
    da_n = dn * (1 - n**2)  # n = tanh(a_n)
    da_z = dz * z * (1 - z)  # z = sigmoid(a_z)
    dx, dh_from_a, grads = linear_backward(params, x, h_prev, join(da_z, da_n))
    return dx, State(dh_prev + dh_from_a), grads
