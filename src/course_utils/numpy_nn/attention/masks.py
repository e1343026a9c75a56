"""Who may look where: boolean masks (T, B, S), true where query t may attend to position s."""

import numpy as np

from course_utils.numpy_nn.validation import running
from course_utils.shapes import ShapeError, array_of, whole


def padding(lengths, S):
    """lengths (B,), integers from 0 to S -> mask (1, B, S): the first positions count."""
    S, lengths = whole("S", S, least=0), array_of("lengths", lengths)
    if lengths.ndim != 1:
        raise ShapeError(f"lengths: expected one axis (B,), got {lengths.ndim}: {lengths.shape}")
    return running(lengths, S, len(lengths), axis="S").T[None]


def causal(T, S=None):
    """-> mask (T, 1, S), S = T if None: query t sees the positions up to t, itself included."""
    T = whole("T", T, least=0)
    S = T if S is None else whole("S", S, least=0)
    return np.arange(S) <= np.arange(T)[:, None, None]


def check_mask(mask, T, B, S):
    """mask (T or 1, B or 1, S or 1), booleans, or None -> (T, B, S), a view that is not written to.

    ValueError where there is no position at all; ShapeError or TypeError by name.
    """
    if S == 0:
        raise ValueError("keys: axis S is empty; attention needs at least one position")
    if mask is None:
        return np.broadcast_to(True, (T, B, S))
    if not isinstance(mask, np.ndarray) or mask.dtype.kind != "b":
        kind = getattr(mask, "dtype", type(mask).__name__)
        raise TypeError(f"mask: expected booleans, true = may attend, got {kind}; use mask != 0")
    fits = mask.ndim == 3 and all(m in (1, n) for m, n in zip(mask.shape, (T, B, S), strict=True))
    if not fits:
        raise ShapeError(
            f"mask: expected three axes (T={T} or 1, B={B} or 1, S={S} or 1), got {mask.shape}; "
            "masks.padding and masks.causal make them, & joins them"
        )
    return np.broadcast_to(mask, (T, B, S))


def finite(x):
    """x (N, B, D) -> x with zeros for rows that hold NaN or inf, and which those are (N, B).

    Zero times NaN is NaN: what nobody may see has to leave before the products.
    """
    lost = ~np.isfinite(x).all(axis=-1)
    return (np.where(lost[..., None], 0, x) if lost.any() else x), lost


def saw(mask, lost_queries, lost_positions):
    """mask (T, B, S), lost_queries (T, B), lost_positions (S, B) -> (T, B): who saw NaN or inf."""
    return (mask & lost_positions.T).any(axis=-1) | (lost_queries & mask.any(axis=-1))


def spoilt(x, lost):
    """x (T, B, ...) with NaN in the rows that are lost (T, B)."""
    if not lost.any():
        return x
    return np.where(lost.reshape(*lost.shape, *(1,) * (x.ndim - 2)), np.nan, x).astype(x.dtype)


def masked_softmax(scores, mask):
    """scores, mask (T, B, S) -> weights: exactly 0 where mask is false; they sum to 1.

    A row that may look nowhere has weights of zero.  ``ops.softmax_backward`` is the way back.
    """
    top = np.where(mask, scores.real, -np.inf).max(axis=-1, keepdims=True)
    top = np.where(np.isfinite(top), top, 0)
    e = np.where(mask, np.exp(np.where(mask, scores - top, 0)), 0)
    total = e.sum(axis=-1, keepdims=True)
    return e / np.where(total == 0, 1, total)
