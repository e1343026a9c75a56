"""Who may look where: boolean masks (T, B, S), true where query t may attend to position s."""

import torch

from course_utils.shapes import ShapeError, whole
from course_utils.torch_nn.validation import array_like, check_lengths


def padding(lengths, S):
    """lengths (B,), integers from 0 to S -> mask (1, B, S): the first positions count."""
    S, lengths = whole("S", S, least=0), array_like("lengths", lengths)
    if lengths.dim() != 1:
        raise ShapeError(
            f"lengths: expected one axis (B,), got {lengths.dim()}: {tuple(lengths.shape)}"
        )
    lengths = check_lengths(lengths, S, len(lengths), axis="S")
    return (torch.arange(S, device=lengths.device) < lengths[:, None])[None]


def causal(T, S=None, device=None):
    """-> mask (T, 1, S), S = T if None: query t sees the positions up to t, itself included."""
    T = whole("T", T, least=0)
    S = T if S is None else whole("S", S, least=0)
    steps = torch.arange(T, device=device)[:, None, None]
    return torch.arange(S, device=device) <= steps


def check_mask(mask, T, B, S, device):
    """mask (T or 1, B or 1, S or 1), bool, or None -> (T, B, S).

    ValueError where there is no position at all; ShapeError or TypeError by name.
    """
    if S == 0:
        raise ValueError("keys: axis S is empty; attention needs at least one position")
    if mask is None:
        return torch.ones((), dtype=torch.bool, device=device).expand(T, B, S)
    kind = getattr(mask, "dtype", type(mask).__name__)
    if kind != torch.bool:
        raise TypeError(f"mask: expected torch.bool, true = may attend, got {kind}; use mask != 0")
    fits = mask.dim() == 3 and all(m in (1, n) for m, n in zip(mask.shape, (T, B, S), strict=True))
    if not fits:
        raise ShapeError(
            f"mask: expected three axes (T={T} or 1, B={B} or 1, S={S} or 1), "
            f"got {tuple(mask.shape)}; masks.padding and masks.causal make them, & joins them"
        )
    return mask.expand(T, B, S)


def finite(x):
    """x (N, B, D) -> x with zeros for rows that hold NaN or inf, and which those are (N, B)."""
    lost = ~x.isfinite().all(dim=-1)
    return torch.where(lost[..., None], 0, x), lost


def saw(mask, lost_queries, lost_positions):
    """mask (T, B, S), lost_queries (T, B), lost_positions (S, B) -> (T, B): who saw NaN or inf."""
    return (mask & lost_positions.T).any(dim=-1) | (lost_queries & mask.any(dim=-1))


def masked_softmax(scores, mask):
    """scores, mask (T, B, S) -> weights: exactly 0 where mask is false; they sum to 1.

    A row that may look nowhere has weights of zero and passes no gradient.
    """
    scores = scores.masked_fill(~mask, -torch.inf)
    scores = scores.masked_fill(~mask.any(dim=-1, keepdim=True), 0)  # softmax of −inf alone is NaN
    return scores.softmax(dim=-1).masked_fill(~mask, 0)
