"""The clockwork RNN (spec: ``specs/clockwork.py``)."""

from typing import NamedTuple

import numpy as np

from course_utils.numpy_nn.ops import linear, linear_backward


class State(NamedTuple):
    """h (B, H), and t (B, H), integers: how many steps each unit has seen."""

    h: np.ndarray
    t: np.ndarray


class Cache(NamedTuple):
    """What the backward pass needs: x (B, D), h_prev, on, n = tanh(a) (B, H), hears (H, H)."""

    x: np.ndarray
    h_prev: np.ndarray
    on: np.ndarray
    n: np.ndarray
    hears: np.ndarray


def random_state(rng, zeros):
    """For tests: clocks that stand at different times in different rows."""
    B, H = zeros.t.shape
    return rng.standard_normal((B, H)), np.repeat(rng.integers(0, 8, (B, 1)), H, axis=1)


def init(params, rng, periods=(1, 2, 4, 8)):
    """The weights that the clocks switch off start, and stay, at zero; in place."""
    hears = wiring(params["weight_hh"].shape[0], periods)[1]
    params["weight_hh"] *= hears


def wiring(H, periods):
    """The period of each unit (H,), and hears (H, H): one where the row's unit hears the column's.

    ValueError if H cannot be divided among the modules.
    """
    if H % len(periods):
        raise ValueError(
            f"hidden_size: {H} units cannot be divided among {len(periods)} modules; "
            f"use a multiple of {len(periods)}, or other periods than {tuple(periods)}"
        )
    period = np.repeat(periods, H // len(periods))
    return period, period[None, :] >= period[:, None]


def step(params, x, prev, periods):
    """x (B, D), prev.h, prev.t (B, H) -> state, cache."""
    period, hears = wiring(prev.h.shape[-1], periods)
    on = prev.t % period == 0  # (B, H)
    heard = params | {"weight_hh": params["weight_hh"] * hears}
    n = np.tanh(linear(heard, x, prev.h))
    h = np.where(on, n, prev.h)
    return State(h, prev.t + 1), Cache(x, prev.h, on, n, hears)


def step_backward(params, cache, dstate):
    """dstate.h (B, H) -> dx (B, D), dprev, grads; masked weights get a gradient of zero."""
    x, h_prev, on, n, hears = cache
    dh = dstate.h
    dn = dh * on  # h = on * n + (1 - on) * h_prev
    dh_prev = dh * ~on
    da = dn * (1 - n**2)  # n = tanh(a)
    heard = params | {"weight_hh": params["weight_hh"] * hears}
    dx, dh_from_a, grads = linear_backward(heard, x, h_prev, da)
    grads["weight_hh"] *= hears
    return dx, State(dh_prev + dh_from_a, dstate.t), grads
