"""The simple recurrent unit (spec: ``specs/sru.py``)."""

from typing import NamedTuple

import numpy as np

from course_utils.numpy_nn.ops import join, sigmoid, split


class State(NamedTuple):
    """h, c (B, H)."""

    h: np.ndarray
    c: np.ndarray


class Cache(NamedTuple):
    """What the backward pass needs: x (B, D), all others (B, H); s, the input as it is shown."""

    x: np.ndarray
    c_prev: np.ndarray
    g: np.ndarray
    f: np.ndarray
    r: np.ndarray
    s: np.ndarray
    c: np.ndarray


def step(params, x, prev):
    """x (B, D), prev.h, prev.c (B, H) -> state, cache."""
    g, w_f, w_r, s = split(x @ params["weight_ih"].mT, 4)
    b_f, b_r = split(params["bias_ih"], 2)
    U_f, U_r = split(params["weight_c"], 2)
    f = sigmoid(w_f + U_f * prev.c + b_f)
    r = sigmoid(w_r + U_r * prev.c + b_r)
    c = f * prev.c + (1 - f) * g
    h = r * c + (1 - r) * s
    return State(h, c), Cache(x, prev.c, g, f, r, s, c)


def step_backward(params, cache, dstate):
    """dstate.h, dstate.c (B, H) -> dx (B, D), dprev, grads."""
    x, c_prev, g, f, r, s, c = cache
    U_f, U_r = split(params["weight_c"], 2)
    dh, dc = dstate
    dr = dh * (c - s)  # h = r * c + (1 - r) * s
    dc = dc + dh * r
    ds = dh * (1 - r)
    df = dc * (c_prev - g)  # c = f * c_prev + (1 - f) * g
    dg = dc * (1 - f)
    dc_prev = dc * f
    da_r = dr * r * (1 - r)
    da_f = df * f * (1 - f)
    dc_prev = dc_prev + da_f * U_f + da_r * U_r
    dw = join(dg, da_f, da_r, ds)
    grads = {
        "weight_ih": dw.mT @ x,
        "weight_c": join((da_f * c_prev).sum(axis=-2), (da_r * c_prev).sum(axis=-2)),
        "bias_ih": join(da_f, da_r).sum(axis=-2),
    }
    return dw @ params["weight_ih"], State(np.zeros_like(dc_prev), dc_prev), grads
