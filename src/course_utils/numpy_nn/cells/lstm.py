"""The LSTM with a forget gate (spec: ``specs/lstm.py``)."""

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
    f: np.ndarray
    g: np.ndarray
    o: np.ndarray
    tanh_c: np.ndarray


def step(params, x, prev):
    """x (B, D), prev.h, prev.c (B, H) -> state, cache."""
    a = linear(params, x, prev.h)  # (B, 4H)
    a_i, a_f, a_g, a_o = split(a, 4)
    i, f, g, o = sigmoid(a_i), sigmoid(a_f), np.tanh(a_g), sigmoid(a_o)
    c = f * prev.c + i * g
    tanh_c = np.tanh(c)
    h = o * tanh_c
    return State(h, c), Cache(x, prev.h, prev.c, i, f, g, o, tanh_c)


def step_backward(params, cache, dstate):
    """dstate.h, dstate.c (B, H) -> dx (B, D), dprev, grads."""
    x, h_prev, c_prev, i, f, g, o, tanh_c = cache
    dh, dc = dstate
    do = dh * tanh_c  # h = o * tanh(c)
    dc = dc + dh * o * (1 - tanh_c**2)
    df = dc * c_prev  # c = f * c_prev + i * g
    dc_prev = dc * f
    di = dc * g
    dg = dc * i
    da_i = di * i * (1 - i)  # i = sigmoid(a_i)
    da_f = df * f * (1 - f)
    da_g = dg * (1 - g**2)  # g = tanh(a_g)
    da_o = do * o * (1 - o)
    da = join(da_i, da_f, da_g, da_o)  # (B, 4H)
    dx, dh_prev, grads = linear_backward(params, x, h_prev, da)
    return dx, State(dh_prev, dc_prev), grads
