"""LSTM of 1997 (spec: ``specs/lstm_1997.py``)."""

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
    tanh_c: np.ndarray


def step(params, x, prev):
    """x (B, D), prev.h, prev.c (B, H) -> state, cache."""
    a = linear(params, x, prev.h)  # (B, 3H)
    a_i, a_g, a_o = split(a, 3)
    i = sigmoid(a_i)
    g = np.tanh(a_g)
    c = prev.c + i * g
    o = sigmoid(a_o)
    tanh_c = np.tanh(c)
    h = o * tanh_c
    return State(h, c), Cache(x, prev.h, prev.c, i, g, o, tanh_c)


def step_backward(params, cache, dstate):
    """dstate.h, dstate.c (B, H) -> dx (B, D), dprev, grads."""
    x, h_prev, _c_prev, i, g, o, tanh_c = cache
    dh, dc = dstate
    do = dh * tanh_c  # h = o * tanh(c)
    dc = dc + dh * o * (1 - tanh_c**2)
    da_o = do * o * (1 - o)  # o = sigmoid(a_o)
    di = dc * g  # c = c_prev + i * g
    dc_prev = dc
    dg = dc * i
    da_g = dg * (1 - g**2)  # g = tanh(a_g)
    da_i = di * i * (1 - i)  # i = sigmoid(a_i)
    da = join(da_i, da_g, da_o)  # (B, 3H)
    dx, dh_prev, grads = linear_backward(params, x, h_prev, da)
    return dx, State(dh_prev, dc_prev), grads
