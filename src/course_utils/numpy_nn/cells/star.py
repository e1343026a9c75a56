"""The stackable recurrent cell (spec: ``specs/star.py``)."""

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
    n: np.ndarray
    h: np.ndarray


def step(params, x, prev):
    """x (B, D), prev.h (B, H) -> state, cache."""
    w_z, w_n = split(x @ params["weight_ih"].mT + params["bias_ih"], 2)
    z = sigmoid(w_z + prev.h @ params["weight_hh"].mT + params["bias_hh"])
    n = np.tanh(w_n)
    h = np.tanh((1 - z) * prev.h + z * n)
    return State(h), Cache(x, prev.h, z, n, h)


def step_backward(params, cache, dstate):
    """dstate.h (B, H) -> dx (B, D), dprev, grads."""
    x, h_prev, z, n, h = cache
    da_h = dstate.h * (1 - h**2)  # h = tanh((1 - z) * h_prev + z * n)
    dz = da_h * (n - h_prev)
    dn = da_h * z
    dh_prev = da_h * (1 - z)
    dw_n = dn * (1 - n**2)  # n = tanh(w_n)
    da_z = dz * z * (1 - z)
    dw = join(da_z, dw_n)
    grads = {
        "weight_ih": dw.mT @ x,
        "weight_hh": da_z.mT @ h_prev,
        "bias_ih": dw.sum(axis=-2),
        "bias_hh": da_z.sum(axis=-2),
    }
    return dw @ params["weight_ih"], State(dh_prev + da_z @ params["weight_hh"]), grads
