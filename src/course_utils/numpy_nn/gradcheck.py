"""Two ways to check a gradient without having derived it.

Both take ``loss``, a function of one array that returns a real number, and the array at which the
gradient is wanted.
"""

from typing import NamedTuple

import numpy as np

from course_utils.numpy_nn.validation import floating
from course_utils.shapes import ShapeError, generator, positive_integer

STEP = 1e-30  # no subtraction follows, so nothing cancels however small it is


def complex_step(loss, value):
    """The gradient of loss at value, exact to rounding: Im loss(v + ih) / h.

    Needs a loss that is analytic in value and written for complex arrays: logistic as
    ½(1 + tanh(a/2)), norms as √Σk², no abs, no max.  Cost: one call per element.
    Squire & Trapp 1998.  Computed in complex128, returned in the dtype of value.
    """
    floating("f", value=value)
    gradient = np.empty(value.shape)
    for index in np.ndindex(value.shape):
        shifted = value.astype(complex)
        shifted[index] += 1j * STEP
        gradient[index] = np.imag(loss(shifted)) / STEP
    return gradient.astype(value.dtype, copy=False)


class Directional(NamedTuple):
    """Slopes along random directions: as the gradient predicts, as measured, their error."""

    predicted: np.ndarray
    measured: np.ndarray
    error: float  # largest |difference| relative to the largest |slope|


def directional(loss, value, gradient, rng, directions=4, step=1e-5):
    """Compare ⟨gradient, d⟩ with a central difference of loss along random unit directions d.

    For losses with kinks or branches, where the complex step does not apply.  Cost: two calls per
    direction, whatever the size of value.  Accurate to about 1e-9 of the slope: value goes to loss
    in float64, whatever its dtype, in which the slopes come back.
    """
    positive_integer(directions=directions)
    generator(rng)
    floating("f", value=value, gradient=gradient)
    if gradient.shape != value.shape:
        raise ShapeError(f"gradient: expected shape {value.shape} of value, got {gradient.shape}")
    dtype, value = value.dtype, value.astype(np.float64, copy=False)
    predicted, measured = np.empty(directions), np.empty(directions)
    for k in range(directions):
        d = rng.standard_normal(value.shape)
        d = d / np.sqrt((d**2).sum())
        predicted[k] = (gradient * d).sum()
        measured[k] = (loss(value + step * d) - loss(value - step * d)) / (2 * step)
    scale = max(np.abs(predicted).max(), np.abs(measured).max(), np.finfo(float).tiny)
    error = float(np.abs(predicted - measured).max() / scale)
    return Directional(predicted.astype(dtype), measured.astype(dtype), error)
