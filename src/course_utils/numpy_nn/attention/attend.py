"""Soft attention: scores, a softmax over the positions, a weighted sum."""

from typing import NamedTuple

import numpy as np

from course_utils.numpy_nn.attention.masks import check_mask, finite, masked_softmax, saw, spoilt
from course_utils.numpy_nn.attention.products import blend, match, turned
from course_utils.numpy_nn.attention.scores import get_score
from course_utils.numpy_nn.ops import softmax_backward
from course_utils.numpy_nn.validation import cotangent, made_by
from course_utils.shapes import expect

# One query against one memory, as lines of ``course_utils.equations``: the keys and the values of
# its S positions are matrices, (S, D) and (V, S).  The language stops at a batch of memories: there
# a matrix would carry an axis of its own.
EQUATIONS = ("e = Keys @ q / sqrt(d)", "w = softmax(e)", "c = Values @ w")
SYMBOLS = {"Keys": "K", "Values": r"V^{\top}", "q": "q_t", "e": "e_t", "w": "w_t", "d": "d"}


class AttendTape(NamedTuple):
    """What ``attend_backward`` and ``query_jacobian`` need: made by ``attend``."""

    kind: str
    params: dict
    cache: tuple  # of the score
    values: np.ndarray  # (S, B, V)
    weights: np.ndarray  # (T, B, S)
    lost: np.ndarray  # (T, B) true where a query saw NaN or inf
    shared: bool  # whether the values are the keys


def attend(kind, params, queries, keys, values=None, mask=None):
    """Blend values by how well each query fits the keys.

    kind names the score, params are its parameters (``init_score``).  queries (T, B, Q); keys
    (S, B, K); values (S, B, V), the keys if None; mask, booleans (T or 1, B or 1, S), true where a
    query may attend.  Bahdanau et al. 2015, eqs 5 and 6.

    Returns context (T, B, V), weights (T, B, S) and a tape.  Weights sum to 1 and are exactly 0
    where the mask is false, whatever stands there, NaN included; a query that may look nowhere gets
    weights and a context of zero.  A query that sees NaN or inf gets NaN, and passes no gradient.
    """
    scores, cache, mask, lost, clean = _score(kind, params, queries, keys, values, mask)
    weights = masked_softmax(scores, mask)
    context = blend(weights, clean)
    tape = AttendTape(kind, params, cache, clean, weights, lost, values is None)
    return spoilt(context, lost), spoilt(weights, lost), tape


def attend_backward(tape, dcontext, dweights=None):
    """dcontext (T, B, V); dweights (T, B, S), where a loss reads the weights too, or None.

    Returns dqueries, dkeys, dvalues (None where the values were the keys: dkeys has both shares)
    and grads with the keys of params.
    """
    made_by(tape, AttendTape, "attend")
    weights = tape.weights.shape
    shape = (*weights[:2], tape.values.shape[-1])
    dtype = np.result_type(tape.weights, tape.values)
    dcontext = np.where(tape.lost[..., None], 0, cotangent("dcontext", dcontext, dtype, shape))
    dvalues = blend(turned(tape.weights), dcontext)  # context = blend(weights, values)
    dw = match(dcontext, tape.values)
    if dweights is not None:
        dweights = cotangent("dweights", dweights, dtype, weights)
        dw = dw + np.where(tape.lost[..., None], 0, dweights)
    dscores = softmax_backward(tape.weights, dw)  # weights = masked_softmax(scores)
    back = get_score(tape.kind).backward
    dqueries, dkeys, grads = back(tape.params, tape.cache, dscores)
    if tape.shared:
        dkeys, dvalues = dkeys + dvalues, None
    return dqueries, dkeys, dvalues, grads


def query_jacobian(tape):
    """The derivative of each context with respect to its query, in closed form: (T, B, V, Q).

    It is a covariance under the weights, Σ_s w_s v_s g_sᵀ − (Σ_s w_s v_s)(Σ_s w_s g_s)ᵀ, between
    the values and the slopes g_s of the scores: for dot products the keys themselves.  Where one
    weight is 1 and the others 0, nothing varies: the query gets no gradient at all.
    """
    made_by(tape, AttendTape, "attend")
    slopes = get_score(tape.kind).slopes(tape.params, tape.cache)
    slopes = np.broadcast_to(slopes, (*tape.weights.shape, slopes.shape[-1]))
    weighted = tape.weights[..., None] * slopes  # (T, B, S, Q)
    values = tape.values.swapaxes(0, 1)  # (B, S, V)
    mean = blend(tape.weights, tape.values)[..., None] * weighted.sum(axis=2)[:, :, None]
    return values.swapaxes(-1, -2) @ weighted - mean


class PointTape(NamedTuple):
    """What ``point_backward`` needs: made by ``point``."""

    kind: str
    params: dict
    cache: tuple
    allowed: np.ndarray  # (T, B, S)
    dtype: np.dtype


def point(kind, params, queries, keys, mask=None):
    """Point at positions of the input instead of blending them: a pointer network's output.

    As ``attend``, but returns logits (T, B, S) over the positions, −inf where the mask is false,
    and a tape: train them with ``losses.cross_entropy``, whose classes are the positions.  Vinyals
    et al. 2015, section 2.3 (additive there).  A row that may point nowhere is −inf throughout.
    """
    scores, cache, mask, lost, _ = _score(kind, params, queries, keys, None, mask)
    logits = spoilt(np.where(mask, scores, -np.inf).astype(scores.dtype), lost)
    return logits, PointTape(kind, params, cache, mask & ~lost[..., None], logits.dtype)


def point_backward(tape, dlogits):
    """dlogits (T, B, S) -> dqueries, dkeys, grads."""
    made_by(tape, PointTape, "point")
    dlogits = cotangent("dlogits", dlogits, tape.dtype, tape.allowed.shape)
    dscores = np.where(tape.allowed, dlogits, 0)
    return get_score(tape.kind).backward(tape.params, tape.cache, dscores)


def _score(kind, params, queries, keys, values, mask):
    """The checked way to the scores; also the values, cleaned, and which queries saw NaN."""
    sizes = expect(
        queries=(queries, "T B Q"),
        keys=(keys, "S B K"),
        **({} if values is None else {"values": (values, "S B V")}),
    )
    mask = check_mask(mask, sizes["T"], sizes["B"], sizes["S"])
    queries, lost_queries = finite(queries)
    keys, lost_keys = finite(keys)
    clean, lost_values = (keys, lost_keys) if values is None else finite(values)
    lost = saw(mask, lost_queries, lost_keys | lost_values)
    scores, cache = get_score(kind).forward(params, queries, keys)
    return scores, cache, mask, lost, clean
