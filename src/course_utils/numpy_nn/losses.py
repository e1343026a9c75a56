"""Losses, each with the gradient that starts the backward pass.  All return (loss, dprediction)."""

import numpy as np

from course_utils.shapes import ShapeError


def mse(prediction, target):
    """Mean squared error over all elements; prediction and target of one shape."""
    if prediction.shape != target.shape:  # broadcasting would silently average something else
        raise ShapeError(
            f"target: expected shape {prediction.shape} of prediction, got {target.shape}"
        )
    error = prediction - target
    return (error**2).mean(), 2 * error / error.size


def cross_entropy(logits, ids, mask=None):
    """Mean negative log-likelihood in nats of softmax(logits), computed from the logits.

    logits (..., V), integer ids (...), mask (...) true where a position counts.
    """
    if logits.shape[:-1] != ids.shape:
        raise ShapeError(f"ids: expected shape {logits.shape[:-1]} of logits, got {ids.shape}")
    counts = np.ones(ids.shape, bool) if mask is None else mask
    if not counts.any():
        raise ValueError("mask: no position counts; the mean over nothing is undefined")
    shifted = logits - logits.max(axis=-1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    picked = np.take_along_axis(log_p, ids[..., None], axis=-1)[..., 0]
    dlogits = np.exp(log_p)
    np.put_along_axis(dlogits, ids[..., None], np.exp(picked)[..., None] - 1, axis=-1)
    total = counts.sum()
    return -(picked * counts).sum() / total, dlogits * (counts / total)[..., None]
