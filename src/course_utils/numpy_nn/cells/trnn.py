"""The strongly typed RNN (spec: ``specs/trnn.py``)."""

from typing import NamedTuple

import numpy as np

from course_utils.numpy_nn.ops import join, sigmoid, split


class State(NamedTuple):
    """h (B, H)."""

    h: np.ndarray


class Cache(NamedTuple):
    """What the backward pass needs: x (B, D), all others (B, H)."""

    x: np.ndarray
    h_prev: np.ndarray
    f: np.ndarray
    g: np.ndarray


def step(params, x, prev):
    """x (B, D), prev.h (B, H) -> state, cache."""
    a_f, g = split(x @ params["weight_ih"].mT + params["bias_ih"], 2)
    f = sigmoid(a_f)
    h = f * prev.h + (1 - f) * g
    return State(h), Cache(x, prev.h, f, g)


def step_backward(params, cache, dstate):
    """dstate.h (B, H) -> dx (B, D), dprev, grads."""
    x, h_prev, f, g = cache
    dh = dstate.h
    df = dh * (h_prev - g)  # h = f * h_prev + (1 - f) * g
    dg = dh * (1 - f)
    dh_prev = dh * f
    da_f = df * f * (1 - f)  # f = sigmoid(a_f)
    da = join(da_f, dg)
    grads = {"weight_ih": da.mT @ x, "bias_ih": da.sum(axis=-2)}
    return da @ params["weight_ih"], State(dh_prev), grads


def coefficients(params, x):
    """x (T, B, D) -> a, b (T, B, H) of h = a * h_prev + b."""
    a_f, g = split(x @ params["weight_ih"].mT + params["bias_ih"], 2)
    f = sigmoid(a_f)
    return f, (1 - f) * g
