"""The chaos-free network (spec: ``specs/cfn.py``)."""

from typing import NamedTuple

import numpy as np

from course_utils.numpy_nn.ops import join, sigmoid, split


class State(NamedTuple):
    """h (B, H)."""

    h: np.ndarray


class Cache(NamedTuple):
    """What the backward pass needs: x (B, D), all others (B, H); s = tanh(h_prev)."""

    x: np.ndarray
    h_prev: np.ndarray
    i: np.ndarray
    f: np.ndarray
    g: np.ndarray
    s: np.ndarray


def step(params, x, prev):
    """x (B, D), prev.h (B, H) -> state, cache."""
    w_i, w_f, w_g = split(x @ params["weight_ih"].mT + params["bias_ih"], 3)
    u_i, u_f = split(prev.h @ params["weight_hh"].mT + params["bias_hh"], 2)
    i = sigmoid(w_i + u_i)
    f = sigmoid(w_f + u_f)
    g = np.tanh(w_g)
    s = np.tanh(prev.h)
    h = f * s + i * g
    return State(h), Cache(x, prev.h, i, f, g, s)


def step_backward(params, cache, dstate):
    """dstate.h (B, H) -> dx (B, D), dprev, grads."""
    x, h_prev, i, f, g, s = cache
    dh = dstate.h
    df = dh * s  # h = f * s + i * g
    ds = dh * f
    di = dh * g
    dg = dh * i
    dh_prev = ds * (1 - s**2)  # s = tanh(h_prev)
    dw_g = dg * (1 - g**2)  # g = tanh(w_g)
    da_f = df * f * (1 - f)
    da_i = di * i * (1 - i)
    dw, du = join(da_i, da_f, dw_g), join(da_i, da_f)
    grads = {
        "weight_ih": dw.mT @ x,
        "weight_hh": du.mT @ h_prev,
        "bias_ih": dw.sum(axis=-2),
        "bias_hh": du.sum(axis=-2),
    }
    return dw @ params["weight_ih"], State(dh_prev + du @ params["weight_hh"]), grads
