"""The neuromodulated bistable cell (spec: ``specs/nbrc.py``)."""

from typing import NamedTuple

import numpy as np

from course_utils.numpy_nn.ops import join, sigmoid, split


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
    w_r, w_z, w_n = split(x @ params["weight_ih"].mT, 3)
    u_r, u_z = split(prev.h @ params["weight_hh"].mT + params["bias_ih"], 2)
    r = 1 + np.tanh(w_r + u_r)
    z = sigmoid(w_z + u_z)
    n = np.tanh(w_n + r * prev.h)
    h = z * prev.h + (1 - z) * n
    return State(h), Cache(x, prev.h, r, z, n)


def step_backward(params, cache, dstate):
    """dstate.h (B, H) -> dx (B, D), dprev, grads."""
    x, h_prev, r, z, n = cache
    dh = dstate.h
    dz = dh * (h_prev - n)  # h = z * h_prev + (1 - z) * n
    dn = dh * (1 - z)
    dh_prev = dh * z
    da_n = dn * (1 - n**2)  # n = tanh(w_n + r * h_prev)
    dr = da_n * h_prev
    dh_prev = dh_prev + da_n * r
    da_z = dz * z * (1 - z)
    da_r = dr * (1 - (r - 1) ** 2)  # r = 1 + tanh(a_r)
    dw, du = join(da_r, da_z, da_n), join(da_r, da_z)
    grads = {
        "weight_ih": dw.mT @ x,
        "weight_hh": du.mT @ h_prev,
        "bias_ih": du.sum(axis=-2),
    }
    return dw @ params["weight_ih"], State(dh_prev + du @ params["weight_hh"]), grads
