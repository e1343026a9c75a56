"""The subtractive LSTM (spec: ``specs/sublstm.py``)."""

from typing import NamedTuple

import numpy as np

from course_utils.numpy_nn.ops import join, linear, linear_backward, sigmoid, split


class State(NamedTuple):
    """h, c (B, H)."""

    h: np.ndarray
    c: np.ndarray


class Cache(NamedTuple):
    """What the backward pass needs: x (B, D), all others (B, H); s = sigmoid(c)."""

    x: np.ndarray
    h_prev: np.ndarray
    c_prev: np.ndarray
    i: np.ndarray
    f: np.ndarray
    g: np.ndarray
    o: np.ndarray
    s: np.ndarray


def step(params, x, prev):
    """x (B, D), prev.h, prev.c (B, H) -> state, cache."""
    i, f, g, o = split(sigmoid(linear(params, x, prev.h)), 4)
    c = f * prev.c + g - i
    s = sigmoid(c)
    h = s - o
    return State(h, c), Cache(x, prev.h, prev.c, i, f, g, o, s)


def step_backward(params, cache, dstate):
    """dstate.h, dstate.c (B, H) -> dx (B, D), dprev, grads."""
    x, h_prev, c_prev, i, f, g, o, s = cache
    dh, dc = dstate
    ds, do = dh, -dh  # h = s - o
    dc = dc + ds * s * (1 - s)  # s = sigmoid(c)
    df = dc * c_prev  # c = f * c_prev + g - i
    dc_prev = dc * f
    dg, di = dc, -dc
    gates = join(i, f, g, o)
    da = join(di, df, dg, do) * gates * (1 - gates)
    dx, dh_prev, grads = linear_backward(params, x, h_prev, da)
    return dx, State(dh_prev, dc_prev), grads
