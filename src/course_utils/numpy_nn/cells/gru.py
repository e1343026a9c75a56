"""The GRU with the reset after the matrix (spec: ``specs/gru.py``)."""

from typing import NamedTuple

import numpy as np

from course_utils.numpy_nn.ops import join, linear_parts, linear_parts_backward, sigmoid, split


class State(NamedTuple):
    """h (B, H)."""

    h: np.ndarray


class Cache(NamedTuple):
    """What the backward pass needs: x (B, D), all others (B, H); u_n = W_hn h_prev + b_hn."""

    x: np.ndarray
    h_prev: np.ndarray
    r: np.ndarray
    z: np.ndarray
    n: np.ndarray
    u_n: np.ndarray


def step(params, x, prev):
    """x (B, D), prev.h (B, H) -> state, cache."""
    from_x, from_h = linear_parts(params, x, prev.h)  # (B, 3H) each
    w_r, w_z, w_n = split(from_x, 3)
    u_r, u_z, u_n = split(from_h, 3)
    r, z = sigmoid(w_r + u_r), sigmoid(w_z + u_z)
    n = np.tanh(w_n + r * u_n)
    h = (1 - z) * n + z * prev.h
    return State(h), Cache(x, prev.h, r, z, n, u_n)


def step_backward(params, cache, dstate):
    """dstate.h (B, H) -> dx (B, D), dprev, grads."""
    x, h_prev, r, z, n, u_n = cache
    dh = dstate.h
    dn = dh * (1 - z)  # h = (1 - z) * n + z * h_prev
    dz = dh * (h_prev - n)
    dh_prev = dh * z
    da_n = dn * (1 - n**2)  # n = tanh(w_n + r * u_n)
    dr = da_n * u_n
    du_n = da_n * r
    da_z = dz * z * (1 - z)
    da_r = dr * r * (1 - r)
    dx, dh_from_a, grads = linear_parts_backward(
        params, x, h_prev, join(da_r, da_z, da_n), join(da_r, da_z, du_n)
    )
    return dx, State(dh_prev + dh_from_a), grads
