"""What stands above K layers side by side, and trains them: readouts, losses, optimisers."""

import math

import numpy as np

from course_utils.numpy_nn.losses import counting, shared
from course_utils.numpy_nn.ops import log_softmax
from course_utils.numpy_nn.validation import by_name, floating, numbers, numpy_array
from course_utils.shapes import ShapeError, array_of, expect, expect_ids


def affine(weight, bias, x):
    """Readout layers: weight (K, N, H), bias (K, N), x (K, ..., H) -> (K, ..., N)."""
    _rows_of_nets(x=x)
    expect(weight=(weight, "K N H"), bias=(bias, "K N"), x=(_flat(x), "K rows H"))
    y = _flat(x) @ weight.swapaxes(1, 2) + bias[:, None]
    return y.reshape(*x.shape[:-1], weight.shape[1])


def affine_backward(weight, x, dy):
    """dy (K, ..., N) -> dx (K, ..., H), dweight (K, N, H), dbias (K, N)."""
    _rows_of_nets(x=x, dy=dy, weight=weight)
    rows = _flat(dy)
    if x.shape[:-1] != dy.shape[:-1] or weight.shape != (len(x), dy.shape[-1], x.shape[-1]):
        expect(weight=(weight, "K N H"), x=(_flat(x), "K rows H"), dy=(rows, "K rows N"))
    return (rows @ weight).reshape(x.shape), rows.swapaxes(1, 2) @ _flat(x), rows.sum(axis=1)


def _rows_of_nets(**arrays):
    """Refuse by name what is no array with an axis of nets, the first, and one of features."""
    for name, array in arrays.items():
        if type(array) is not np.ndarray:
            numpy_array(name, array)
        if array.ndim < 2:
            raise ShapeError(f"{name}: expected axes (K, ..., features), got {array.shape}")


def _flat(x):
    return x.reshape(len(x), math.prod(x.shape[1:-1]), x.shape[-1])


def mses(prediction, target):
    """``losses.mse`` for every net: prediction (K, ...), target (...) or (K, ...).

    Returns losses (K,) and dprediction.
    """
    floating("f", prediction=prediction)
    numpy_array("target", target)
    if target.dtype.kind not in "biuf":
        raise TypeError(f"target: expected real numbers, got {target.dtype}")
    if target.shape not in (prediction.shape, prediction.shape[1:]):
        raise ShapeError(
            f"target: expected shape {prediction.shape} of prediction, or that without the nets, "
            f"got {target.shape}"
        )
    counting(None, prediction.shape, "prediction")
    error = prediction - target.astype(prediction.dtype, copy=False)
    return (error**2).reshape(len(error), -1).mean(axis=1), shared(2 * error, error[0].size)


def cross_entropies(logits, ids):
    """``losses.cross_entropy`` for every net: logits (K, ..., V), ids (...) or (K, ...).

    Returns losses (K,) and dlogits.
    """
    floating("f", logits=logits)
    ids = array_of("ids", ids)
    if ids.ndim == logits.ndim - 2:
        ids = np.broadcast_to(ids, (len(logits), *ids.shape))
    if ids.shape != logits.shape[:-1]:
        raise ShapeError(f"ids: expected shape {logits.shape[1:-1]} of logits, got {ids.shape}")
    counting(None, ids.shape, "ids")
    ids = expect_ids("ids", ids, logits.shape[-1])
    log_p = log_softmax(logits)
    picked = np.take_along_axis(log_p, ids[..., None], axis=-1)
    dlogits = np.exp(log_p)
    np.put_along_axis(dlogits, ids[..., None], np.expm1(picked), axis=-1)
    return -picked.reshape(len(ids), -1).mean(axis=1), shared(dlogits, ids[0].size)


def clip_norm(grads, limit):
    """``optim.clip_norm`` for every net on its own -> (grads, norms before (K,)).

    limit, one for all or (K,).
    """
    limit = numbers("limit", limit, positive=True)
    by_name("grads", grads)
    if not grads:
        raise ValueError("grads: expected at least one array, got an empty dict")
    floating("f", **{f"grads[{name!r}]": g for name, g in grads.items()})
    rows = {name: g.reshape(len(g), -1) for name, g in grads.items()}
    if limit.shape not in {(), *((len(g),) for g in rows.values())}:
        raise ShapeError(f"limit: expected one number, or one for each net, got {limit.shape}")
    largest = np.max([abs(g).max(axis=1, initial=0) for g in rows.values()], axis=0)
    plain = (largest > 0) & np.isfinite(largest)  # else zero, or a gradient that is inf or NaN
    unit = np.where(plain, largest, 1).astype(np.float64)
    with np.errstate(over="ignore"):  # beside an infinite gradient, or of the largest numbers
        squares = [((g / unit[:, None]) ** 2).sum(axis=1) for g in rows.values()]
        relative = np.sqrt(np.sum(squares, axis=0))  # the norms in units of the largest number
        norms = np.where(plain, unit * relative, largest)
        shown = norms.astype(np.result_type(*grads.values()))
    scale = np.where(plain & (norms > limit), limit / np.where(plain, relative, 1), 1)
    unit = np.where(plain & (norms > limit), unit, 1)
    scaled = {
        name: g / unit.astype(g.dtype) * scale.astype(g.dtype) for name, g in _first(grads).items()
    }
    return _last(scaled), shown


class Each:
    """An optimiser of ``numpy_nn.optim`` for K nets, each of its numbers one for all or (K,)."""

    def __init__(self, optimiser):
        self.optimiser = optimiser

    def init(self, params):
        """The state before the first update."""
        return self.optimiser.init(_first(params))

    def update(self, params, grads, state):
        """-> (new params, new state)."""
        new, state = self.optimiser.update(_first(params), _first(grads), state)
        return _last(new), state


def _first(arrays):
    """Views with the nets' axis last, where a number for each net, (K,), broadcasts over them."""
    return {name: np.moveaxis(a, 0, -1) for name, a in arrays.items()}


def _last(arrays):
    return {name: np.moveaxis(a, -1, 0) for name, a in arrays.items()}
