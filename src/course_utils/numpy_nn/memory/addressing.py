"""Where a head looks: five steps, each with its backward directly below.

Graves, Wayne & Danihelka 2014, section 3.3.
"""

from typing import NamedTuple

import numpy as np

from course_utils.numpy_nn.memory.access import not_empty
from course_utils.numpy_nn.ops import sigmoid, softmax, softmax_backward
from course_utils.shapes import ShapeError, expect

FLOOR = 1e-3  # a vector shorter than this counts as nearly empty: see ``cosine``


class Head(NamedTuple):
    """What K heads are told: key (B, K, M), beta, g, gamma (B, K), s (B, K, S) with odd S.

    beta >= 0, the key strength; g in [0, 1], how much the content counts; s, weights of the shifts
    -S//2 … S//2, with sum 1; gamma >= 1, the sharpening.
    """

    key: np.ndarray
    beta: np.ndarray
    g: np.ndarray
    s: np.ndarray
    gamma: np.ndarray


# -- from the controller's numbers to a head -------------------------------------------------------


def softplus(a):
    """log(1 + exp(a)), which cannot overflow; analytic, so that a complex step passes through."""
    large = np.maximum(a.real, 0)
    return large + np.log(np.exp(-large) + np.exp(a - large))


def head(a, width):
    """The controller's free numbers a (B, K, M + 3 + S), width M -> Head, cache.

    In stacking order key, beta, g, gamma, s: tanh, softplus, logistic, 1 + softplus, softmax.
    The paper states the ranges only; these functions are the usual choice.  ShapeError unless S is
    odd and positive.
    """
    expect(a=(a, "B K numbers"))
    total = a.shape[-1]
    S = total - width - 3
    if S < 1 or S % 2 == 0:
        raise ShapeError(
            f"a: axis 2 should be width + 3 + an odd number of shifts, got {total} for width "
            f"{width}; full shape {a.shape}"
        )
    a_key, a_beta, a_g, a_gamma, a_s = np.split(a, [width, width + 1, width + 2, width + 3], -1)
    key = np.tanh(a_key)
    beta = softplus(a_beta[..., 0])
    g = sigmoid(a_g[..., 0])
    gamma = 1 + softplus(a_gamma[..., 0])
    s = softmax(a_s)
    return Head(key, beta, g, s, gamma), (a_beta[..., 0], a_gamma[..., 0], key, g, s)


def head_backward(cache, dhead):
    """dhead, a Head of gradients -> da (B, K, M + 3 + S)."""
    a_beta, a_gamma, key, g, s = cache
    da_s = softmax_backward(s, dhead.s)
    da_gamma = dhead.gamma * sigmoid(a_gamma)  # softplus' = the logistic function
    da_g = dhead.g * g * (1 - g)
    da_beta = dhead.beta * sigmoid(a_beta)
    da_key = dhead.key * (1 - key**2)
    scalars = [d[..., None] for d in (da_beta, da_g, da_gamma)]
    return np.concatenate([da_key, *scalars, da_s], axis=-1)


# -- addressing, in the paper's order --------------------------------------------------------------


def cosine(memory, key):
    """How well each slot fits each key: memory (B, N, M), key (B, K, M) -> u (B, K, N), cache.

    Graves 2014, eq. 6.  Departure: norms are taken as at least ``FLOOR``, so that an empty slot
    (or key) has similarity 0, with a finite gradient, where the paper's formula is 0/0.
    """
    sizes = expect(memory=(memory, "B N M"), key=(key, "B K M"))
    not_empty(sizes)
    norm_memory = _norm(memory)  # (B, N)
    norm_key = _norm(key)  # (B, K)
    unit_memory = memory / norm_memory[..., None]
    unit_key = key / norm_key[..., None]
    u = unit_key @ unit_memory.mT
    return u, (unit_memory, norm_memory, unit_key, norm_key)


def cosine_backward(cache, du):
    """du (B, K, N) -> dmemory (B, N, M), dkey (B, K, M)."""
    unit_memory, norm_memory, unit_key, norm_key = cache
    dunit_key = du @ unit_memory
    dunit_memory = du.mT @ unit_key
    dkey = _unit_backward(unit_key, norm_key, dunit_key)
    dmemory = _unit_backward(unit_memory, norm_memory, dunit_memory)
    return dmemory, dkey


def _norm(v):
    square = (v**2).sum(axis=-1)  # not np.linalg.norm: |·| is not analytic
    short = square.real <= FLOOR**2
    return np.where(short, v.dtype.type(FLOOR), np.sqrt(np.where(short, 1, square)))


def _unit_backward(unit, norm, dunit):
    along = (dunit * unit).sum(axis=-1, keepdims=True) * unit
    free = norm[..., None] > FLOOR  # below, the norm is a constant
    return (dunit - np.where(free, along, 0)) / norm[..., None]


