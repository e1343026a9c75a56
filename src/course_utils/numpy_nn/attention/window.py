"""A window that slides over a text: attention by location alone.  Graves 2013, section 5.1.

Of K bumps, each has a height α, a width by β and a place κ that only moves on; the text's letters
are blended by the sum of the bumps.  The weights do not sum to 1: nothing normalises them.
"""

import math
from typing import NamedTuple

import numpy as np

from course_utils.numpy_nn.attention.masks import finite, spoilt
from course_utils.numpy_nn.ops import join, split
from course_utils.numpy_nn.validation import (
    by_name,
    cotangent,
    dtype_of,
    made_by,
    numbers,
    running,
)
from course_utils.shapes import expect, generator, positive_integer

# For one letter, at the place u (from 1); the sums over bumps and letters, the language does not
# carry yet
EQUATIONS = (
    "alpha_t = exp(W_alpha @ h + b_alpha)",
    "beta_t = exp(W_beta @ h + b_beta)",
    "kappa = kappa_prev + exp(W_kappa @ h + b_kappa)",
    "bump = alpha_t * exp(-beta_t * (kappa - u) * (kappa - u))",
)
SYMBOLS = {
    "alpha_t": r"\alpha_t",
    "beta_t": r"\beta_t",
    "kappa": r"\kappa_t",
    "kappa_prev": r"\kappa_{t-1}",
    "bump": r"\phi_t(u)",
    "u": "u",
    "W_alpha": r"W_{\alpha}",
    "W_beta": r"W_{\beta}",
    "W_kappa": r"W_{\kappa}",
    "b_alpha": r"b_{\alpha}",
    "b_beta": r"b_{\beta}",
    "b_kappa": r"b_{\kappa}",
}


class State(NamedTuple):
    """kappa (B, K): where the bumps stand, zero at first; the letters stand at 1, 2, …"""

    kappa: np.ndarray


class Cache(NamedTuple):
    """What the way back needs."""

    h: np.ndarray  # (B, H)
    text: np.ndarray  # (U, B, C)
    beta: np.ndarray  # (B, K)
    moved: np.ndarray  # (B, K) by how much kappa grew
    away: np.ndarray  # (B, K, U) kappa - u
    bumps: np.ndarray  # (B, K, U), zero where there is no letter
    phi: np.ndarray  # (B, U)


def init_window(hidden_size, components, rng, dtype=np.float64, *, pace=1.0):
    """weight (3K, H) and bias (3K,) in the order alpha, beta, kappa; uniform in ±1/√H.

    pace, how many letters a step moves on at first: the bias of kappa is log pace.
    """
    positive_integer(hidden_size=hidden_size, components=components)
    generator(rng)
    dtype, pace = dtype_of(dtype), numbers("pace", pace, positive=True)
    bound = 1 / math.sqrt(hidden_size)
    shape = 3 * components, hidden_size
    bias = np.zeros(3 * components, dtype)
    bias[2 * components :] = math.log(pace)
    return {"weight": rng.uniform(-bound, bound, shape).astype(dtype), "bias": bias}


def window_step(params, h, prev, text, lengths=None):
    """One step: h (B, H), prev.kappa (B, K), text (U, B, C), one-hot or embedded letters.

    lengths (B,), how many letters each text has, U if None.  Returns the window (B, C), the state,
    the weights phi (B, U), exactly 0 past a text's end, and a cache.
    """
    by_name("params", params)
    if missing := sorted({"weight", "bias"} - set(params)):
        raise KeyError(f"params: missing {', '.join(missing)}; expected those of init_window")
    if not isinstance(prev, State):
        raise TypeError(f"prev: expected a State(kappa), got {type(prev).__name__}")
    sizes = expect(
        weight=(params["weight"], "3K H"),
        bias=(params["bias"], "3K"),
        h=(h, "B H"),
        kappa=(prev.kappa, "B K"),
        text=(text, "U B C"),
    )
    U, B = sizes["U"], sizes["B"]
    if not U:
        raise ValueError("text: axis U is empty; a window needs at least one letter")
    there = np.ones((B, U), bool) if lengths is None else running(lengths, U, B).T
    text, lost = finite(text)
    a_alpha, a_beta, a_kappa = split(h @ params["weight"].T + params["bias"], 3)
    alpha, beta, moved = np.exp(a_alpha), np.exp(a_beta), np.exp(a_kappa)
    kappa = prev.kappa + moved
    away = kappa[..., None] - np.arange(1, U + 1).astype(h.real.dtype)  # (B, K, U)
    bumps = np.where(there[:, None], alpha[..., None] * np.exp(-beta[..., None] * away**2), 0)
    phi = bumps.sum(axis=1)
    w = np.einsum("bu,ubc->bc", phi, text)
    w = spoilt(w[None], (lost.T & there).any(axis=1)[None])[0]
    return w, State(kappa), phi, Cache(h, text, beta, moved, away, bumps, phi)


def window_step_backward(params, cache, dw, dstate=None, dphi=None):
    """dw (B, C), dstate.kappa (B, K), dphi (B, U), zero where None -> dh, dprev, dtext, grads."""
    made_by(cache, Cache, "window_step", "cache")
    h, text, beta, moved, away, bumps, phi = cache
    dw = cotangent("dw", dw, np.result_type(phi, text), text.shape[1:])
    dtext = phi.T[..., None] * dw  # w = Σ_u phi text
    dphi_all = np.einsum("bc,ubc->bu", dw, text)
    if dphi is not None:
        dphi_all = dphi_all + cotangent("dphi", dphi, phi.dtype, phi.shape)
    dbumps = dphi_all[:, None] * bumps  # phi = Σ_k bumps; what follows needs dbump times the bump
    da_alpha = dbumps.sum(axis=-1)  # bumps = alpha exp(-beta away²), alpha = exp(a_alpha)
    da_beta = (dbumps * -(away**2)).sum(axis=-1) * beta  # beta = exp(a_beta)
    dkappa = (dbumps * -2 * beta[..., None] * away).sum(axis=-1)  # away = kappa - u
    if dstate is not None:
        dkappa = dkappa + cotangent("dstate.kappa", dstate.kappa, phi.dtype, beta.shape)
    da_kappa = dkappa * moved  # kappa = kappa_prev + moved, moved = exp(a_kappa)
    da = join(da_alpha, da_beta, da_kappa)  # (B, 3K)
    grads = {"weight": da.T @ h, "bias": da.sum(axis=0)}
    return da @ params["weight"], State(dkappa), dtext, grads
