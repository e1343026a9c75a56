"""The minimal gated unit (spec: ``specs/mgu.py``)."""

from typing import NamedTuple

import numpy as np

from course_utils.numpy_nn.ops import reset_linear, reset_linear_backward, sigmoid


class State(NamedTuple):
    """h (B, H)."""

    h: np.ndarray


class Cache(NamedTuple):
    """What the backward pass needs: x (B, D), all others (B, H)."""

    x: np.ndarray
    h_prev: np.ndarray
    f: np.ndarray
    n: np.ndarray


def step(params, x, prev):
    """x (B, D), prev.h (B, H) -> state, cache."""
    a_f, candidate = reset_linear(params, x, prev.h)
    f = sigmoid(a_f)
    n = np.tanh(candidate(f))
    h = (1 - f) * prev.h + f * n
    return State(h), Cache(x, prev.h, f, n)


def step_backward(params, cache, dstate):
    """dstate.h (B, H) -> dx (B, D), dprev, grads."""
    x, h_prev, f, n = cache
    dh = dstate.h
    dn = dh * f  # h = (1 - f) * h_prev + f * n
    df = dh * (n - h_prev)
    dh_prev = dh * (1 - f)
    da_n = dn * (1 - n**2)  # n = tanh(W_xn x + W_hn (f * h_prev) + b_n)

    def before(from_reset):
        return (df + from_reset) * f * (1 - f)

    dx, dh_from_a, grads = reset_linear_backward(params, x, h_prev, f, da_n, before)
    return dx, State(dh_prev + dh_from_a), grads
