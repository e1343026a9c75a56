"""The twin-gated cell (spec: ``specs/atr.py``)."""

from typing import NamedTuple

import numpy as np

from course_utils.numpy_nn.ops import sigmoid


class State(NamedTuple):
    """h (B, H)."""

    h: np.ndarray


class Cache(NamedTuple):
    """What the backward pass needs: x (B, D), all others (B, H)."""

    x: np.ndarray
    h_prev: np.ndarray
    g: np.ndarray
    i: np.ndarray
    f: np.ndarray


def step(params, x, prev):
    """x (B, D), prev.h (B, H) -> state, cache."""
    g = x @ params["weight_ih"].mT
    q = prev.h @ params["weight_hh"].mT
    i = sigmoid(g + q)
    f = sigmoid(g - q)
    h = i * g + f * prev.h
    return State(h), Cache(x, prev.h, g, i, f)


def step_backward(params, cache, dstate):
    """dstate.h (B, H) -> dx (B, D), dprev, grads."""
    x, h_prev, g, i, f = cache
    dh = dstate.h
    di = dh * g  # h = i * g + f * h_prev
    dg = dh * i
    df = dh * h_prev
    dh_prev = dh * f
    da_f = df * f * (1 - f)  # f = sigmoid(g - q)
    da_i = di * i * (1 - i)  # i = sigmoid(g + q)
    dg = dg + da_i + da_f
    dq = da_i - da_f
    grads = {"weight_ih": dg.mT @ x, "weight_hh": dq.mT @ h_prev}
    return dg @ params["weight_ih"], State(dh_prev + dq @ params["weight_hh"]), grads
