"""Several attentions side by side, each on its own share of the features."""

import math
from typing import NamedTuple

import numpy as np

from course_utils.numpy_nn.attention.attend import AttendTape, attend, attend_backward
from course_utils.numpy_nn.attention.masks import check_mask, finite, saw, spoilt
from course_utils.numpy_nn.ops import affine_backward
from course_utils.numpy_nn.validation import by_name, cotangent, dtype_of, made_by
from course_utils.shapes import expect, generator, positive_integer

AXES = {
    "in_proj_weight": "3E E",
    "in_proj_bias": "3E",
    "out_proj.weight": "E E",
    "out_proj.bias": "E",
}


class MultiHeadTape(NamedTuple):
    """What ``multi_head_backward`` needs: made by ``multi_head``."""

    params: dict
    heads: int
    queries: np.ndarray
    memory: np.ndarray
    shared: bool  # whether the memory is the queries: self-attention
    inner: AttendTape
    joined: np.ndarray  # (T, B, E)
    lost: np.ndarray  # (T, B) true where a query saw NaN or inf


def init_multi_head(size, rng, dtype=np.float64):
    """Parameters with nn.MultiheadAttention's names, shapes and start.

    in_proj_weight (3E, E), rows for queries, keys, values; in_proj_bias (3E,); out_proj.weight
    (E, E), out_proj.bias (E,).  Glorot-uniform in, uniform ±1/√E out, biases zero.
    """
    size, dtype = positive_integer(size=size), dtype_of(dtype)
    generator(rng)
    glorot, bound = math.sqrt(6 / (4 * size)), 1 / math.sqrt(size)
    return {
        "in_proj_weight": rng.uniform(-glorot, glorot, (3 * size, size)).astype(dtype),
        "in_proj_bias": np.zeros(3 * size, dtype),
        "out_proj.weight": rng.uniform(-bound, bound, (size, size)).astype(dtype),
        "out_proj.bias": np.zeros(size, dtype),
    }


def multi_head(params, heads, queries, memory=None, mask=None):
    """Multi-head attention: queries (T, B, E), memory (S, B, E), the queries themselves if None.

    mask as for ``attend``.  Returns y (T, B, E), weights (T, B, heads, S) and a tape.  Vaswani et
    al. 2017, section 3.2.2; equal to nn.MultiheadAttention without dropout, whose masks are true
    where one may *not* attend.  A query that may look nowhere gives the output's bias.
    """
    shared = memory is None
    memory = queries if shared else memory
    by_name("params", params)
    if missing := sorted(set(AXES) - set(params)):
        raise KeyError(f"params: missing {', '.join(missing)}; expected those of init_multi_head")
    sizes = expect(
        queries=(queries, "T B E"),
        memory=(memory, "S B E"),
        **{name: (params[name], axes) for name, axes in AXES.items()},
    )
    T, B, S, E = (sizes[axis] for axis in "TBSE")
    if E % positive_integer(heads=heads):
        raise ValueError(f"heads: expected a divisor of E={E}, got {heads}")
    mask = check_mask(mask, T, B, S)
    queries, lost_queries = finite(queries)
    memory, lost_memory = finite(memory)
    lost = saw(mask, lost_queries, lost_memory)
    W_q, W_k, W_v = np.split(params["in_proj_weight"], 3)
    b_q, b_k, b_v = np.split(params["in_proj_bias"], 3)
    q = _part(queries @ W_q.T + b_q, heads)
    k = _part(memory @ W_k.T + b_k, heads)
    v = _part(memory @ W_v.T + b_v, heads)
    context, weights, inner = attend("scaled_dot", {}, q, k, v, np.repeat(mask, heads, axis=1))
    joined = context.reshape(T, B, E)
    y = joined @ params["out_proj.weight"].T + params["out_proj.bias"]
    tape = MultiHeadTape(params, heads, queries, memory, shared, inner, joined, lost)
    return spoilt(y, lost), spoilt(weights.reshape(T, B, heads, S), lost), tape


def multi_head_backward(tape, dy):
    """dy (T, B, E) -> dqueries, dmemory (None in self-attention: dqueries has all), grads."""
    made_by(tape, MultiHeadTape, "multi_head")
    params, heads, queries, memory, shared, inner, joined, lost = tape
    dy = np.where(lost[..., None], 0, cotangent("dy", dy, joined.dtype, joined.shape))
    W_q, W_k, W_v = np.split(params["in_proj_weight"], 3)
    djoined, dout, dout_bias = affine_backward(params["out_proj.weight"], joined, dy)
    dq, dk, dv, _ = attend_backward(inner, _part(djoined, heads))
    dq, dk, dv = (d.reshape(*d.shape[:1], *queries.shape[1:]) for d in (dq, dk, dv))
    dqueries, dW_q, db_q = affine_backward(W_q, queries, dq)  # q = queries @ W_q.T + b_q
    from_k, dW_k, db_k = affine_backward(W_k, memory, dk)
    from_v, dW_v, db_v = affine_backward(W_v, memory, dv)
    dmemory = from_k + from_v
    grads = {
        "in_proj_weight": np.concatenate([dW_q, dW_k, dW_v]),
        "in_proj_bias": np.concatenate([db_q, db_k, db_v]),
        "out_proj.weight": dout,
        "out_proj.bias": dout_bias,
    }
    return (dqueries + dmemory, None, grads) if shared else (dqueries, dmemory, grads)


def _part(x, heads):
    """(N, B, E) -> (N, B·heads, E/heads): a head is one more row of the batch."""
    N, B, E = x.shape
    return x.reshape(N, B * heads, E // heads)