def content(u, beta):
    """Focus by content: similarities u (B, K, N), beta (B, K) -> w_c (B, K, N), cache.

    Graves 2014, eq. 5.
    """
    expect(u=(u, "B K N"), beta=(beta, "B K"))
    w_c = softmax(beta[..., None] * u)
    return w_c, (u, beta, w_c)


def content_backward(cache, dw_c):
    """dw_c (B, K, N) -> du (B, K, N), dbeta (B, K)."""
    u, beta, w_c = cache
    da = softmax_backward(w_c, dw_c)
    return da * beta[..., None], (da * u).sum(axis=-1)


def interpolate(w_c, w_prev, g):
    """Between the content's focus and the last: w_c, w_prev (B, K, N), g (B, K) -> w_g, cache.

    Graves 2014, eq. 7.
    """
    expect(w_c=(w_c, "B K N"), w_prev=(w_prev, "B K N"), g=(g, "B K"))
    g = g[..., None]
    return g * w_c + (1 - g) * w_prev, (w_c, w_prev, g)


def interpolate_backward(cache, dw_g):
    """dw_g (B, K, N) -> dw_c, dw_prev (B, K, N), dg (B, K)."""
    w_c, w_prev, g = cache
    return g * dw_g, (1 - g) * dw_g, (dw_g * (w_c - w_prev)).sum(axis=-1)


def shift(w_g, s):
    """Rotate the focus: w_g (B, K, N), s (B, K, S) -> w_s (B, K, N), cache.

    s[..., j] is the share that moves by j - S//2 slots, the last slot being followed by the first:
    circular convolution, Graves 2014, eq. 8.  Shifts longer than N wrap around; with one slot
    nothing moves.  ShapeError unless S is odd.
    """
    S = expect(w_g=(w_g, "B K N"), s=(s, "B K S"))["S"]
    if S % 2 == 0:
        raise ShapeError(f"s: axis S should be odd (shifts -S//2 … S//2), got {S}")
    moved = np.stack([np.roll(w_g, j - S // 2, axis=-1) for j in range(S)])  # (S, B, K, N)
    return np.einsum("bks,sbkn->bkn", s, moved), (s, moved)


def shift_backward(cache, dw_s):
    """dw_s (B, K, N) -> dw_g (B, K, N), ds (B, K, S)."""
    s, moved = cache
    S = len(moved)
    ds = np.einsum("bkn,sbkn->bks", dw_s, moved)
    back = [s[..., j, None] * np.roll(dw_s, S // 2 - j, axis=-1) for j in range(S)]
    return sum(back), ds


def sharpen(w_s, gamma):
    """Undo the blur of the shift: w_s (B, K, N), gamma (B, K) -> w (B, K, N), cache.

    Graves 2014, eq. 9.  The largest weight is divided out first, which cancels, so that no power
    underflows in all slots at once.
    """
    expect(w_s=(w_s, "B K N"), gamma=(gamma, "B K"))
    largest = w_s.real.max(axis=-1, keepdims=True, initial=0)
    ratio = w_s / np.where(largest > 0, largest, 1)
    gamma = gamma[..., None]
    q = ratio**gamma
    total = q.sum(axis=-1, keepdims=True)
    return q / total, (ratio, largest, gamma, q, total)


def sharpen_backward(cache, dw):
    """dw (B, K, N) -> dw_s (B, K, N), dgamma (B, K)."""
    ratio, largest, gamma, q, total = cache
    dq = (dw - (dw * q / total).sum(axis=-1, keepdims=True)) / total  # w = q / total
    positive = ratio > 0  # 0^gamma is 0 whatever gamma is
    log_ratio = np.log(np.where(positive, ratio, 1))
    dgamma = (dq * q * log_ratio).sum(axis=-1)  # q = ratio^gamma
    dratio = dq * gamma * ratio ** (gamma - 1)
    return dratio / largest, dgamma


def address(memory, w_prev, told):
    """All five steps: memory (B, N, M), w_prev (B, K, N), told, a Head -> w (B, K, N), cache.

    Graves 2014, figure 2: content, interpolation, shift, sharpening.
    """
    u, cosines = cosine(memory, told.key)
    w_c, contents = content(u, told.beta)
    w_g, interpolations = interpolate(w_c, w_prev, told.g)
    w_s, shifts = shift(w_g, told.s)
    w, sharpenings = sharpen(w_s, told.gamma)
    return w, (cosines, contents, interpolations, shifts, sharpenings)


def address_backward(cache, dw):
    """dw (B, K, N) -> dmemory (B, N, M), dw_prev (B, K, N), a Head of gradients."""
    cosines, contents, interpolations, shifts, sharpenings = cache
    dw_s, dgamma = sharpen_backward(sharpenings, dw)
    dw_g, ds = shift_backward(shifts, dw_s)
    dw_c, dw_prev, dg = interpolate_backward(interpolations, dw_g)
    du, dbeta = content_backward(contents, dw_c)
    dmemory, dkey = cosine_backward(cosines, du)
    return dmemory, dw_prev, Head(dkey, dbeta, dg, ds, dgamma)
