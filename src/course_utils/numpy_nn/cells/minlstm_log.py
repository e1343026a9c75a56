"""minLSTM in log space (spec: ``specs/minlstm_log.py``)."""

from typing import NamedTuple

import numpy as np

from course_utils.numpy_nn.ops import (
    join,
    log_sigmoid,
    positive,
    positive_slope,
    sigmoid,
    split,
)


class State(NamedTuple):
    """h (B, H)."""

    h: np.ndarray


class Cache(NamedTuple):
    """What the backward pass needs: x (B, D), all others (B, H); keep = f / (f + i)."""

    x: np.ndarray
    h_prev: np.ndarray
    i: np.ndarray
    f: np.ndarray
    keep: np.ndarray
    n: np.ndarray


def step(params, x, prev):
    """x (B, D), prev.h (B, H) -> state, cache."""
    a_i, a_f, a_n = split(x @ params["weight_ih"].mT + params["bias_ih"], 3)
    i, f = sigmoid(a_i), sigmoid(a_f)
    keep = sigmoid(log_sigmoid(a_f) - log_sigmoid(a_i))  # f / (f + i), which may be 0 / 0
    n = positive(a_n)
    h = keep * prev.h + (1 - keep) * n
    return State(h), Cache(x, prev.h, i, f, keep, n)


def step_backward(params, cache, dstate):
    """dstate.h (B, H) -> dx (B, D), dprev, grads."""
    x, h_prev, i, f, keep, n = cache
    dh = dstate.h
    dn = dh * (1 - keep)  # h = keep * h_prev + (1 - keep) * n
    dkeep = dh * (h_prev - n)
    dh_prev = dh * keep
    da_n = dn * positive_slope(n)  # n = positive(a_n)
    dratio = dkeep * keep * (1 - keep)  # keep = sigmoid(log f - log i)
    da_f = dratio * (1 - f)  # the slope of log sigmoid(a) is 1 - sigmoid(a)
    da_i = -dratio * (1 - i)
    da = join(da_i, da_f, da_n)  # (B, 3H)
    grads = {"weight_ih": da.mT @ x, "bias_ih": da.sum(axis=-2)}
    return da @ params["weight_ih"], State(dh_prev), grads


def coefficients(params, x):
    """x (T, B, D) -> a, b (T, B, H) of h = a * h_prev + b."""
    a_i, a_f, a_n = split(x @ params["weight_ih"].mT + params["bias_ih"], 3)
    keep = sigmoid(log_sigmoid(a_f) - log_sigmoid(a_i))  # f / (f + i), which may be 0 / 0
    return keep, (1 - keep) * positive(a_n)
