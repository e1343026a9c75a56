"""NFG (spec: ``specs/lstm_nfg.py``)."""

from typing import NamedTuple

import numpy as np

from course_utils.numpy_nn.ops import join, linear, linear_backward, sigmoid, split


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
    g: np.ndarray
    o: np.ndarray
    c: np.ndarray
    tanh_c: np.ndarray


def step(params, x, prev):
    """x (B, D), prev.h, prev.c (B, H) -> state, cache."""
    a = linear(params, x, prev.h)  # (B, 3H)
    a_i, a_g, a_o = split(a, 3)
    i = sigmoid(a_i + params["weight_ci"] * prev.c)
    g = np.tanh(a_g)
    c = prev.c + i * g
    o = sigmoid(a_o + params["weight_co"] * c)
    tanh_c = np.tanh(c)
    h = o * tanh_c
    return State(h, c), Cache(x, prev.h, prev.c, i, g, o, c, tanh_c)


def step_backward(params, cache, dstate):
    """dstate.h, dstate.c (B, H) -> dx (B, D), dprev, grads."""
    x, h_prev, c_prev, i, g, o, c, tanh_c = cache
    dh, dc = dstate
    do = dh * tanh_c  # h = o * tanh(c)
    dc = dc + dh * o * (1 - tanh_c**2)
    da_o = do * o * (1 - o)  # o = sigmoid(a_o)
    dc = dc + da_o * params["weight_co"]  # a_o reads the new c
    di = dc * g  # c = c_prev + i * g
    dc_prev = dc
    dg = dc * i
    da_g = dg * (1 - g**2)  # g = tanh(a_g)
    da_i = di * i * (1 - i)  # i = sigmoid(a_i)
    dc_prev = dc_prev + da_i * params["weight_ci"]
    da = join(da_i, da_g, da_o)  # (B, 3H)
    dx, dh_prev, grads = linear_backward(params, x, h_prev, da)
    grads["weight_ci"] = (da_i * c_prev).sum(axis=-2)
    grads["weight_co"] = (da_o * c).sum(axis=-2)
    return dx, State(dh_prev, dc_prev), grads
