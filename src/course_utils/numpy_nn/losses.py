"""Losses, each with the gradient that starts the backward pass.

All return (loss, dprediction), both of the dtype of the prediction.  A position that a mask leaves
out may hold anything, NaN and impossible ids included.
"""

import numpy as np

from course_utils.numpy_nn.ops import log_softmax
from course_utils.numpy_nn.validation import floating, numpy_array
from course_utils.shapes import ShapeError, expect_ids


def mse(prediction, target, mask=None):
    """Mean squared error over all elements, or over those that count.

    prediction and target of one shape; mask, of their leading axes, true where a position counts.
    """
    floating("fc", prediction=prediction)
    numpy_array("target", target)
    if prediction.shape != target.shape:  # broadcasting would silently average something else
        raise ShapeError(
            f"target: expected shape {prediction.shape} of prediction, got {target.shape}"
        )
    lead = prediction.shape if mask is None else prediction.shape[: np.ndim(mask)]
    counts = counting(mask, lead, "prediction")
    ones = (1,) * (prediction.ndim - len(lead))
    counts = np.broadcast_to(counts.reshape((*lead, *ones)), prediction.shape)
    dtype = prediction.dtype
    target = np.where(counts, target, 0).astype(dtype, copy=False)
    error = np.asarray(np.where(counts, prediction, 0) - target)
    return (error[counts] ** 2).mean(), shared(2 * error, counts.sum())


def cross_entropy(logits, ids, mask=None):
    """Mean negative log-likelihood in nats of softmax(logits), computed from the logits.

    logits (..., V), integer ids (...) from 0 to V - 1, mask (...) true where a position counts.
    IndexError names an id outside and its position.
    """
    floating("fc", logits=logits)
    ids = np.asarray(ids)
    if logits.shape[:-1] != ids.shape:
        raise ShapeError(f"ids: expected shape {logits.shape[:-1]} of logits, got {ids.shape}")
    counts = counting(mask, ids.shape, "ids")
    ids = expect_ids("ids", ids, logits.shape[-1], counts)
    log_p = log_softmax(np.where(counts[..., None], logits, 0))
    picked = np.take_along_axis(log_p, ids[..., None], axis=-1)
    dlogits = np.exp(log_p)
    np.put_along_axis(dlogits, ids[..., None], np.expm1(picked), axis=-1)  # p - 1 where it is right
    loss = -picked[counts[..., None]].mean()
    return loss, np.where(counts[..., None], shared(dlogits, counts.sum()), 0)


def shared(gradient, n):
    """gradient / n in its own dtype; n may be more than float16 can count."""
    wide = np.result_type(gradient, np.float32)
    return (gradient / np.asarray(n, wide)).astype(gradient.dtype, copy=False)


def counting(mask, shape, name):
    """The positions that count: a mask (...) of booleans, or all of ``shape`` for None.

    ValueError where none does, which names the mask or, without one, ``name``.
    """
    counts = np.ones(shape, bool) if mask is None else np.asarray(mask)
    if counts.shape != shape:
        raise ShapeError(f"mask: expected shape {shape}, got {counts.shape}")
    if counts.dtype != bool:
        raise TypeError(f"mask: expected booleans, got {counts.dtype}; use mask.astype(bool)")
    if not counts.any():
        name = name if mask is None else "mask"
        raise ValueError(f"{name}: no position counts; the mean over nothing is undefined")
    return counts
