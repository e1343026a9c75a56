"""Laws over all that numpy_nn offers: dtype kept, arguments left alone, empty input, any layout.

``CALLS`` has an entry for every public function of every module, so that a new one without an
entry fails here.
"""

import importlib
import pkgutil

import numpy as np
import pytest

from course_utils import compiled, numpy_nn
from course_utils.numpy_nn import (
    alignment,
    attention,
    checkpoint,
    fast,
    gradcheck,
    init,
    losses,
    many,
    memory,
    ops,
    optim,
    ponder,
    programmer,
    seq2seq,
    stack,
    stages,
    truncation,
    validation,
)
from course_utils.numpy_nn.attention import masks, positions, products, scores
from course_utils.numpy_nn.attention.window import State
from course_utils.numpy_nn.many import training
from course_utils.numpy_nn.scan import prefix, scan, unroll_scan, unroll_scan_backward
from course_utils.specs import SPECS

D, H, K, V = 2, 4, 2, 6
SCANNED = ("mingru", "mingru_log", "minlstm", "minlstm_log", "lru")


@pytest.fixture(autouse=True)
def _uncompiled():
    """Generated source runs as plain Python: no cell waits for a compiler."""
    with compiled.uncompiled():
        yield


class Given:
    """Arrays of one dtype and layout for a call; the seed decides every number."""

    def __init__(self, dtype=np.float64, T=5, B=3, wrap=lambda a: a):
        self.dtype, self.T, self.B, self.wrap = np.dtype(dtype), T, B, wrap
        self.rng = np.random.default_rng(3)
        self.x, self.y = self.normal(T, B, D), self.normal(T, B, H)

    def normal(self, *shape):
        return self.wrap(self.rng.standard_normal(shape).astype(self.dtype))

    def ids(self, *shape):
        return self.wrap(self.rng.integers(0, V, shape))

    def params(self, key, nets=None):
        draw = numpy_nn.init_params(key, D, H, self.rng, self.dtype)
        draw = many.stack([draw] * nets) if nets else draw
        return {name: self.wrap(p) for name, p in draw.items()}

    def state(self, key, *lead):
        cell = numpy_nn.get_cell(key)
        own = validation.initial_state(SPECS[key], cell, None, self.B, H, self.dtype)
        return tuple(self.wrap(np.broadcast_to(s, (*lead, self.B, H)).copy()) for s in own)

    def inputs(self, key):
        return {name: self.normal(self.T, self.B, H) for name in SPECS[key].inputs}

    def clocks(self, key):
        """Gradients of the states, none where a state is an integer."""
        state = self.state(key)
        return tuple(self.normal(*s.shape) if s.dtype.kind == "f" else None for s in state)


def run(g, key, **marks):
    y, last, tape = numpy_nn.unroll(key, g.params(key), g.x, g.state(key), **marks, **g.inputs(key))
    return y, last, tape


def gradients(backward):
    """A call for every cell: unroll, and backward(g, key, tape) its gradients."""
    return lambda g: [backward(g, key, run(g, key)[-1]) for key in SPECS]


