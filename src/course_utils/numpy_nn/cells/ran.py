"""The recurrent additive network (spec: ``specs/ran.py``)."""

from typing import NamedTuple

import numpy as np

from course_utils.numpy_nn.ops import join, sigmoid, split


class State(NamedTuple):
    """h, c (B, H)."""

    h: np.ndarray
    c: np.ndarray


class Cache(NamedTuple):
    """What the backward pass needs: x (B, D), all others (B, H)."""

    x: np.ndarray
    h_prev: np.ndarray
    c_prev: np.ndarray
    i: np.ndarray
    f: np.ndarray
    g: np.ndarray
    h: np.ndarray


def step(params, x, prev):
    """x (B, D), prev.h, prev.c (B, H) -> state, cache."""
    w_i, w_f, g = split(x @ params["weight_ih"].mT + params["bias_ih"], 3)
    u_i, u_f = split(prev.h @ params["weight_hh"].mT + params["bias_hh"], 2)
    i = sigmoid(w_i + u_i)
    f = sigmoid(w_f + u_f)
    c = f * prev.c + i * g
    h = np.tanh(c)
    return State(h, c), Cache(x, prev.h, prev.c, i, f, g, h)


def step_backward(params, cache, dstate):
    """dstate.h, dstate.c (B, H) -> dx (B, D), dprev, grads."""
    x, h_prev, c_prev, i, f, g, h = cache
    dh, dc = dstate
    dc = dc + dh * (1 - h**2)  # h = tanh(c)
    df = dc * c_prev  # c = f * c_prev + i * g
    dc_prev = dc * f
    di = dc * g
    dg = dc * i
    da_f = df * f * (1 - f)
    da_i = di * i * (1 - i)
    dw, du = join(da_i, da_f, dg), join(da_i, da_f)
    grads = {
        "weight_ih": dw.mT @ x,
        "weight_hh": du.mT @ h_prev,
        "bias_ih": dw.sum(axis=-2),
        "bias_hh": du.sum(axis=-2),
    }
    return dw @ params["weight_ih"], State(du @ params["weight_hh"], dc_prev), grads
