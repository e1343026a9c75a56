"""Alignment without attention: connectionist temporal classification, by PyTorch's own kernel."""

import torch
from torch.nn import functional as F

from course_utils.shapes import expect
from course_utils.torch_nn.validation import check_lengths


def ctc(logits, targets, lengths=None, target_lengths=None, *, blank=0, zero_infinity=False):
    """Negative log-likelihood (B,) of the targets, summed over all alignments.

    logits (T, B, V); targets (B, L), integers other than blank; lengths (B,) of the logits, T if
    None; target_lengths (B,), L if None: what stands after may be anything.  A target that no path
    can say has loss inf and a gradient of NaN; with zero_infinity both are 0.
    """
    sizes = expect(logits=(logits, "T B V"), targets=(targets, "B L"))
    T, B, V, L = (sizes[axis] for axis in "TBVL")
    lengths = torch.full((B,), T) if lengths is None else check_lengths(lengths, T, B)
    if target_lengths is None:
        target_lengths = torch.full((B,), L)
    target_lengths = check_lengths(target_lengths, L, B)
    there = torch.arange(T, device=logits.device)[:, None] < lengths.to(logits.device)
    log_p = F.log_softmax(torch.where(there[..., None], logits, 0), dim=-1)
    labelled = torch.arange(L, device=targets.device) < target_lengths.to(targets.device)[:, None]
    labels = targets[labelled]
    if labels.numel() and (labels.min() < 0 or labels.max() >= V):
        bad = int(labels.min() if labels.min() < 0 else labels.max())
        raise IndexError(f"targets: {bad} is outside the {V} symbols of the logits")
    if (labels == blank).any():
        raise ValueError(f"targets: {blank} is the blank, which is no label; choose another blank")
    targets = targets.masked_fill(~labelled, blank)
    return F.ctc_loss(
        log_p,
        targets,
        lengths,
        target_lengths,
        blank=blank,
        reduction="none",
        zero_infinity=zero_infinity,
    )


def best_path(logits, lengths=None, *, blank=0):
    """The labelling of the likeliest path, for each row: logits (T, B, V) -> a list of tuples."""
    T, B, _ = logits.shape
    lengths = torch.full((B,), T) if lengths is None else check_lengths(lengths, T, B)
    paths = logits.argmax(dim=-1)
    found = []
    for b, n in enumerate(lengths.tolist()):
        merged = torch.unique_consecutive(paths[:n, b])
        found.append(tuple(merged[merged != blank].tolist()))
    return found
