"""Full gate recurrence (spec: ``specs/lstm_fgr.py``)."""

from typing import NamedTuple

import numpy as np

from course_utils.numpy_nn.ops import join, linear, linear_backward, sigmoid, split


class State(NamedTuple):
    """h, c and the three gates, all (B, H)."""

    h: np.ndarray
    c: np.ndarray
    i: np.ndarray
    f: np.ndarray
    o: np.ndarray


class Cache(NamedTuple):
    """What the backward pass needs: x (B, D), old (B, 3H) the gates before, all others (B, H)."""

    x: np.ndarray
    h_prev: np.ndarray
    c_prev: np.ndarray
    old: np.ndarray
    i: np.ndarray
    f: np.ndarray
    g: np.ndarray
    o: np.ndarray
    c: np.ndarray
    tanh_c: np.ndarray


def step(params, x, prev):
    """x (B, D), prev (five states, each (B, H)) -> state, cache."""
    a_i, a_f, a_g, a_o = split(linear(params, x, prev.h), 4)
    old = join(prev.i, prev.f, prev.o)  # (B, 3H)
    r_i, r_f, r_o = split(old @ params["weight_gates"].mT, 3)
    i = sigmoid(a_i + r_i + params["weight_ci"] * prev.c)
    f = sigmoid(a_f + r_f + params["weight_cf"] * prev.c)
    g = np.tanh(a_g)
    c = f * prev.c + i * g
    o = sigmoid(a_o + r_o + params["weight_co"] * c)
    tanh_c = np.tanh(c)
    h = o * tanh_c
    return State(h, c, i, f, o), Cache(x, prev.h, prev.c, old, i, f, g, o, c, tanh_c)


def step_backward(params, cache, dstate):
    """dstate (five gradients, each (B, H)) -> dx (B, D), dprev, grads."""
    x, h_prev, c_prev, old, i, f, g, o, c, tanh_c = cache
    dh, dc, di, df, do = dstate  # the next step's gates read i, f and o
    do = do + dh * tanh_c  # h = o * tanh(c)
    dc = dc + dh * o * (1 - tanh_c**2)
    da_o = do * o * (1 - o)  # o = sigmoid(a_o)
    dc = dc + da_o * params["weight_co"]  # a_o reads the new c
    df = df + dc * c_prev  # c = f * c_prev + i * g
    dc_prev = dc * f
    di = di + dc * g
    dg = dc * i
    da_g = dg * (1 - g**2)
    da_f = df * f * (1 - f)
    dc_prev = dc_prev + da_f * params["weight_cf"]
    da_i = di * i * (1 - i)
    dc_prev = dc_prev + da_i * params["weight_ci"]
    dr = join(da_i, da_f, da_o)  # (B, 3H)
    dold = split(dr @ params["weight_gates"], 3)
    dx, dh_prev, grads = linear_backward(params, x, h_prev, join(da_i, da_f, da_g, da_o))
    grads["weight_gates"] = dr.mT @ old
    grads["weight_ci"] = (da_i * c_prev).sum(axis=-2)
    grads["weight_cf"] = (da_f * c_prev).sum(axis=-2)
    grads["weight_co"] = (da_o * c).sum(axis=-2)
    return dx, State(dh_prev, dc_prev, *dold), grads
