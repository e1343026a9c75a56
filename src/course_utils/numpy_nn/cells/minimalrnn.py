"""The minimal RNN (spec: ``specs/minimalrnn.py``)."""

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
    n: np.ndarray
    z: np.ndarray


def step(params, x, prev):
    """x (B, D), prev.h (B, H) -> state, cache."""
    b_n, b_z = split(params["bias_ih"], 2)
    U_h, U_n = np.split(params["weight_hh"], 2, axis=-2)
    n = np.tanh(x @ params["weight_ih"].mT + b_n)
    z = sigmoid(prev.h @ U_h.mT + n @ U_n.mT + b_z)
    h = z * prev.h + (1 - z) * n
    return State(h), Cache(x, prev.h, n, z)


def step_backward(params, cache, dstate):
    """dstate.h (B, H) -> dx (B, D), dprev, grads."""
    x, h_prev, n, z = cache
    U_h, U_n = np.split(params["weight_hh"], 2, axis=-2)
    dh = dstate.h
    dz = dh * (h_prev - n)  # h = z * h_prev + (1 - z) * n
    dn = dh * (1 - z)
    dh_prev = dh * z
    da_z = dz * z * (1 - z)  # z = sigmoid(U_h h_prev + U_n n + b_z)
    dh_prev = dh_prev + da_z @ U_h
    dn = dn + da_z @ U_n
    da_n = dn * (1 - n**2)  # n = tanh(W x + b_n)
    grads = {
        "weight_ih": da_n.mT @ x,
        "weight_hh": np.concatenate([da_z.mT @ h_prev, da_z.mT @ n], axis=-2),
        "bias_ih": join(da_n, da_z).sum(axis=-2),
    }
    return da_n @ params["weight_ih"], State(dh_prev), grads
