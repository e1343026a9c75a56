"""MUT2 (spec: ``specs/mut2.py``)."""

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
    z: np.ndarray
    r: np.ndarray
    n: np.ndarray


def step(params, x, prev):
    """x (B, D), prev.h (B, H) -> state, cache."""
    U_z, U_r, U_n = np.split(params["weight_hh"], 3, axis=-2)
    w_z, w_r, w_n = split(x @ params["weight_ih"].mT + params["bias_ih"] + params["bias_hh"], 3)
    z = sigmoid(w_z + prev.h @ U_z.mT)
    r = sigmoid(w_r + prev.h @ U_r.mT)
    n = np.tanh((r * prev.h) @ U_n.mT + w_n)
    h = n * z + prev.h * (1 - z)
    return State(h), Cache(x, prev.h, z, r, n)


def step_backward(params, cache, dstate):
    """dstate.h (B, H) -> dx (B, D), dprev, grads."""
    x, h_prev, z, r, n = cache
    U_z, U_r, U_n = np.split(params["weight_hh"], 3, axis=-2)
    dh = dstate.h
    dn = dh * z  # h = n * z + h_prev * (1 - z)
    dz = dh * (n - h_prev)
    dh_prev = dh * (1 - z)
    da_n = dn * (1 - n**2)  # n = tanh(U_n (r * h_prev) + w_n)
    dreset = da_n @ U_n  # of r * h_prev
    dr = dreset * h_prev
    dh_prev = dh_prev + dreset * r
    da_r = dr * r * (1 - r)
    dh_prev = dh_prev + da_r @ U_r
    da_z = dz * z * (1 - z)
    dh_prev = dh_prev + da_z @ U_z
    da = join(da_z, da_r, da_n)  # (B, 3H)
    db = da.sum(axis=-2)
    hidden = (da_z.mT @ h_prev, da_r.mT @ h_prev, da_n.mT @ (r * h_prev))
    grads = {
        "weight_ih": da.mT @ x,
        "weight_hh": np.concatenate(hidden, axis=-2),
        "bias_ih": db,
        "bias_hh": db.copy(),
    }
    return da @ params["weight_ih"], State(dh_prev), grads
