"""FastGRNN (spec: ``specs/fastgrnn.py``)."""

from typing import NamedTuple

import numpy as np

from course_utils.numpy_nn.ops import join, sigmoid, split


class State(NamedTuple):
    """h (B, H)."""

    h: np.ndarray


class Cache(NamedTuple):
    """What the backward pass needs: x (B, D), h_prev, z, n (B, H)."""

    x: np.ndarray
    h_prev: np.ndarray
    z: np.ndarray
    n: np.ndarray


def init(params, rng):
    """ζ = 1 and ν = −4, as in the authors' code; in place."""
    params["zeta"][...], params["nu"][...] = 1, -4


def step(params, x, prev):
    """x (B, D), prev.h (B, H) -> state, cache."""
    b_z, b_n = split(params["bias_ih"], 2)
    a = x @ params["weight_ih"].mT + prev.h @ params["weight_hh"].mT
    z = sigmoid(a + b_z)
    n = np.tanh(a + b_n)
    i = sigmoid(params["zeta"]) * (1 - z) + sigmoid(params["nu"])
    h = z * prev.h + i * n
    return State(h), Cache(x, prev.h, z, n)


def step_backward(params, cache, dstate):
    """dstate.h (B, H) -> dx (B, D), dprev, grads."""
    x, h_prev, z, n = cache
    zeta, nu = sigmoid(params["zeta"]), sigmoid(params["nu"])  # (H,)
    i = zeta * (1 - z) + nu
    dh = dstate.h
    dz = dh * h_prev  # h = z * h_prev + i * n
    dh_prev = dh * z
    di = dh * n
    dn = dh * i
    dz = dz - di * zeta  # i = zeta * (1 - z) + nu
    dzeta = (di * (1 - z)).sum(axis=-2)
    dnu = di.sum(axis=-2)
    da_n = dn * (1 - n**2)  # n = tanh(a + b_n)
    da_z = dz * z * (1 - z)  # z = sigmoid(a + b_z)
    da = da_z + da_n
    grads = {
        "weight_ih": da.mT @ x,
        "weight_hh": da.mT @ h_prev,
        "bias_ih": join(da_z, da_n).sum(axis=-2),
        "zeta": dzeta * zeta * (1 - zeta),
        "nu": dnu * nu * (1 - nu),
    }
    return da @ params["weight_ih"], State(dh_prev + da @ params["weight_hh"]), grads
