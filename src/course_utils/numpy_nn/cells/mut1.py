"""MUT1 (spec: ``specs/mut1.py``)."""

from typing import NamedTuple

import numpy as np

from course_utils.numpy_nn.ops import join, sigmoid, split


class State(NamedTuple):
    """h (B, H)."""

    h: np.ndarray


class Cache(NamedTuple):
    """What the backward pass needs: x (B, D), all others (B, H); m = tanh(W_xn x)."""

    x: np.ndarray
    h_prev: np.ndarray
    z: np.ndarray
    r: np.ndarray
    m: np.ndarray
    n: np.ndarray


def step(params, x, prev):
    """x (B, D), prev.h (B, H) -> state, cache."""
    b_z, b_r, b_n = split(params["bias_ih"], 3)
    U_r, U_n = np.split(params["weight_hh"], 2, axis=-2)
    d_r, d_n = split(params["bias_hh"], 2)
    w_z, w_r, w_n = split(x @ params["weight_ih"].mT, 3)
    z = sigmoid(w_z + b_z)
    r = sigmoid(w_r + b_r + prev.h @ U_r.mT + d_r)
    m = np.tanh(w_n)
    n = np.tanh((r * prev.h) @ U_n.mT + m + b_n + d_n)
    h = n * z + prev.h * (1 - z)
    return State(h), Cache(x, prev.h, z, r, m, n)


def step_backward(params, cache, dstate):
    """dstate.h (B, H) -> dx (B, D), dprev, grads."""
    x, h_prev, z, r, m, n = cache
    U_r, U_n = np.split(params["weight_hh"], 2, axis=-2)
    dh = dstate.h
    dn = dh * z  # h = n * z + h_prev * (1 - z)
    dz = dh * (n - h_prev)
    dh_prev = dh * (1 - z)
    da_n = dn * (1 - n**2)  # n = tanh(U_n (r * h_prev) + m + b)
    dm = da_n
    dreset = da_n @ U_n  # of r * h_prev
    dr = dreset * h_prev
    dh_prev = dh_prev + dreset * r
    dw_n = dm * (1 - m**2)  # m = tanh(w_n)
    da_r = dr * r * (1 - r)
    dh_prev = dh_prev + da_r @ U_r
    da_z = dz * z * (1 - z)
    dw = join(da_z, da_r, dw_n)  # of W x, without the biases
    grads = {
        "weight_ih": dw.mT @ x,
        "weight_hh": np.concatenate([da_r.mT @ h_prev, da_n.mT @ (r * h_prev)], axis=-2),
        "bias_ih": join(da_z, da_r, da_n).sum(axis=-2),
        "bias_hh": join(da_r, da_n).sum(axis=-2),
    }
    return dw @ params["weight_ih"], State(dh_prev), grads