def marks(g):
    lengths, resets = np.full(g.B, g.T // 2), np.zeros((g.T, g.B), bool)
    resets[1:2] = True
    return {"lengths": lengths, "resets": resets}


def one_step(g, backward=False):
    found = []
    for key in SPECS:
        further = {name: g.normal(g.B, H) for name in SPECS[key].inputs}
        params = g.params(key)
        state, cache = numpy_nn.step(key, params, g.normal(g.B, D), g.state(key), **further)
        found.append((state, cache))
        if backward:
            found.append(numpy_nn.step_backward(key, params, cache, g.clocks(key)))
    return found


def tuned(g, backward=False, workspace=None):
    found = []
    for key in SPECS:
        further = {name: g.normal(g.T, g.B, H) for name in SPECS[key].inputs}
        y, last, tape = fast.unroll(
            key, g.params(key), g.x, g.state(key), workspace, **marks(g), **further
        )
        found.append((y.copy(), [s.copy() for s in last]))
        if backward:
            found.append(fast.unroll_backward(tape, g.y, g.state(key)))
    return found


def side_by_side(g, backward=False):
    found = []
    for key in SPECS:
        inputs = {name: g.normal(K, g.T, g.B, H) for name in SPECS[key].inputs}
        params, state = g.params(key, K), g.state(key, K)
        y, last, tape = many.unroll(key, params, g.x, state, **inputs)
        found.append((y, last))
        found.append(many.unroll(key, params, g.x, state, **marks(g), **inputs)[:2])
        if backward:
            found.append(many.unroll_backward(tape, g.normal(K, g.T, g.B, H)))
    return found


def stacked(g, backward=False):
    found = []
    for key in SPECS:
        for ways in (1, 2):
            layers = stack.init_stack(key, D, H, 2, g.rng, g.dtype, bidirectional=ways == 2)
            y, last, tape = stack.unroll_stack(
                key, layers, g.x, g.state(key, 2 * ways), dropout=0.5, rng=g.rng, **marks(g)
            )
            found.append((y, last))
            if backward:
                found.append(stack.unroll_stack_backward(tape, g.normal(g.T, g.B, H * ways)))
    return found


def checkpointed(g, backward=False):
    found = []
    for key in SPECS:
        y, last, kept = checkpoint.unroll_checkpointed(
            key, g.params(key), g.x, g.state(key), **marks(g), **g.inputs(key)
        )
        found.append((y, last))
        if backward:
            found.append(checkpoint.checkpointed_backward(kept, g.y, g.clocks(key)))
    return found


def optimised(optimiser, nets=None):
    def call(g):
        params, grads = ({"a": g.normal(K, 3, 2), "b": g.normal(K, 2)} for _ in range(2))
        step = many.Each(optimiser) if nets else optimiser
        once, state = step.update(params, grads, step.init(params))
        return step.update(once, grads, state)

    return call


def schemes(g):
    draw = [
        init.init_params("lstm", D, H, g.rng, g.dtype, scheme=scheme) for scheme in init.SCHEMES
    ]
    draw += [init.init_params(key, D, H, g.rng, g.dtype) for key in SPECS]
    init.set_retention(SPECS["lstm"], draw[0], 0.9)
    init.set_retention(SPECS["lru"], draw[-1 - list(SPECS)[::-1].index("lru")], 0.9)
    init.set_chrono(SPECS["lstm"], draw[1], 20, g.rng)
    init.set_gate_bias(SPECS["lstm"], draw[2], "o", 0.5)
    return draw


def stage(name):
    return lambda g: stages.STAGES[name](g.params("lstm"), g.x, *g.state("lstm"))


def backward_of_linear(g, name):
    """The backward pass of ops.linear, linear_parts or reset_linear, with the forward pass."""
    p, x, h = g.params("gru"), g.normal(g.B, D), g.normal(g.B, H)
    if name == "reset_linear":
        others, candidate = ops.reset_linear(p, x, h)
        r, da_n = g.normal(g.B, H), g.normal(g.B, H)
        back = ops.reset_linear_backward(p, x, h, r, da_n, lambda dr: ops.join(dr, dr))
        return others, candidate(r), back
    made = getattr(ops, name)(p, x, h)
    da = [g.normal(g.B, 3 * H) for _ in range(1 if name == "linear" else 2)]
    return made, getattr(ops, f"{name}_backward")(p, x, h, *da)


def scanned(g, backward=False):
    found = []
    for key in SCANNED:
        y, last, tape = unroll_scan(key, g.params(key), g.x, g.state(key), **marks(g))
        found.append((y, last))
        if backward:
            found.append(unroll_scan_backward(tape, g.y, g.clocks(key)))
    return found


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


def square(v):
    return (v**2).sum()


def cotangent(g, value):
    """Random gradients of a function's result, in its own structure."""
    if isinstance(value, tuple):
        parts = [cotangent(g, v) for v in value]
        return type(value)(*parts) if hasattr(value, "_fields") else tuple(parts)
    return g.normal(*value.shape)


NET, SLOTS, WIDTH = 2, 5, 3  # heads, slots and their width


def softly(g, *shape):
    return ops.softmax(g.normal(*shape))


MACHINE = {  # function of numpy_nn.memory -> its arguments
    "head": lambda g: (g.normal(g.B, NET, WIDTH + 6), WIDTH),
    "cosine": lambda g: (g.normal(g.B, SLOTS, WIDTH), g.normal(g.B, NET, WIDTH)),
    "content": lambda g: (g.normal(g.B, NET, SLOTS), g.normal(g.B, NET)),
    "interpolate": lambda g: (
        softly(g, g.B, NET, SLOTS), softly(g, g.B, NET, SLOTS), g.normal(g.B, NET),
    ),
    "shift": lambda g: (softly(g, g.B, NET, SLOTS), softly(g, g.B, NET, 3)),
    "sharpen": lambda g: (softly(g, g.B, NET, SLOTS), 1 + abs(g.normal(g.B, NET))),
    "address": lambda g: (
        g.normal(g.B, SLOTS, WIDTH), softly(g, g.B, NET, SLOTS),
        memory.head(g.normal(g.B, NET, WIDTH + 6), WIDTH)[0],
    ),
    "read": lambda g: (g.normal(g.B, SLOTS, WIDTH), softly(g, g.B, NET, SLOTS)),
    "write": lambda g: (
        g.normal(g.B, SLOTS, WIDTH), softly(g, g.B, NET, SLOTS),
        ops.sigmoid(g.normal(g.B, NET, WIDTH)), g.normal(g.B, NET, WIDTH),
    ),
    "blend": lambda g: (
        g.normal(g.B, SLOTS, WIDTH), softly(g, g.B, NET, SLOTS), g.normal(g.B, NET, WIDTH),
    ),
}  # fmt: skip


def remembered(name, backward=False):
    """A call of a function of numpy_nn.memory, or of its backward pass."""

    def call(g):
        value, cache = getattr(memory, name)(*MACHINE[name](g))
        if not backward:
            return value
        return getattr(memory, f"{name}_backward")(cache, cotangent(g, value))

    return call


def where(name):
    return "access" if name in ("read", "write", "blend") else "addressing"


def halted(g, backward=False):
    h = ops.sigmoid(g.normal(4, g.B))
    p, R, _, cache = ponder.halting(h)
    return ponder.halting_backward(cache, cotangent(g, p), cotangent(g, R)) if backward else (p, R)


def pondered(g, backward=False):
    params = numpy_nn.init_params("lstm", D + 1, H, g.rng, g.dtype)
    halt = {"weight": g.normal(H), "bias": g.normal()}
    x, prev = g.normal(g.B, D), g.state("lstm")
    y, state, R, _, cache = ponder.step("lstm", params, halt, x, prev, max_steps=4)
    if not backward:
        return y, state, R
    dy, dstate, dR = cotangent(g, (y, state, R))
    return ponder.step_backward(params, halt, cache, dy, dstate, dR)


def ran(g, backward=False):
    """A program of three steps on tables of four rows and two columns."""
    B = g.B
    answer, caches = programmer.execute(
        g.normal(B, 4, 2), g.normal(B, 2), softly(g, 3, B, len(programmer.OPERATIONS)),
        softly(g, 3, B, 2), softly(g, B, 2, 2),
    )  # fmt: skip
    if not backward:
        return answer
    return programmer.execute_backward(
        caches, cotangent(g, answer.scalar), cotangent(g, answer.lookup)
    )


CALLS = {
    "cells.step": one_step,
    "cells.step_backward": lambda g: one_step(g, backward=True),
    "unroll.unroll": lambda g: [run(g, key, **m)[:2] for key in SPECS for m in ({}, marks(g))],
    "unroll.unroll_backward": gradients(
        lambda g, key, tape: numpy_nn.unroll_backward(tape, g.y, g.clocks(key))
    ),
    "truncation.truncated_backward": gradients(
        lambda g, key, tape: truncation.truncated_backward(tape, g.y, 2)
    ),
    "truncation.randomly_truncated_backward": gradients(
        lambda g, key, tape: truncation.randomly_truncated_backward(tape, g.y, 0.3, g.rng)
    ),
    "truncation.cell_state_only_backward": lambda g: truncation.cell_state_only_backward(
        run(g, "lstm")[-1], g.y
    ),
    "checkpoint.unroll_checkpointed": checkpointed,
    "checkpoint.checkpointed_backward": lambda g: checkpointed(g, backward=True),
    "stack.init_stack": lambda g: stack.init_stack("gru", D, H, 2, g.rng, g.dtype),
    "stack.unroll_stack": stacked,
    "stack.unroll_stack_backward": lambda g: stacked(g, backward=True),
    "stack.learned_initial_state": lambda g: stack.learned_initial_state((g.normal(2, H),), g.B),
    "stack.learned_initial_state_backward": lambda g: stack.learned_initial_state_backward(
        (g.normal(2, g.B, H),)
    ),
    "fast.unroll": tuned,
    "fast.unroll_backward": lambda g: tuned(g, backward=True),
    "many.stack": lambda g: many.stack([g.params("rnn"), g.params("rnn")]),
    "many.pick": lambda g: many.pick(g.params("rnn", K), 1),
    "many.unroll": side_by_side,
    "many.unroll_backward": lambda g: side_by_side(g, backward=True),
    "many.training.affine": lambda g: training.affine(
        g.normal(K, 3, H), g.normal(K, 3), g.normal(K, g.T, g.B, H)
    ),
    "many.training.affine_backward": lambda g: training.affine_backward(
        g.normal(K, 3, H), g.normal(K, g.T, g.B, H), g.normal(K, g.T, g.B, 3)
    ),
    "many.training.mses": lambda g: training.mses(g.normal(K, g.T, g.B, H), np.asarray(g.y, float)),
    "many.training.cross_entropies": lambda g: training.cross_entropies(
        g.normal(K, g.T, g.B, V), g.ids(g.T, g.B)
    ),
    "many.training.clip_norm": lambda g: training.clip_norm(
        {"a": g.normal(K, 3, 2), "b": g.normal(K, 2)}, np.float64(0.1)
    ),
    "many.training.Each": optimised(optim.SGD(np.geomspace(0.1, 1, K)), nets=K),
    "scan.unroll_scan": scanned,
    "scan.unroll_scan_backward": lambda g: scanned(g, backward=True),
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
    **{f"memory.{where(name)}.{name}": remembered(name) for name in MACHINE},
    **{f"memory.{where(name)}.{name}_backward": remembered(name, True) for name in MACHINE},
    "memory.addressing.softplus": lambda g: memory.addressing.softplus(g.y),
    "ponder.halting": halted,
    "ponder.halting_backward": lambda g: halted(g, backward=True),
    "ponder.mean_field": lambda g: ponder.mean_field(g.normal(g.T, g.B), g.y)[0],
    "ponder.mean_field_backward": lambda g: ponder.mean_field_backward(
        (g.normal(g.T, g.B), g.y), g.normal(g.B, H)
    ),
    "ponder.ponder_cost": lambda g: ponder.ponder_cost(g.ids(g.T, g.B), g.normal(g.T, g.B))[0],
    "ponder.ponder_cost_backward": lambda g: ponder.ponder_cost_backward(
        np.ones((g.T, g.B), bool), g.normal(g.B)
    ),
    "ponder.step": pondered,
    "ponder.step_backward": lambda g: pondered(g, backward=True),
    "programmer.execute": ran,
    "programmer.execute_backward": lambda g: ran(g, backward=True),
    "programmer.harden": lambda g: programmer.harden(g.y),
    "ops.log_softmax_backward": lambda g: ops.log_softmax_backward(ops.log_softmax(g.y), g.y),
    "scan.scan": lambda g: [scan(key, g.params(key), g.x, g.state(key)) for key in SCANNED],
    "scan.prefix": lambda g: prefix(g.normal(g.T, g.B, H), g.y),
    "ops.sigmoid": lambda g: ops.sigmoid(g.y),
    "ops.log_sigmoid": lambda g: ops.log_sigmoid(g.y),
    "ops.positive": lambda g: ops.positive(g.y),
    "ops.positive_slope": lambda g: ops.positive_slope(g.y),
    "ops.split": lambda g: ops.split(g.y, 2),
    "ops.join": lambda g: ops.join(g.y, g.x),
    "ops.linear": lambda g: ops.linear(g.params("gru"), g.normal(g.B, D), g.normal(g.B, H)),
    "ops.linear_backward": lambda g: backward_of_linear(g, "linear"),
    "ops.linear_parts": lambda g: backward_of_linear(g, "linear_parts"),
    "ops.linear_parts_backward": lambda g: backward_of_linear(g, "linear_parts"),
    "ops.reset_linear": lambda g: backward_of_linear(g, "reset_linear"),
    "ops.reset_linear_backward": lambda g: backward_of_linear(g, "reset_linear"),
    "ops.affine": lambda g: ops.affine(g.normal(3, H), g.normal(3), g.y),
    "ops.affine_backward": lambda g: ops.affine_backward(
        g.normal(3, H), g.y, g.normal(g.T, g.B, 3)
    ),
    "ops.softmax": lambda g: ops.softmax(g.y),
    "ops.log_softmax": lambda g: ops.log_softmax(g.y),
    "ops.softmax_backward": lambda g: ops.softmax_backward(ops.softmax(g.y), g.y),
    "ops.one_hot": lambda g: ops.one_hot(g.ids(g.T, g.B), V, g.dtype),
    "ops.embed": lambda g: ops.embed(g.normal(V, D), g.ids(g.T, g.B)),
    "ops.embed_backward": lambda g: ops.embed_backward(g.normal(V, D), g.ids(g.T, g.B), g.x),
    "losses.mse": lambda g: losses.mse(g.y, np.asarray(g.y, float) + 1),
    "losses.cross_entropy": lambda g: losses.cross_entropy(g.normal(g.T, g.B, V), g.ids(g.T, g.B)),
    "optim.clip_norm": lambda g: optim.clip_norm({"a": g.normal(3), "b": g.normal(2, 2)}, 0.1),
    "optim.SGD": optimised(optim.SGD(np.float64(0.1))),
    "optim.Adam": optimised(optim.Adam(np.float64(0.1))),
    "gradcheck.complex_step": lambda g: gradcheck.complex_step(square, g.normal(3)),
    "gradcheck.directional": lambda g: gradcheck.directional(
        square, v := g.normal(3), 2 * v, g.rng
    ),
    "init.init_params": schemes,
    "init.set_retention": schemes,
    "init.set_chrono": schemes,
    "init.set_gate_bias": schemes,
    **{f"stages.{name}": stage(name) for name in stages.STAGES},
    "stages.by_gate": lambda g: stages.by_gate(g.params("lstm")),
    "stages.fused": lambda g: stages.fused(g.params("lstm")),
    "stages.flat": lambda g: stages.flat(g.x),
}

# what is not a function from arrays to arrays, or is a part of one that is called above
PARTS = {
    "memory.access.not_empty": "a check", "memory.addressing.Head": "arguments",
    "ponder.weights": "a part of halting", "ponder.check_epsilon": "a check",
    "ponder.Cache": "a tape", "programmer.Answer": "a result", "programmer.Cache": "a tape",
    "programmer.step": "a part of execute", "programmer.program": "text: tests/memory",
    "validation": "checks at the door: test_bad_input",
    "fast.compilable": "a check", "fast.prepared": "arguments",
    "many.prepared": "arguments", "many.Run": "checked arguments",
    "cells.get_cell": "returns a module",
    "scan.has_scan": "returns a truth value", "scan.ScanTape": "a tape",
    "attention.attend.AttendTape": "a tape", "attention.attend.PointTape": "a tape",
    "attention.multihead.MultiHeadTape": "a tape", "attention.recurrent.AttentiveTape": "a tape",
    "attention.window.State": "a state", "attention.window.Cache": "a cache",
    "attention.masks": "masks are booleans: tests/attention",
    "attention.scores.Score": "functions", "attention.scores.get_score": "returns functions",
    "attention.positions.angles": "angles are float64 whatever is turned",
    "seq2seq.Seq2Seq": "a model", "seq2seq.Encoded": "a result", "seq2seq.shifted": "integers",
    "seq2seq.next_token": "returns a function",
    "search": "tokens and their probabilities: tests/attention",
    "alignment": "labels and their probabilities: tests/attention",
    "losses.counting": "the mask of a loss",
    "losses.shared": "the gradient of a loss",
    "unroll.Run": "arguments", "unroll.prepare": "arguments", "unroll.kept": "a part of unroll",
    "unroll.forward": "a part of unroll", "unroll.loop": "a part of unroll",
    "unroll.new_tape": "a part of unroll", "unroll.backward": "a part of unroll_backward",
    "unroll.loop_backward": "a part of unroll_backward",
    "unroll.Tape": "a tape", "fast.Tape": "a tape", "many.Tape": "a tape",
    "stack.StackTape": "a tape", "checkpoint.Checkpoints": "a tape",
    "optim.AdamState": "a state", "gradcheck.Directional": "a result",
}  # fmt: skip

COMPILED = ("fast.unroll", "fast.unroll_backward", "many.unroll", "many.unroll_backward")
NO_MEAN = ("losses.mse", "losses.cross_entropy", "many.training.mses",
           "many.training.cross_entropies")  # fmt: skip


def public():
    """Every public function and class of numpy_nn's modules, cells apart, as "module.name"."""
    for info in pkgutil.walk_packages(numpy_nn.__path__, f"{numpy_nn.__name__}."):
        module = importlib.import_module(info.name)
        where = info.name.removeprefix(f"{numpy_nn.__name__}.")
        if not where.startswith("cells."):
            for name, value in vars(module).items():
                if not name.startswith("_") and getattr(value, "__module__", None) == info.name:
                    yield f"{where}.{name}"


def leaves(value):
    """The arrays and NumPy numbers in a result."""
    if isinstance(value, (np.ndarray, np.generic)):
        yield value
    elif isinstance(value, (list, tuple, dict)):
        for part in value.values() if isinstance(value, dict) else value:
            yield from leaves(part)


calls = pytest.mark.parametrize("name", CALLS)


def test_every_public_function_has_an_entry():
    there = set(public())
    known = {n for n in there if n in CALLS or any(n.startswith(part) for part in PARTS)}
    assert not there - known, "add an entry to CALLS"
    assert not set(CALLS) - there, "an entry for what is not there"


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@calls
def test_the_dtype_that_comes_in_goes_out(name, dtype):
    if dtype == np.float16 and name == "optim.Adam":
        with pytest.raises(TypeError, match=r"params\['a'\]: Adam needs float32 or float64"):
            CALLS[name](Given(dtype))
        return
    if dtype == np.float16 and name in COMPILED:
        with pytest.raises(TypeError, match="compiled code takes real numbers, float32 or float64"):
            CALLS[name](Given(dtype))
        return
    if dtype == np.float16 and name.startswith("scan.") and name != "scan.prefix":
        pytest.skip("NumPy has no complex numbers of that size, in which lru is scanned")
    found = [v for v in leaves(CALLS[name](Given(dtype))) if v.dtype.kind in "fc"]
    assert found
    assert {v.dtype for v in found} == {np.dtype(dtype)}
    assert all(np.isfinite(v).all() for v in found)


def frozen(a):
    """The same numbers, neither contiguous nor in C's order, and not to be written to."""
    wide = np.zeros((*a.shape[::-1], 2), a.dtype).T
    wide[0] = a
    wide.flags.writeable = False
    return wide[0]


@calls
def test_any_layout_will_do_and_arguments_are_left_alone(name):
    found, expected = leaves(CALLS[name](Given(wrap=frozen))), leaves(CALLS[name](Given()))
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize(("T", "B"), [(0, 3), (5, 0)], ids=["no steps", "no rows"])
@calls
def test_nothing_is_something_too(name, T, B):
    if name in NO_MEAN:
        with pytest.raises(ValueError, match="no position counts; the mean over nothing"):
            CALLS[name](Given(T=T, B=B))
        return
    for value in leaves(CALLS[name](Given(T=T, B=B))):
        assert np.isfinite(value).all()
