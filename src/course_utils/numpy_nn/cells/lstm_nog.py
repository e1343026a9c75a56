"""NOG (spec: ``specs/lstm_nog.py``)."""

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
    tanh_c: np.ndarray


def step(params, x, prev):
    """x (B, D), prev.h, prev.c (B, H) -> state, cache."""
    a = linear(params, x, prev.h)  # (B, 3H)
    a_i, a_f, a_g = split(a, 3)
    i = sigmoid(a_i + params["weight_ci"] * prev.c)
    f = sigmoid(a_f + params["weight_cf"] * prev.c)
    g = np.tanh(a_g)
    c = f * prev.c + i * g
    tanh_c = np.tanh(c)
    h = tanh_c
    return State(h, c), Cache(x, prev.h, prev.c, i, f, g, tanh_c)


def step_backward(params, cache, dstate):
    """dstate.h, dstate.c (B, H) -> dx (B, D), dprev, grads."""
    x, h_prev, c_prev, i, f, g, tanh_c = cache
    dh, dc = dstate
    dc = dc + dh * (1 - tanh_c**2)  # h = tanh(c)
    df = dc * c_prev  # c = f * c_prev + i * g
    dc_prev = dc * f
    di = dc * g
    dg = dc * i
    da_g = dg * (1 - g**2)  # g = tanh(a_g)
    da_f = df * f * (1 - f)  # f = sigmoid(a_f)
    dc_prev = dc_prev + da_f * params["weight_cf"]
    da_i = di * i * (1 - i)  # i = sigmoid(a_i)
    dc_prev = dc_prev + da_i * params["weight_ci"]
    da = join(da_i, da_f, da_g)  # (B, 3H)
    dx, dh_prev, grads = linear_backward(params, x, h_prev, da)
    grads["weight_ci"] = (da_i * c_prev).sum(axis=-2)
    grads["weight_cf"] = (da_f * c_prev).sum(axis=-2)
    return dx, State(dh_prev, dc_prev), grads
