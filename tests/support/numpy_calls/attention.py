"""Calls of attention, of encoder–decoders and of alignment."""

import numpy as np

from course_utils import numpy_nn
from course_utils.numpy_nn import alignment, attention, seq2seq
from course_utils.numpy_nn.attention import masks, positions, products, scores
from course_utils.numpy_nn.attention.window import State
from numpy_calls.given import D, H, K, V

S = 3


def looking(g):
    """Queries (T, B, D), keys (S, B, D), values (S, B, H) and a mask with every kind of row."""
    mask = g.rng.random((g.T, g.B, S)) < 0.6
    return g.normal(g.T, g.B, D), g.normal(S, g.B, D), g.normal(S, g.B, H), mask


def scored(part):
    """A call of one function of the score ``kind``: 0 forward, 1 backward, 2 slopes."""

    def of(kind):
        def call(g):
            score, (queries, keys, *_) = scores.SCORES[kind], looking(g)
            params = scores.init_score(kind, D, D, g.rng, g.dtype)
            found, cache = score.forward(params, queries, keys)
            if part == 0:
                return found
            if part == 1:
                return score.backward(params, cache, g.normal(g.T, g.B, S))
            return score.slopes(params, cache)

        return call

    return of


def attended(g, part="attend"):
    found = []
    for kind in scores.SCORES:
        params = scores.init_score(kind, D, D, g.rng, g.dtype)
        queries, keys, values, mask = looking(g)
        if part in ("point", "point_backward"):
            logits, tape = attention.point(kind, params, queries, keys, mask | True)
            back = attention.point_backward(tape, g.normal(g.T, g.B, S))
            found.append(back if part == "point_backward" else logits)
            continue
        context, weights, tape = attention.attend(kind, params, queries, keys, values, mask)
        found.append((context, weights))
        if part == "attend_backward":
            given = g.normal(g.T, g.B, H), g.normal(g.T, g.B, S)
            found.append(attention.attend_backward(tape, *given))
        if part == "query_jacobian":
            found.append(attention.query_jacobian(tape))
    return found


def heads(g, backward=False):
    params = attention.init_multi_head(H, g.rng, g.dtype)
    y, weights, tape = attention.multi_head(params, 2, g.y, g.normal(S, g.B, H))
    return attention.multi_head_backward(tape, g.y) if backward else (y, weights)


def windowed(g, backward=False):
    params = attention.init_window(H, K, g.rng, g.dtype)
    h, kappa, text = g.normal(g.B, H), g.normal(g.B, K), g.normal(S, g.B, D)
    lengths = np.full(g.B, 2)
    w, state, phi, cache = attention.window_step(params, h, State(kappa), text, lengths)
    if not backward:
        return w, state, phi
    given = g.normal(g.B, D), State(g.normal(g.B, K)), g.normal(g.B, S)
    return attention.window_step_backward(params, cache, *given)


def attentive(g, backward=False):
    params = numpy_nn.init_params("lstm", 2 * D, H, g.rng, g.dtype)
    score = scores.init_score("additive", H, D, g.rng, g.dtype)
    *found, tape = attention.attentive(
        "lstm", params, "additive", score, g.x, g.normal(S, g.B, D), g.state("lstm")
    )
    if not backward:
        return found
    return attention.attentive_backward(tape, g.y, g.normal(g.T, g.B, D), g.state("lstm"))


def translated(g, backward=False):
    found = []
    for order in ("after", "before"):
        model = seq2seq.Seq2Seq(V, V, embedding=D, hidden=H, order=order)
        params = seq2seq.init_seq2seq(model, g.rng, g.dtype)
        source, target = g.ids(S, g.B), g.ids(g.T, g.B)
        logits, weights, tape = seq2seq.seq2seq(model, params, source, target)
        found.append((logits, weights))
        if backward:
            found.append(seq2seq.seq2seq_backward(tape, g.normal(g.T, g.B, V)))
        found.append(seq2seq.encode(model, params, source)[0][0])
    return found


ATTENTION_CALLS = {
    "attention.attend.attend": attended,
    "attention.attend.attend_backward": lambda g: attended(g, "attend_backward"),
    "attention.attend.query_jacobian": lambda g: attended(g, "query_jacobian"),
    "attention.attend.point": lambda g: attended(g, "point"),
    "attention.attend.point_backward": lambda g: attended(g, "point_backward"),
    **{f"attention.scores.{kind}": scored(0)(kind) for kind in scores.SCORES},
    **{f"attention.scores.{kind}_backward": scored(1)(kind) for kind in scores.SCORES},
    **{f"attention.scores.{kind}_slopes": scored(2)(kind) for kind in scores.SCORES},
    "attention.scores.init_score": lambda g: scores.init_score("additive", D, H, g.rng, g.dtype),
    "attention.masks.masked_softmax": lambda g: masks.masked_softmax(g.x, g.x > 0),
    "attention.masks.finite": lambda g: masks.finite(g.x),
    "attention.masks.spoilt": lambda g: masks.spoilt(g.x, np.zeros((g.T, g.B), bool)),
    "attention.products.match": lambda g: products.match(g.x, g.normal(S, g.B, D)),
    "attention.products.blend": lambda g: products.blend(
        g.normal(g.T, g.B, S), g.normal(S, g.B, D)
    ),
    "attention.products.turned": lambda g: products.turned(g.x),
    "attention.positions.sinusoidal": lambda g: positions.sinusoidal(g.T, H, g.dtype),
    "attention.positions.rotate": lambda g: positions.rotate(g.y),
    "attention.positions.rotate_backward": lambda g: positions.rotate_backward(g.y),
    "attention.multihead.init_multi_head": lambda g: attention.init_multi_head(H, g.rng, g.dtype),
    "attention.multihead.multi_head": heads,
    "attention.multihead.multi_head_backward": lambda g: heads(g, backward=True),
    "attention.window.init_window": lambda g: attention.init_window(H, K, g.rng, g.dtype),
    "attention.window.window_step": windowed,
    "attention.window.window_step_backward": lambda g: windowed(g, backward=True),
    "attention.recurrent.attentive": attentive,
    "attention.recurrent.attentive_backward": lambda g: attentive(g, backward=True),
    "seq2seq.init_seq2seq": lambda g: seq2seq.init_seq2seq(
        seq2seq.Seq2Seq(V, V, embedding=D, hidden=H), g.rng, g.dtype
    ),
    "seq2seq.seq2seq": translated,
    "seq2seq.encode": translated,
    "seq2seq.seq2seq_backward": lambda g: translated(g, backward=True),
    "alignment.ctc": lambda g: alignment.ctc(
        g.normal(g.T, g.B, V), np.full((g.B, 2), 3), zero_infinity=True
    ),
}
