"""minGRU in log space (spec: ``specs/mingru_log.py``)."""

from typing import NamedTuple

import numpy as np

from course_utils.numpy_nn.ops import join, positive, positive_slope, sigmoid, split


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
    a_z, a_n = split(x @ params["weight_ih"].mT + params["bias_ih"], 2)
    z = sigmoid(a_z)
    n = positive(a_n)
    h = (1 - z) * prev.h + z * n
    return State(h), Cache(x, prev.h, z, n)


def step_backward(params, cache, dstate):
    """dstate.h (B, H) -> dx (B, D), dprev, grads."""
    x, h_prev, z, n = cache
    dh = dstate.h
    dn = dh * z  # h = (1 - z) * h_prev + z * n
    dz = dh * (n - h_prev)
    dh_prev = dh * (1 - z)
    da_n = dn * positive_slope(n)  # n = positive(a_n)
    da_z = dz * z * (1 - z)  # z = sigmoid(a_z)
    da = join(da_z, da_n)  # (B, 2H)
    grads = {"weight_ih": da.mT @ x, "bias_ih": da.sum(axis=-2)}
    return da @ params["weight_ih"], State(dh_prev), grads


def coefficients(params, x):
    """x (T, B, D) -> a, b (T, B, H) of h = a * h_prev + b."""
    a_z, a_n = split(x @ params["weight_ih"].mT + params["bias_ih"], 2)
    z = sigmoid(a_z)
    return 1 - z, z * positive(a_n)
