"""The small operations that cells and heads are made of, each with its backward directly below."""

import numpy as np

from course_utils.shapes import expect


def sigmoid(a):
    """The logistic function, any shape; as ½(1 + tanh(a/2)), which cannot overflow."""
    return 0.5 * (1 + np.tanh(0.5 * a))


def split(a, n):
    """(..., n·H) -> n views (..., H), in stacking order."""
    return np.split(a, n, axis=-1)


def join(*parts):
    """n arrays (..., H) -> (..., n·H); undoes ``split``."""
    return np.concatenate(parts, axis=-1)


def linear(params, x, h_prev):
    """All pre-activations of a step at once.

    weight_ih (G·H, D), weight_hh (G·H, H), both biases (G·H,); x (B, D), h_prev (B, H) -> (B, G·H).
    """
    from_x = x @ params["weight_ih"].T + params["bias_ih"]
    from_h = h_prev @ params["weight_hh"].T + params["bias_hh"]
    return from_x + from_h


def linear_backward(params, x, h_prev, da):
    """da (B, G·H) -> dx (B, D), dh_prev (B, H), gradients of the four arrays."""
    db = da.sum(axis=0)
    grads = {
        "weight_ih": da.T @ x,
        "weight_hh": da.T @ h_prev,
        "bias_ih": db,
        "bias_hh": db.copy(),  # both biases enter the same sum; a copy, so that += on one is safe
    }
    return da @ params["weight_ih"], da @ params["weight_hh"], grads


def affine(weight, bias, x):
    """A readout layer: weight (N, H), bias (N,), x (..., H) -> (..., N)."""
    expect(weight=(weight, "N H"), bias=(bias, "N"), x=(x.reshape(-1, x.shape[-1]), "rows H"))
    return x @ weight.T + bias


def affine_backward(weight, x, dy):
    """dy (..., N) -> dx (..., H), dweight (N, H), dbias (N,)."""
    rows_x, rows_dy = x.reshape(-1, x.shape[-1]), dy.reshape(-1, dy.shape[-1])
    return dy @ weight, rows_dy.T @ rows_x, rows_dy.sum(axis=0)


def softmax(a):
    """Along the last axis, shifted by the maximum so that exp cannot overflow."""
    e = np.exp(a - a.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def softmax_backward(p, dp):
    """p = softmax(a), dp like p -> da."""
    return p * (dp - (dp * p).sum(axis=-1, keepdims=True))


def one_hot(ids, size, dtype=np.float64):
    """Integers (...) in [0, size) -> (..., size) with a single one.  IndexError names the id."""
    ids = _checked(ids, size)
    out = np.zeros((*ids.shape, size), dtype)
    np.put_along_axis(out, ids[..., None], 1, axis=-1)
    return out


def embed(weight, ids):
    """Rows of weight (V, D) picked by integers ids (...) -> (..., D).

    The same as ``one_hot(ids, V) @ weight``, without the multiplication by zeros.
    """
    return weight[_checked(ids, weight.shape[0])]


def embed_backward(weight, ids, dx):
    """dx (..., D) -> dweight (V, D): every occurrence of a token adds to its row."""
    dweight = np.zeros_like(weight)
    np.add.at(dweight, ids.reshape(-1), dx.reshape(-1, dx.shape[-1]))
    return dweight


def _checked(ids, size):
    ids = np.asarray(ids)
    if not np.issubdtype(ids.dtype, np.integer):
        raise TypeError(
            f"ids: expected integers, got {ids.dtype}; tokens are looked up, not scaled"
        )
    if ids.size and (ids.min() < 0 or ids.max() >= size):
        bad = int(ids.min() if ids.min() < 0 else ids.max())
        raise IndexError(f"ids: {bad} is outside the vocabulary of {size}; use 0 to {size - 1}")
    return ids
