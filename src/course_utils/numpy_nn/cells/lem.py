"""Long expressive memory (spec: ``specs/lem.py``)."""

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
    o: np.ndarray
    g: np.ndarray
    c: np.ndarray
    u: np.ndarray


def step(params, x, prev):
    """x (B, D), prev.h, prev.c (B, H) -> state, cache."""
    w_i, w_o, w_g, w_u = split(x @ params["weight_ih"].mT + params["bias_ih"], 4)
    u_i, u_o, u_g = split(prev.h @ params["weight_hh"].mT + params["bias_hh"], 3)
    i = sigmoid(w_i + u_i)
    o = sigmoid(w_o + u_o)
    g = np.tanh(w_g + u_g)
    c = (1 - i) * prev.c + i * g
    u = np.tanh(w_u + c @ params["weight_ch"].mT)
    h = (1 - o) * prev.h + o * u
    return State(h, c), Cache(x, prev.h, prev.c, i, o, g, c, u)


def step_backward(params, cache, dstate):
    """dstate.h, dstate.c (B, H) -> dx (B, D), dprev, grads."""
    x, h_prev, c_prev, i, o, g, c, u = cache
    dh, dc = dstate
    do = dh * (u - h_prev)  # h = (1 - o) * h_prev + o * u
    du = dh * o
    dh_prev = dh * (1 - o)
    da_u = du * (1 - u**2)  # u = tanh(w_u + W_c c)
    dc = dc + da_u @ params["weight_ch"]
    di = dc * (g - c_prev)  # c = (1 - i) * c_prev + i * g
    dg = dc * i
    dc_prev = dc * (1 - i)
    da_g = dg * (1 - g**2)  # g = tanh(a_g)
    da_o = do * o * (1 - o)
    da_i = di * i * (1 - i)
    dw, da = join(da_i, da_o, da_g, da_u), join(da_i, da_o, da_g)
    grads = {
        "weight_ih": dw.mT @ x,
        "weight_hh": da.mT @ h_prev,
        "weight_ch": da_u.mT @ c,
        "bias_ih": dw.sum(axis=-2),
        "bias_hh": da.sum(axis=-2),
    }
    dh_prev = dh_prev + da @ params["weight_hh"]
    return dw @ params["weight_ih"], State(dh_prev, dc_prev), grads
