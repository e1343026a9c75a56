"""The depth-gated LSTM (spec: ``specs/depth_gated.py``)."""

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
    h_prev: np.ndarray
    c_prev: np.ndarray
    below: np.ndarray
    i: np.ndarray
    f: np.ndarray
    g: np.ndarray
    o: np.ndarray
    d: np.ndarray
    c: np.ndarray
    tanh_c: np.ndarray


def step(params, x, prev, below):
    """x (B, D), prev.h, prev.c, below (B, H) -> state, cache."""
    from_x = x @ params["weight_ih"].mT + params["bias_ih"]  # (B, 5H): d has no recurrent weights
    *w_ifgo, w_d = split(from_x, 5)
    a_i, a_f, a_g, a_o = split(
        join(*w_ifgo) + prev.h @ params["weight_hh"].mT + params["bias_hh"], 4
    )
    i = sigmoid(a_i + params["weight_ci"] * prev.c)
    f = sigmoid(a_f + params["weight_cf"] * prev.c)
    g = np.tanh(a_g)
    d = sigmoid(w_d + params["weight_cd"] * prev.c + params["weight_ld"] * below)
    c = d * below + f * prev.c + i * g
    o = sigmoid(a_o + params["weight_co"] * c)
    tanh_c = np.tanh(c)
    h = o * tanh_c
    return State(h, c), Cache(x, prev.h, prev.c, below, i, f, g, o, d, c, tanh_c)


def step_backward(params, cache, dstate):
    """dstate.h, dstate.c (B, H) -> dx (B, D), dprev, grads (among them below, (B, H))."""
    x, h_prev, c_prev, below, i, f, g, o, d, c, tanh_c = cache
    dh, dc = dstate
    do = dh * tanh_c  # h = o * tanh(c)
    dc = dc + dh * o * (1 - tanh_c**2)
    da_o = do * o * (1 - o)  # o = sigmoid(a_o)
    dc = dc + da_o * params["weight_co"]  # a_o reads the new c
    dd = dc * below  # c = d * below + f * c_prev + i * g
    dbelow = dc * d
    df = dc * c_prev
    dc_prev = dc * f
    di = dc * g
    dg = dc * i
    da_d = dd * d * (1 - d)  # d = sigmoid(w_d + p_d * c_prev + q_d * below)
    dc_prev = dc_prev + da_d * params["weight_cd"]
    dbelow = dbelow + da_d * params["weight_ld"]
    da_g = dg * (1 - g**2)
    da_f = df * f * (1 - f)
    dc_prev = dc_prev + da_f * params["weight_cf"]
    da_i = di * i * (1 - i)
    dc_prev = dc_prev + da_i * params["weight_ci"]
    da_h = join(da_i, da_f, da_g, da_o)  # (B, 4H)
    da = join(da_h, da_d)  # (B, 5H)
    grads = {
        "weight_ih": da.mT @ x,
        "weight_hh": da_h.mT @ h_prev,
        "bias_ih": da.sum(axis=-2),
        "bias_hh": da_h.sum(axis=-2),
        "weight_ci": (da_i * c_prev).sum(axis=-2),
        "weight_cf": (da_f * c_prev).sum(axis=-2),
        "weight_co": (da_o * c).sum(axis=-2),
        "weight_cd": (da_d * c_prev).sum(axis=-2),
        "weight_ld": (da_d * below).sum(axis=-2),
        "below": dbelow,
    }
    return da @ params["weight_ih"], State(da_h @ params["weight_hh"], dc_prev), grads
