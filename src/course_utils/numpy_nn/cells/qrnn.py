"""The quasi-recurrent network (spec: ``specs/qrnn.py``)."""

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
    c_prev: np.ndarray
    f: np.ndarray
    g: np.ndarray
    o: np.ndarray
    c: np.ndarray


def step(params, x, prev):
    """x (B, D), prev.h, prev.c (B, H) -> state, cache."""
    a_f, a_g, a_o = split(x @ params["weight_ih"].mT + params["bias_ih"], 3)
    f = sigmoid(a_f)
    g = np.tanh(a_g)
    o = sigmoid(a_o)
    c = f * prev.c + (1 - f) * g
    h = o * c
    return State(h, c), Cache(x, prev.c, f, g, o, c)


def step_backward(params, cache, dstate):
    """dstate.h, dstate.c (B, H) -> dx (B, D), dprev, grads."""
    x, c_prev, f, g, o, c = cache
    dh, dc = dstate
    do = dh * c  # h = o * c
    dc = dc + dh * o
    df = dc * (c_prev - g)  # c = f * c_prev + (1 - f) * g
    dg = dc * (1 - f)
    dc_prev = dc * f
    da_o = do * o * (1 - o)  # o = sigmoid(a_o)
    da_g = dg * (1 - g**2)  # g = tanh(a_g)
    da_f = df * f * (1 - f)  # f = sigmoid(a_f)
    da = join(da_f, da_g, da_o)
    grads = {"weight_ih": da.mT @ x, "bias_ih": da.sum(axis=-2)}
    return da @ params["weight_ih"], State(np.zeros_like(dc_prev), dc_prev), grads
