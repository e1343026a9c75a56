"""How well a query fits a key: the scores of attention, each with its backward and its slopes.

``score(params, queries, keys) -> scores (T, B, S), cache`` with queries (T, B, Q), keys (S, B, K);
``score_backward(params, cache, dscores) -> dqueries, dkeys, grads``;
``score_slopes(params, cache)``: the derivative of each score with respect to its query, an array
that broadcasts to (T, B, S, Q).
"""

import math
from typing import NamedTuple

import numpy as np

from course_utils.numpy_nn.attention.products import blend, match, turned
from course_utils.numpy_nn.validation import dtype_of
from course_utils.shapes import expect, generator, positive_integer

# For one query and one position; what the sums over positions need, the language does not carry yet
EQUATIONS = {
    "additive": ("e = V_a @ tanh(W_a @ s_prev + U_a @ h)",),
    "general": ("u = W_a @ k",),
}
# How they are set: s the decoder's state, h_j what the encoder says at position j
SYMBOLS = {
    "e": "e_{ij}",
    "s_prev": "s_{i-1}",
    "h": "h_j",
    "u": "u_j",
    "k": "k_j",
    "V_a": r"v_a^{\top}",
}


def dot(params, queries, keys):
    """Inner product.  Luong et al. 2015, section 3.1, "dot".  Needs Q = K."""
    expect(queries=(queries, "T B Q"), keys=(keys, "S B Q"))
    return match(queries, keys), (queries, keys)


def dot_backward(params, cache, dscores):
    """dscores (T, B, S) -> dqueries, dkeys, no gradients of parameters."""
    queries, keys = cache
    return blend(dscores, keys), blend(turned(dscores), queries), {}


def dot_slopes(params, cache):
    """The key itself."""
    _, keys = cache
    return keys.swapaxes(0, 1)  # (B, S, Q)


def scaled_dot(params, queries, keys):
    """Inner product over √Q: of unit variance where the components are.  Vaswani 2017, eq. 1."""
    scores, cache = dot(params, queries / math.sqrt(queries.shape[-1]), keys)
    return scores, cache


def scaled_dot_backward(params, cache, dscores):
    """dscores (T, B, S) -> dqueries, dkeys, no gradients of parameters."""
    scaled, _ = cache
    dscaled, dkeys, grads = dot_backward(params, cache, dscores)
    return dscaled / math.sqrt(scaled.shape[-1]), dkeys, grads


def scaled_dot_slopes(params, cache):
    """The key over √Q."""
    return dot_slopes(params, cache) / math.sqrt(cache[1].shape[-1])


def general(params, queries, keys):
    """qᵀ W k, weight_a (Q, K).  Luong et al. 2015, section 3.1, "general" (multiplicative)."""
    weight = params["weight_a"]
    expect(queries=(queries, "T B Q"), keys=(keys, "S B K"), weight_a=(weight, "Q K"))
    u = keys @ weight.T  # (S, B, Q)
    return match(queries, u), (queries, keys, u)


def general_backward(params, cache, dscores):
    """dscores (T, B, S) -> dqueries, dkeys, grads."""
    queries, keys, u = cache
    dqueries = blend(dscores, u)  # scores = match(queries, u)
    du = blend(turned(dscores), queries)
    dkeys = du @ params["weight_a"]  # u = keys @ weight.T
    return dqueries, dkeys, {"weight_a": np.tensordot(du, keys, ((0, 1), (0, 1)))}


def general_slopes(params, cache):
    """W k."""
    return cache[2].swapaxes(0, 1)  # (B, S, Q)


def additive(params, queries, keys):
    """vᵀ tanh(W q + U k): weight_q (A, Q), weight_k (A, K), v (A,).

    Bahdanau et al. 2015, appendix A.1.2; no bias, as there.  Holds T·B·S·A numbers at once.
    """
    expect(
        queries=(queries, "T B Q"),
        keys=(keys, "S B K"),
        weight_q=(params["weight_q"], "A Q"),
        weight_k=(params["weight_k"], "A K"),
        v=(params["v"], "A"),
    )
    from_q = (queries @ params["weight_q"].T)[:, :, None]  # (T, B, 1, A)
    from_k = (keys @ params["weight_k"].T).swapaxes(0, 1)  # (B, S, A)
    r = np.tanh(from_q + from_k)  # (T, B, S, A)
    return r @ params["v"], (queries, keys, r)


def additive_backward(params, cache, dscores):
    """dscores (T, B, S) -> dqueries, dkeys, grads."""
    queries, keys, r = cache
    dv = np.tensordot(dscores, r, 3)  # scores = r @ v
    dr = dscores[..., None] * params["v"]
    da = dr * (1 - r**2)  # r = tanh(from_q + from_k)
    dfrom_q = da.sum(axis=2)  # (T, B, A)
    dfrom_k = da.sum(axis=0).swapaxes(0, 1)  # (S, B, A)
    grads = {
        "weight_q": np.tensordot(dfrom_q, queries, ((0, 1), (0, 1))),
        "weight_k": np.tensordot(dfrom_k, keys, ((0, 1), (0, 1))),
        "v": dv,
    }
    return dfrom_q @ params["weight_q"], dfrom_k @ params["weight_k"], grads


def additive_slopes(params, cache):
    """Wᵀ (v ⊙ (1 − tanh²))."""
    r = cache[2]
    return (params["v"] * (1 - r**2)) @ params["weight_q"]  # (T, B, S, Q)


class Score(NamedTuple):
    """The three functions of a score, and the axes of its parameters."""

    forward: callable
    backward: callable
    slopes: callable
    axes: dict


SCORES = {
    "dot": Score(dot, dot_backward, dot_slopes, {}),
    "scaled_dot": Score(scaled_dot, scaled_dot_backward, scaled_dot_slopes, {}),
    "general": Score(general, general_backward, general_slopes, {"weight_a": "Q K"}),
    "additive": Score(
        additive,
        additive_backward,
        additive_slopes,
        {"weight_q": "A Q", "weight_k": "A K", "v": "A"},
    ),
}


def get_score(kind):
    """The score ``kind``; KeyError lists the kinds there are."""
    if not isinstance(kind, str) or kind not in SCORES:
        raise KeyError(f"score {kind!r} is unknown; there are {', '.join(SCORES)}")
    return SCORES[kind]


def init_score(kind, query_size, key_size, rng, dtype=np.float64, *, hidden_size=None):
    """Parameters of a score, uniform in ±1/√(columns): a dict, empty for the dot products.

    hidden_size, A of the additive score, query_size if None.
    """
    score, dtype = get_score(kind), dtype_of(dtype)
    positive_integer(query_size=query_size, key_size=key_size)
    if hidden_size is not None:
        positive_integer(hidden_size=hidden_size)
    generator(rng)
    if "dot" in kind and query_size != key_size:
        raise ValueError(
            f"key_size: {kind} needs query_size = {query_size}, got {key_size}; use 'general'"
        )
    rows = query_size if hidden_size is None else hidden_size
    sizes = {"Q": query_size, "K": key_size, "A": rows}
    params = {}
    for name, axes in score.axes.items():
        shape = tuple(sizes[axis] for axis in axes.split())
        bound = 1 / math.sqrt(shape[-1])
        params[name] = rng.uniform(-bound, bound, shape).astype(dtype)
    return params
