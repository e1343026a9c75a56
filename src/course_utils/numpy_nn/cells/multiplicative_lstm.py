"""The multiplicative LSTM (spec: ``specs/multiplicative_lstm.py``)."""

from typing import NamedTuple

import numpy as np

from course_utils.numpy_nn.ops import join, sigmoid, split


class State(NamedTuple):
    """h, c (B, H)."""

    h: np.ndarray
    c: np.ndarray


class Cache(NamedTuple):
    """What the backward pass needs: x (B, D), all others (B, H); m = w_m * u_m."""

    x: np.ndarray
    h_prev: np.ndarray
    c_prev: np.ndarray
    w_m: np.ndarray
    u_m: np.ndarray
    i: np.ndarray
    f: np.ndarray
    g: np.ndarray
    o: np.ndarray
    tanh_c: np.ndarray


def step(params, x, prev):
    """x (B, D), prev.h, prev.c (B, H) -> state, cache."""
    H = prev.h.shape[-1]
    from_x = x @ params["weight_ih"].mT  # (B, 5H)
    w_m = from_x[..., -H:]
    u_m = prev.h @ params["weight_hh"].mT
    m = w_m * u_m
    a = from_x[..., :-H] + m @ params["weight_mh"].mT + params["bias_ih"]
    a_i, a_f, a_g, a_o = split(a, 4)
    i, f, g, o = sigmoid(a_i), sigmoid(a_f), np.tanh(a_g), sigmoid(a_o)
    c = f * prev.c + i * g
    tanh_c = np.tanh(c)
    h = o * tanh_c
    return State(h, c), Cache(x, prev.h, prev.c, w_m, u_m, i, f, g, o, tanh_c)


def step_backward(params, cache, dstate):
    """dstate.h, dstate.c (B, H) -> dx (B, D), dprev, grads."""
    x, h_prev, c_prev, w_m, u_m, i, f, g, o, tanh_c = cache
    dh, dc = dstate
    do = dh * tanh_c  # h = o * tanh(c)
    dc = dc + dh * o * (1 - tanh_c**2)
    df = dc * c_prev  # c = f * c_prev + i * g
    dc_prev = dc * f
    di = dc * g
    dg = dc * i
    da = join(di * i * (1 - i), df * f * (1 - f), dg * (1 - g**2), do * o * (1 - o))
    dm = da @ params["weight_mh"]  # a = w + W_m m + b
    dw_m = dm * u_m  # m = w_m * u_m
    du_m = dm * w_m
    dw = join(da, dw_m)
    grads = {
        "weight_ih": dw.mT @ x,
        "weight_hh": du_m.mT @ h_prev,
        "weight_mh": da.mT @ (w_m * u_m),
        "bias_ih": da.sum(axis=-2),
    }
    return dw @ params["weight_ih"], State(du_m @ params["weight_hh"], dc_prev), grads
