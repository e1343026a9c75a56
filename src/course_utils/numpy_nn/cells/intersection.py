"""The intersection RNN (spec: ``specs/intersection.py``)."""

from typing import NamedTuple

import numpy as np

from course_utils.numpy_nn.ops import join, sigmoid, split


class State(NamedTuple):
    """y, h (B, H)."""

    y: np.ndarray
    h: np.ndarray


class Cache(NamedTuple):
    """What the backward pass needs: x (B, D), all others (B, H); s, the input along depth."""

    x: np.ndarray
    h_prev: np.ndarray
    z: np.ndarray
    n: np.ndarray
    d: np.ndarray
    u: np.ndarray
    s: np.ndarray


def step(params, x, prev):
    """x (B, D), prev.y, prev.h (B, H) -> state, cache."""
    H = prev.h.shape[-1]
    from_x = x @ params["weight_ih"].mT  # (B, 5H)
    s = from_x[..., -H:]
    from_h = prev.h @ params["weight_hh"].mT + params["bias_hh"]
    a_z, a_n, a_d, a_u = split(from_x[..., :-H] + params["bias_ih"] + from_h, 4)
    z = sigmoid(a_z)
    n = np.tanh(a_n)
    d = sigmoid(a_d)
    u = np.where(a_u.real <= 0, 0, a_u)  # so that a NaN stays one
    h = z * prev.h + (1 - z) * n
    y = d * s + (1 - d) * u
    return State(y, h), Cache(x, prev.h, z, n, d, u, s)


def step_backward(params, cache, dstate):
    """dstate.y, dstate.h (B, H) -> dx (B, D), dprev, grads."""
    x, h_prev, z, n, d, u, s = cache
    dy, dh = dstate
    dd = dy * (s - u)  # y = d * s + (1 - d) * u
    ds = dy * d
    du = dy * (1 - d)
    dz = dh * (h_prev - n)  # h = z * h_prev + (1 - z) * n
    dn = dh * (1 - z)
    dh_prev = dh * z
    da_u = np.where(u == 0, 0, du)  # u = relu(a_u)
    da = join(dz * z * (1 - z), dn * (1 - n**2), dd * d * (1 - d), da_u)
    dw, db = join(da, ds), da.sum(axis=-2)
    grads = {
        "weight_ih": dw.mT @ x,
        "weight_hh": da.mT @ h_prev,
        "bias_ih": db,
        "bias_hh": db.copy(),
    }
    dprev = State(np.zeros_like(dy), dh_prev + da @ params["weight_hh"])
    return dw @ params["weight_ih"], dprev, grads
