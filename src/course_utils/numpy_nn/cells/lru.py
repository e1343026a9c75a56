"""The linear recurrent unit (spec: ``specs/lru.py``)."""

from typing import NamedTuple

import numpy as np


class State(NamedTuple):
    """h_re, h_im (B, H): the two halves of a complex state."""

    h_re: np.ndarray
    h_im: np.ndarray


class Cache(NamedTuple):
    """What the backward pass needs: x (B, D), the old state (B, H), the drive of the new (B, H)."""

    x: np.ndarray
    h_re_prev: np.ndarray
    h_im_prev: np.ndarray
    u_re: np.ndarray
    u_im: np.ndarray


def init(params, rng, r_min=0.5, r_max=0.99):
    """Eigenvalues uniform in the ring r_min < |λ| < r_max, γ = √(1 − |λ|²); in place.

    Orvieto et al. 2023, lemma 3.2.
    """
    dtype, H = params["nu"].dtype, len(params["nu"])
    square = rng.uniform(size=H) * (r_max**2 - r_min**2) + r_min**2
    params["nu"][...] = np.log(-0.5 * np.log(square)).astype(dtype)
    params["theta"][...] = rng.uniform(0, 2 * np.pi, H).astype(dtype)
    normalise(params)


def retain(params, share):
    """Put every |λ| at share, in place."""
    params["nu"][...] = np.log(-np.log(share))
    normalise(params)


def normalise(params):
    """γ = √(1 − |λ|²): the state has the size of its input, however long it remembers."""
    params["gamma_log"][...] = 0.5 * np.log(-np.expm1(-2 * np.exp(params["nu"])))


def eigenvalues(params):
    """λ as lam_re, lam_im (H,), and γ (H,)."""
    rho = np.exp(-np.exp(params["nu"]))
    lam_re, lam_im = rho * np.cos(params["theta"]), rho * np.sin(params["theta"])
    return lam_re, lam_im, np.exp(params["gamma_log"])


def step(params, x, prev):
    """x (B, D), prev.h_re, prev.h_im (B, H) -> state, cache."""
    lam_re, lam_im, gamma = eigenvalues(params)
    u_re = gamma * (x @ params["B_re"].mT)
    u_im = gamma * (x @ params["B_im"].mT)
    h_re = lam_re * prev.h_re - lam_im * prev.h_im + u_re
    h_im = lam_im * prev.h_re + lam_re * prev.h_im + u_im
    return State(h_re, h_im), Cache(x, prev.h_re, prev.h_im, u_re, u_im)


def step_backward(params, cache, dstate):
    """dstate.h_re, dstate.h_im (B, H) -> dx (B, D), dprev, grads."""
    x, h_re_prev, h_im_prev, u_re, u_im = cache
    lam_re, lam_im, gamma = eigenvalues(params)
    dh_re, dh_im = dstate
    # h_im = lam_im * h_re_prev + lam_re * h_im_prev + u_im, and h_re, line by line
    dlam_re = dh_re * h_re_prev + dh_im * h_im_prev
    dlam_im = dh_im * h_re_prev - dh_re * h_im_prev
    dh_re_prev = dh_re * lam_re + dh_im * lam_im
    dh_im_prev = dh_im * lam_re - dh_re * lam_im
    db_re, db_im = dh_re * gamma, dh_im * gamma  # u = gamma * (B @ x)
    dgamma_log = dh_re * u_re + dh_im * u_im  # gamma = exp(gamma_log)
    dtheta = dlam_im * lam_re - dlam_re * lam_im  # lam = rho * (cos theta + i sin theta)
    dlog_rho = dlam_re * lam_re + dlam_im * lam_im
    dnu = -dlog_rho * np.exp(params["nu"])  # log rho = -exp(nu)
    grads = {
        "nu": dnu.sum(axis=-2),
        "theta": dtheta.sum(axis=-2),
        "gamma_log": dgamma_log.sum(axis=-2),
        "B_re": db_re.mT @ x,
        "B_im": db_im.mT @ x,
    }
    dx = db_re @ params["B_re"] + db_im @ params["B_im"]
    return dx, State(dh_re_prev, dh_im_prev), grads


def readout(params, x, state):
    """y = Re(C h) + D x: x (B, D), state (B, H) -> y (B, H), cache."""
    y = state.h_re @ params["C_re"].mT - state.h_im @ params["C_im"].mT + x @ params["D"].mT
    return y, (x, state)


def readout_backward(params, cache, dy):
    """dy (B, H) -> dx (B, D), dstate, grads."""
    x, state = cache
    grads = {"C_re": dy.mT @ state.h_re, "C_im": -dy.mT @ state.h_im, "D": dy.mT @ x}
    return dy @ params["D"], State(dy @ params["C_re"], -dy @ params["C_im"]), grads


def coefficients(params, x):
    """x (T, B, D) -> complex a (H,), b (T, B, H) of h = a * h_prev + b."""
    lam_re, lam_im, gamma = eigenvalues(params)
    drive = gamma * (x @ params["B_re"].mT) + 1j * (gamma * (x @ params["B_im"].mT))
    return lam_re + 1j * lam_im, drive
