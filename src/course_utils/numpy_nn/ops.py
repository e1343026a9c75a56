"""The small operations that cells and heads are made of, each with its backward directly below.

Those of cells count axes from the end, and so take arrays with more axes in front: ``weight.mT`` is
``weight.T`` for a matrix, and for a stack of matrices the stack of their transposes.
"""

import numpy as np

from course_utils.numpy_nn.validation import cotangent, dtype_of, numpy_array, of_shape
from course_utils.shapes import ShapeError, expect, expect_ids, positive_integer


def sigmoid(a):
    """The logistic function, any shape; as ½(1 + tanh(a/2)), which cannot overflow."""
    return 0.5 * (1 + np.tanh(0.5 * a))


def log_sigmoid(a):
    """log of the logistic function; neither side overflows."""
    sign = np.where(a.real > 0, 1, -1).astype(a.real.dtype)
    return np.where(a.real > 0, 0, a) - np.log1p(np.exp(-sign * a))  # not 0 * a: NaN at infinity


def positive(a):
    """a + 1/2 for a >= 0, the logistic function below: continuous.  Feng et al. 2024."""
    return np.where(a.real >= 0, a + 0.5, sigmoid(a))


def positive_slope(n):
    """The derivative of ``positive`` where its value is n."""
    low = np.where(n >= 0.5, 0.5, n)  # not n itself, whose square may overflow
    return np.where(n >= 0.5, 1.0, low * (1 - low)).astype(n.dtype, copy=False)


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
    from_x = x @ params["weight_ih"].mT + params["bias_ih"]
    from_h = h_prev @ params["weight_hh"].mT + params["bias_hh"]
    return from_x + from_h


def linear_backward(params, x, h_prev, da):
    """da (B, G·H) -> dx (B, D), dh_prev (B, H), gradients of the four arrays."""
    db = da.sum(axis=-2)
    grads = {
        "weight_ih": da.mT @ x,
        "weight_hh": da.mT @ h_prev,
        "bias_ih": db,
        "bias_hh": db.copy(),  # both biases enter the same sum; a copy, so that += on one is safe
    }
    return da @ params["weight_ih"], da @ params["weight_hh"], grads


def linear_parts(params, x, h_prev):
    """The input's and the state's shares of ``linear`` apart, each (B, G·H) with its own bias."""
    from_x = x @ params["weight_ih"].mT + params["bias_ih"]
    return from_x, h_prev @ params["weight_hh"].mT + params["bias_hh"]


def linear_parts_backward(params, x, h_prev, dfrom_x, dfrom_h):
    """dfrom_x, dfrom_h (B, G·H) -> dx (B, D), dh_prev (B, H), gradients of the four arrays."""
    grads = {
        "weight_ih": dfrom_x.mT @ x,
        "weight_hh": dfrom_h.mT @ h_prev,
        "bias_ih": dfrom_x.sum(axis=-2),
        "bias_hh": dfrom_h.sum(axis=-2),
    }
    return dfrom_x @ params["weight_ih"], dfrom_h @ params["weight_hh"], grads


def reset_linear(params, x, h_prev):
    """Pre-activations where the last gate, the candidate, sees the past through a reset r.

    Returns the other gates' (B, (G-1)·H) and a function: r (B, H) -> the candidate's (B, H).
    """
    H = h_prev.shape[-1]
    from_x = x @ params["weight_ih"].mT + params["bias_ih"] + params["bias_hh"]
    U, U_n = np.split(params["weight_hh"], [-H], axis=-2)
    others = from_x[..., :-H] + h_prev @ U.mT
    return others, lambda r: from_x[..., -H:] + (r * h_prev) @ U_n.mT


def reset_linear_backward(params, x, h_prev, r, da_n, before):
    """da_n (B, H); before(dr) -> gradients of the other gates (B, (G-1)·H), given that of r.

    Returns dx (B, D), dh_prev (B, H), gradients of the four arrays.
    """
    H = h_prev.shape[-1]
    U, U_n = np.split(params["weight_hh"], [-H], axis=-2)
    dreset = da_n @ U_n  # of r * h_prev
    da_others = before(dreset * h_prev)
    dh_prev = dreset * r + da_others @ U
    da = join(da_others, da_n)
    db = da.sum(axis=-2)
    grads = {
        "weight_ih": da.mT @ x,
        "weight_hh": np.concatenate([da_others.mT @ h_prev, da_n.mT @ (r * h_prev)], axis=-2),
        "bias_ih": db,
        "bias_hh": db.copy(),
    }
    return da @ params["weight_ih"], dh_prev, grads


