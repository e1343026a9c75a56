"""The coupled oscillatory network (spec: ``specs/cornn.py``)."""

from typing import NamedTuple

import numpy as np


class State(NamedTuple):
    """h, places, and v, velocities (B, H)."""

    h: np.ndarray
    v: np.ndarray


class Cache(NamedTuple):
    """What the backward pass needs: x (B, D), h_prev, v_prev, n (B, H), and the constants."""

    x: np.ndarray
    h_prev: np.ndarray
    v_prev: np.ndarray
    n: np.ndarray
    delta: float
    gamma: float
    epsilon: float


def step(params, x, prev, delta, gamma, epsilon):
    """x (B, D), prev.h, prev.v (B, H) -> state, cache."""
    W_h, W_v = np.split(params["weight_hh"], 2, axis=-2)
    from_x = x @ params["weight_ih"].mT + params["bias_ih"]
    n = np.tanh(from_x + prev.h @ W_h.mT + prev.v @ W_v.mT)
    v = prev.v + delta * (n - gamma * prev.h - epsilon * prev.v)
    h = prev.h + delta * v
    return State(h, v), Cache(x, prev.h, prev.v, n, delta, gamma, epsilon)


def step_backward(params, cache, dstate):
    """dstate.h, dstate.v (B, H) -> dx (B, D), dprev, grads."""
    x, h_prev, v_prev, n, delta, gamma, epsilon = cache
    W_h, W_v = np.split(params["weight_hh"], 2, axis=-2)
    dh, dv = dstate
    dv = dv + delta * dh  # h = h_prev + delta * v
    dh_prev = dh
    dn = delta * dv  # v = v_prev + delta * (n - gamma * h_prev - epsilon * v_prev)
    dh_prev = dh_prev - delta * gamma * dv
    dv_prev = dv - delta * epsilon * dv
    da = dn * (1 - n**2)  # n = tanh(a)
    grads = {
        "weight_ih": da.mT @ x,
        "weight_hh": np.concatenate([da.mT @ h_prev, da.mT @ v_prev], axis=-2),
        "bias_ih": da.sum(axis=-2),
    }
    return da @ params["weight_ih"], State(dh_prev + da @ W_h, dv_prev + da @ W_v), grads
