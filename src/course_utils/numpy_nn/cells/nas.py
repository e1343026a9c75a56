"""The NAS cell (spec: ``specs/nas.py``)."""

from typing import NamedTuple

import numpy as np

from course_utils.numpy_nn.ops import join, sigmoid, split


class State(NamedTuple):
    """h, c (B, H)."""

    h: np.ndarray
    c: np.ndarray


class Cache(NamedTuple):
    """What the backward pass needs: x (B, D), h_prev (B, H), and by name what a step computes."""

    x: np.ndarray
    h_prev: np.ndarray
    leaves: tuple  # i, j, k, s, m, n, o, q, each (B, H)
    product: tuple  # w_s, u_s (B, H): s = relu(w_s * u_s)
    left: tuple  # t = tanh(i j), d = tanh(t + c_prev), e = tanh(k + s)
    right: tuple  # u = tanh(m n), v = sigmoid(o + q), w = tanh(u + v)
    h: np.ndarray


def relu(a):
    """a where it is positive, else 0; a NaN stays one."""
    return np.where(a.real <= 0, 0, a)


def step(params, x, prev):
    """x (B, D), prev.h, prev.c (B, H) -> state, cache."""
    from_x = split(x @ params["weight_ih"].mT, 8)
    from_h = split(prev.h @ params["weight_hh"].mT, 8)
    a_i, a_j, a_k, _, a_m, a_n, a_o, a_q = map(np.add, from_x, from_h)
    w_s, u_s = from_x[3], from_h[3]
    i, j, k, s = sigmoid(a_i), relu(a_j), sigmoid(a_k), relu(w_s * u_s)
    m, n, o, q = np.tanh(a_m), sigmoid(a_n), np.tanh(a_o), sigmoid(a_q)
    t = np.tanh(i * j)
    d = np.tanh(t + prev.c)
    e = np.tanh(k + s)
    c = d * e
    u = np.tanh(m * n)
    v = sigmoid(o + q)
    w = np.tanh(u + v)
    h = np.tanh(c * w)
    leaves = (i, j, k, s, m, n, o, q)
    return State(h, c), Cache(x, prev.h, leaves, (w_s, u_s), (t, d, e), (u, v, w), h)


def step_backward(params, cache, dstate):
    """dstate.h, dstate.c (B, H) -> dx (B, D), dprev, grads."""
    x, h_prev, (i, j, k, s, m, n, o, q), (w_s, u_s), (t, d, e), (u, v, w), h = cache
    dh, dc = dstate
    da_h = dh * (1 - h**2)  # h = tanh(c * w)
    dc = dc + da_h * w
    da_w = da_h * d * e * (1 - w**2)  # w = tanh(u + v)
    da_v = da_w * v * (1 - v)  # v = sigmoid(o + q)
    da_u = da_w * (1 - u**2)  # u = tanh(m * n)
    da_e = dc * d * (1 - e**2)  # c = d * e;  e = tanh(k + s)
    da_d = dc * e * (1 - d**2)  # d = tanh(t + c_prev)
    da_t = da_d * (1 - t**2)  # t = tanh(i * j)
    da_i = da_t * j * i * (1 - i)
    da_j = np.where(j == 0, 0, da_t * i)
    da_k = da_e * k * (1 - k)
    da_s = np.where(s == 0, 0, da_e)  # s = relu(w_s * u_s)
    da_m = da_u * n * (1 - m**2)
    da_n = da_u * m * n * (1 - n)
    da_o = da_v * (1 - o**2)
    da_q = da_v * q * (1 - q)
    dw = join(da_i, da_j, da_k, da_s * u_s, da_m, da_n, da_o, da_q)
    du = join(da_i, da_j, da_k, da_s * w_s, da_m, da_n, da_o, da_q)
    grads = {"weight_ih": dw.mT @ x, "weight_hh": du.mT @ h_prev}
    return dw @ params["weight_ih"], State(du @ params["weight_hh"], da_d), grads
