"""sLSTM (spec: ``specs/slstm.py``)."""

from typing import NamedTuple

import numpy as np

from course_utils.numpy_nn.ops import join, linear, linear_backward, log_sigmoid, sigmoid, split


class State(NamedTuple):
    """h, c, n, m (B, H)."""

    h: np.ndarray
    c: np.ndarray
    n: np.ndarray
    m: np.ndarray


class Cache(NamedTuple):
    """What the backward pass needs: x (B, D), all others (B, H).

    slope, of log σ at a_f; first, where m came from the forget gate.
    """

    x: np.ndarray
    h_prev: np.ndarray
    c_prev: np.ndarray
    n_prev: np.ndarray
    i: np.ndarray
    f: np.ndarray
    g: np.ndarray
    o: np.ndarray
    c: np.ndarray
    n: np.ndarray
    slope: np.ndarray
    first: np.ndarray


def random_state(rng, zeros):
    """For tests: a normaliser must be positive."""
    h, c, n, m = (rng.standard_normal(z.shape) for z in zeros)
    return h, c, 1 + n**2, 0.3 * m


def step(params, x, prev):
    """x (B, D), prev (four states, each (B, H)) -> state, cache."""
    a_i, a_f, a_g, a_o = split(linear(params, x, prev.h), 4)
    log_f = log_sigmoid(a_f)
    kept = log_f + prev.m
    first = kept.real >= a_i.real
    m = np.where(first, kept, a_i)
    i, f = np.exp(a_i - m), np.exp(kept - m)
    g, o = np.tanh(a_g), sigmoid(a_o)
    c = f * prev.c + i * g
    n = f * prev.n + i
    h = o * c / n
    slope = 1 - sigmoid(a_f)  # of log_sigmoid at a_f
    return State(h, c, n, m), Cache(x, prev.h, prev.c, prev.n, i, f, g, o, c, n, slope, first)


def step_backward(params, cache, dstate):
    """dstate (four gradients, each (B, H)) -> dx (B, D), dprev, grads."""
    x, h_prev, c_prev, n_prev, i, f, g, o, c, n, slope, first = cache
    dh, dc, dn, dm = dstate
    do = dh * c / n  # h = o * c / n
    dc = dc + dh * o / n
    dn = dn - dh * o * c / n**2
    df = dn * n_prev + dc * c_prev  # n = f * n_prev + i;  c = f * c_prev + i * g
    di = dn + dc * g
    dn_prev, dc_prev = dn * f, dc * f
    dg = dc * i
    da_i = di * i  # i = exp(a_i - m)
    dkept = df * f  # f = exp(kept - m)
    dm = dm - da_i - dkept
    da_i = da_i + np.where(first, 0, dm)  # m = maximum(kept, a_i)
    dkept = dkept + np.where(first, dm, 0)
    da_f = dkept * slope  # kept = log_sigmoid(a_f) + m_prev
    da_g = dg * (1 - g**2)
    da_o = do * o * (1 - o)
    dx, dh_prev, grads = linear_backward(params, x, h_prev, join(da_i, da_f, da_g, da_o))
    return dx, State(dh_prev, dc_prev, dn_prev, dkept), grads
