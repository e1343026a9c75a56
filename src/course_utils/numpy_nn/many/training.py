"""What stands above K layers side by side, and trains them: readouts, losses, optimisers."""

from dataclasses import fields, replace

import numpy as np

from course_utils.shapes import ShapeError, expect


def affine(weight, bias, x):
    """Readout layers: weight (K, N, H), bias (K, N), x (K, ..., H) -> (K, ..., N)."""
    expect(weight=(weight, "K N H"), bias=(bias, "K N"), x=(_flat(x), "K rows H"))
    y = _flat(x) @ weight.swapaxes(1, 2) + bias[:, None]
    return y.reshape(*x.shape[:-1], -1)


def affine_backward(weight, x, dy):
    """dy (K, ..., N) -> dx (K, ..., H), dweight (K, N, H), dbias (K, N)."""
    rows = _flat(dy)
    return (rows @ weight).reshape(x.shape), rows.swapaxes(1, 2) @ _flat(x), rows.sum(axis=1)


def _flat(x):
    return x.reshape(len(x), -1, x.shape[-1])


def mses(prediction, target):
    """``losses.mse`` for every net: prediction (K, ...), target (...) or (K, ...).

    Returns losses (K,) and dprediction.
    """
    if target.shape not in (prediction.shape, prediction.shape[1:]):
        raise ShapeError(
            f"target: expected shape {prediction.shape} of prediction, or that without the nets, "
            f"got {target.shape}"
        )
    error = prediction - target
    return (error**2).reshape(len(error), -1).mean(axis=1), 2 * error / error[0].size


def cross_entropies(logits, ids):
    """``losses.cross_entropy`` for every net: logits (K, ..., V), ids (...) or (K, ...).

    Returns losses (K,) and dlogits.
    """
    if ids.ndim == logits.ndim - 2:
        ids = np.broadcast_to(ids, (len(logits), *ids.shape))
    if ids.shape != logits.shape[:-1]:
        raise ShapeError(f"ids: expected shape {logits.shape[1:-1]} of logits, got {ids.shape}")
    shifted = logits - logits.max(axis=-1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    picked = np.take_along_axis(log_p, ids[..., None], axis=-1)
    dlogits = np.exp(log_p)
    np.put_along_axis(dlogits, ids[..., None], np.exp(picked) - 1, axis=-1)
    return -picked.reshape(len(ids), -1).mean(axis=1), dlogits / ids[0].size


def clip_norm(grads, limit):
    """``optim.clip_norm`` for every net on its own -> (grads, norms before (K,))."""
    squares = [(g * g).reshape(len(g), -1).sum(axis=1) for g in grads.values()]
    norms = np.sqrt(np.sum(squares, axis=0))
    scale = np.minimum(1, limit / (norms + 1e-12))
    return _last({name: g * scale for name, g in _first(grads).items()}), norms


class Each:
    """An optimiser of ``numpy_nn.optim`` for K nets, each of its numbers one for all or (K,)."""

    def __init__(self, optimiser):
        self.optimiser = optimiser

    def init(self, params):
        """The state before the first update."""
        return self.optimiser.init(_first(params))

    def update(self, params, grads, state):
        """-> (new params, new state)."""
        params = _first(params)
        dtype = np.result_type(*params.values())
        numbers = {f.name: getattr(self.optimiser, f.name) for f in fields(self.optimiser)}
        numbers = {n: v.astype(dtype) for n, v in numbers.items() if isinstance(v, np.ndarray)}
        new, state = replace(self.optimiser, **numbers).update(params, _first(grads), state)
        return _last(new), state


def _first(arrays):
    """Views with the nets' axis last, where a number for each net, (K,), broadcasts over them."""
    return {name: np.moveaxis(a, 0, -1) for name, a in arrays.items()}


def _last(arrays):
    return {name: np.moveaxis(a, -1, 0) for name, a in arrays.items()}