def affine(weight, bias, x):
    """A readout layer: weight (N, H), bias (N,), x (..., H) -> (..., N)."""
    numpy_array("x", x)
    expect(weight=(weight, "N H"), bias=(bias, "N"), x=(x.reshape(-1, x.shape[-1]), "rows H"))
    return x @ weight.T + bias


def affine_backward(weight, x, dy):
    """dy (..., N) -> dx (..., H), dweight (N, H), dbias (N,)."""
    wanted = (*x.shape[:-1], len(weight))
    if dy.shape != wanted:
        raise ShapeError(f"dy: expected shape {wanted} (of x, N), got {dy.shape}")
    dy = cotangent("dy", dy, np.result_type(weight, x))
    rows_x, rows_dy = x.reshape(-1, x.shape[-1]), dy.reshape(-1, dy.shape[-1])
    return dy @ weight, rows_dy.T @ rows_x, rows_dy.sum(axis=0)


def softmax(a):
    """Along the last axis (..., V), shifted by the maximum so that exp cannot overflow.

    -inf gets no share.  ValueError where a whole row is -inf: there is nothing to share out.
    """
    e = np.exp(_shifted(a))
    return e / e.sum(axis=-1, keepdims=True)


def log_softmax(a):
    """log of ``softmax``, without passing through a number that may be 0."""
    shifted = _shifted(a)
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))


def _shifted(a):
    """a - max along the last axis; 0 at the maximum, where inf - inf would be NaN."""
    a = np.asanyarray(a)
    if not a.ndim or not a.shape[-1]:
        raise ShapeError(f"a: expected axes (..., V) with V at least 1; full shape {a.shape}")
    top = a.max(axis=-1, keepdims=True)
    infinite = np.isinf(top.real)
    if not infinite.any():
        with np.errstate(over="ignore"):  # the distance of two huge numbers; its exp is 0 anyway
            return a - top
    if (top.real == -np.inf).any():
        row = tuple(int(k) for k in np.argwhere(top[..., 0].real == -np.inf)[0])
        raise ValueError(f"a: row {row} is -inf throughout; leave each row a number to choose")
    return np.where(a == top, 0, np.where(infinite, -np.inf, a - np.where(infinite, 0, top)))


def softmax_backward(p, dp):
    """p = softmax(a), dp like p -> da."""
    of_shape(p.shape, dp=dp)
    return p * (dp - (dp * p).sum(axis=-1, keepdims=True))


def log_softmax_backward(log_p, dlog_p):
    """log_p = log_softmax(a), dlog_p like it -> da."""
    of_shape(log_p.shape, dlog_p=dlog_p)
    return dlog_p - np.exp(log_p) * dlog_p.sum(axis=-1, keepdims=True)


def one_hot(ids, size, dtype=np.float64):
    """Integers (...) in [0, size) -> (..., size) with a single one.  IndexError names the id."""
    size, dtype = positive_integer(size=size), dtype_of(dtype, "biufc")
    ids = expect_ids("ids", ids, size)
    out = np.zeros((*ids.shape, size), dtype)
    np.put_along_axis(out, ids[..., None], 1, axis=-1)
    return out


def embed(weight, ids):
    """Rows of weight (V, D) picked by integers ids (...) -> (..., D).  IndexError names the id.

    The same as ``one_hot(ids, V) @ weight``, without the multiplication by zeros.
    """
    expect(weight=(weight, "V D"))
    return weight[expect_ids("ids", ids, len(weight))]


def embed_backward(weight, ids, dx):
    """dx (..., D) -> dweight (V, D): every occurrence of a token adds to its row."""
    V, D = expect(weight=(weight, "V D")).values()
    ids = expect_ids("ids", ids, V)
    if dx.shape != (*ids.shape, D):
        raise ShapeError(f"dx: expected shape {(*ids.shape, D)} (of ids, D), got {dx.shape}")
    dweight = np.zeros_like(weight)
    np.add.at(dweight, ids.reshape(-1), dx.reshape(-1, D))
    return dweight
