"""Alignment without attention: connectionist temporal classification, by PyTorch's own kernel."""

import torch
from torch.nn import functional as F

from course_utils.shapes import expect, expect_ids
from course_utils.torch_nn.validation import check_integers, check_lengths


def ctc(logits, targets, lengths=None, target_lengths=None, *, blank=0, zero_infinity=False):
    """Negative log-likelihood (B,) of the targets, summed over all alignments.

    logits (T, B, V); targets (B, L), integers other than blank; lengths (B,) of the logits, T if
    None; target_lengths (B,), L if None: what stands after may be anything.  A target that no path
    can say has loss inf and a gradient of NaN; with zero_infinity both are 0.
    """
    _check_logits(logits, blank)
    sizes = expect(logits=(logits, "T B V"), targets=(targets, "B L"))
    T, B, V, L = (sizes[axis] for axis in "TBVL")
    check_integers("targets", targets)
    lengths = torch.full((B,), T) if lengths is None else check_lengths(lengths, T, B)
    if target_lengths is None:
        target_lengths = torch.full((B,), L)
    target_lengths = check_lengths(target_lengths, L, B, "target_lengths", "L")
    there = torch.arange(T, device=logits.device)[:, None] < lengths.to(logits.device)
    if not T:  # the kernel takes none: only the empty labelling is possible
        logits = logits.new_zeros(1, B, V) + logits.sum()
        there = there.new_zeros(1, B)
    log_p = F.log_softmax(torch.where(there[..., None], logits, 0), dim=-1)
    labelled = torch.arange(L, device=targets.device) < target_lengths.to(targets.device)[:, None]
    labels = targets[labelled]
    if labels.numel() and (labels.min() < 0 or labels.max() >= V):
        bad = int(labels.min() if labels.min() < 0 else labels.max())
        raise IndexError(f"targets: {bad} is outside the {V} symbols of the logits")
    if (labels == blank).any():
        raise ValueError(f"targets: {blank} is the blank, which is no label; choose another blank")
    targets = targets.masked_fill(~labelled, blank)
    if not B:
        return log_p.sum(dim=(0, 2))
    half = log_p.dtype in (torch.float16, torch.bfloat16)  # the kernel takes neither
    loss = F.ctc_loss(
        log_p.float() if half else log_p,
        targets,
        lengths,
        target_lengths,
        blank=blank,
        reduction="none",
        zero_infinity=zero_infinity,
    )
    return loss.to(log_p.dtype)


def best_path(logits, lengths=None, *, blank=0):
    """The labelling of the likeliest path, for each row: logits (T, B, V) -> a list of tuples."""
    _check_logits(logits, blank)
    T, B, _ = logits.shape
    lengths = torch.full((B,), T) if lengths is None else check_lengths(lengths, T, B)
    paths = logits.argmax(dim=-1)
    labellings = []
    for b, n in enumerate(lengths.tolist()):
        merged = torch.unique_consecutive(paths[:n, b])
        labellings.append(tuple(merged[merged != blank].tolist()))
    return labellings


def _check_logits(logits, blank):
    """Logits (T, B, V) are floating numbers, and the blank is one of their symbols."""
    expect_ids("blank", blank, expect(logits=(logits, "T B V"))["V"])
    if not isinstance(logits, torch.Tensor) or not logits.is_floating_point():
        raise TypeError(f"logits: expected a tensor of floating numbers, got {logits.dtype}")
