"""Calls of what runs cells: a step, unrolling in each of its ways, truncation, stacks and scans."""

import numpy as np

from course_utils import numpy_nn
from course_utils.numpy_nn import checkpoint, fast, many, optim, stack, truncation
from course_utils.numpy_nn.many import training
from course_utils.numpy_nn.scan import prefix, scan, unroll_scan, unroll_scan_backward
from course_utils.specs import SPECS
from numpy_calls.functions import optimised
from numpy_calls.given import D, H, K, V

SCANNED = ("mingru", "mingru_log", "minlstm", "minlstm_log", "lru")


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


def scanned(g, backward=False):
    found = []
    for key in SCANNED:
        y, last, tape = unroll_scan(key, g.params(key), g.x, g.state(key), **marks(g))
        found.append((y, last))
        if backward:
            found.append(unroll_scan_backward(tape, g.y, g.clocks(key)))
    return found


RECURRENT_CALLS = {
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
    "scan.scan": lambda g: [scan(key, g.params(key), g.x, g.state(key)) for key in SCANNED],
    "scan.prefix": lambda g: prefix(g.normal(g.T, g.B, H), g.y),
}
