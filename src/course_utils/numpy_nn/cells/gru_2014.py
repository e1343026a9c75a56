"""The GRU with the reset before the matrix (spec: ``specs/gru_2014.py``)."""

from typing import NamedTuple

import numpy as np

from course_utils.numpy_nn.ops import join, reset_linear, reset_linear_backward, sigmoid, split


class State(NamedTuple):
    """h (B, H)."""

    h: np.ndarray


class Cache(NamedTuple):
    """What the backward pass needs: x (B, D), all others (B, H)."""

    x: np.ndarray
    h_prev: np.ndarray
    r: np.ndarray
    z: np.ndarray
    n: np.ndarray


def step(params, x, prev):
    """x (B, D), prev.h (B, H) -> state, cache."""
    a_rz, candidate = reset_linear(params, x, prev.h)  # (B, 2H) and a function of the reset
    r, z = split(sigmoid(a_rz), 2)
    n = np.tanh(candidate(r))
    h = (1 - z) * n + z * prev.h
    return State(h), Cache(x, prev.h, r, z, n)


def step_backward(params, cache, dstate):
    """dstate.h (B, H) -> dx (B, D), dprev, grads."""
    x, h_prev, r, z, n = cache
    dh = dstate.h
    dn = dh * (1 - z)  # h = (1 - z) * n + z * h_prev
    dz = dh * (h_prev - n)
    dh_prev = dh * z
    da_n = dn * (1 - n**2)  # n = tanh(W_xn x + W_hn (r * h_prev) + b_n)

    def before(dr):
        return join(dr * r * (1 - r), dz * z * (1 - z))

    dx, dh_from_a, grads = reset_linear_backward(params, x, h_prev, r, da_n, before)
    return dx, State(dh_prev + dh_from_a), grads
