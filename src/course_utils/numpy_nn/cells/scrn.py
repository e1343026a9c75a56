"""The structurally constrained network (spec: ``specs/scrn.py``)."""

from typing import NamedTuple

import numpy as np

from course_utils.numpy_nn.ops import join, sigmoid, split


class State(NamedTuple):
    """h, fast, and s, slow (B, H)."""

    h: np.ndarray
    s: np.ndarray


class Cache(NamedTuple):
    """What the backward pass needs: x (B, D), h_prev, s, h (B, H), and rho."""

    x: np.ndarray
    h_prev: np.ndarray
    s: np.ndarray
    h: np.ndarray
    rho: float


def step(params, x, prev, rho):
    """x (B, D), prev.h, prev.s (B, H) -> state, cache."""
    w_h, w_s = split(x @ params["weight_ih"].mT, 2)
    s = (1 - rho) * w_s + rho * prev.s
    h = sigmoid(w_h + prev.h @ params["weight_hh"].mT + s @ params["weight_sh"].mT)
    return State(h, s), Cache(x, prev.h, s, h, rho)


def step_backward(params, cache, dstate):
    """dstate.h, dstate.s (B, H) -> dx (B, D), dprev, grads."""
    x, h_prev, s, h, rho = cache
    dh, ds = dstate
    da_h = dh * h * (1 - h)  # h = sigmoid(a_h)
    ds = ds + da_h @ params["weight_sh"]
    dw_s = ds * (1 - rho)  # s = (1 - rho) * w_s + rho * s_prev
    ds_prev = ds * rho
    dw = join(da_h, dw_s)
    grads = {
        "weight_ih": dw.mT @ x,
        "weight_hh": da_h.mT @ h_prev,
        "weight_sh": da_h.mT @ s,
    }
    return dw @ params["weight_ih"], State(da_h @ params["weight_hh"], ds_prev), grads
