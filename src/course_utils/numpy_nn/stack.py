"""Layers on top of each other and in both directions, from the one ``unroll``.

A stack is a list with one entry for each layer: the parameters (a dict), or a pair of them for the
two directions.  States of a stack have PyTorch's shape (layers·directions, B, H).
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from course_utils.numpy_nn.cells import get_cell
from course_utils.numpy_nn.init import init_params
from course_utils.numpy_nn.unroll import unroll, unroll_backward
from course_utils.numpy_nn.validation import (
    beginnings,
    dtype_of,
    floating,
    made_by,
    numpy_array,
    one_a_state,
    probability,
    running,
)
from course_utils.shapes import ShapeError, expect, generator, positive_integer
from course_utils.specs import get_spec


class StackTape(NamedTuple):
    """What ``unroll_stack_backward`` needs: made by ``unroll_stack``."""

    key: str
    pairs: bool
    tapes: list  # one list over directions for each layer
    drops: list  # what the input of each layer was multiplied with, or None
    back: tuple  # indices that turn a sequence round
    shape: tuple  # of y


def init_stack(
    key, input_size, hidden_size, num_layers, rng, dtype=np.float64, *, bidirectional=False, **how
):
    """Parameters of a stack, drawn from rng layer by layer: a list as the module describes.

    The first layer reads input_size numbers, the others all directions of the layer below; how are
    the keywords of ``init_params``: scheme, retention, chrono, config.
    """
    positive_integer(num_layers=num_layers)
    dtype = dtype_of(dtype)
    ways = 2 if bidirectional else 1
    layers = []
    for n in range(num_layers):
        width = hidden_size * ways if n else input_size
        draw = [init_params(key, width, hidden_size, rng, dtype, **how) for _ in range(ways)]
        layers.append(tuple(draw) if bidirectional else draw[0])
    return layers


def unroll_stack(
    key,
    layers,
    x,
    state0=None,
    *,
    lengths=None,
    resets=None,
    dropout=0.0,
    rng=None,
    config=None,
):
    """Run a stack of layers along a sequence.

    layers, see the module; x (T, B, D); state0, the states in the spec's order, each
    (layers·directions, B, H), or None; lengths (B,) and resets (T, B) as for ``unroll``, a backward
    direction starting anew at the end of every piece; dropout, the probability with which a number
    between two layers is dropped, drawn from rng (None while testing).  Where a step reads what the
    layer below holds (``below`` of the depth-gated cell), it is handed up.

    Returns y (T, B, H·directions), the last states, shaped as state0, and a tape.
    """
    spec = get_spec(key)
    pairs, ways = _directions(layers)
    dropout = probability("dropout", dropout)
    if rng is not None:
        generator(rng)
    floating(x=x)
    sizes = expect(x=(x, "T B D"))
    T, B = sizes["T"], sizes["B"]
    state0 = _states(spec, state0, sum(map(len, ways)), B)
    mask, resets = running(lengths, T, B), beginnings(resets, T, B)
    back = _backwards(lengths, T, B)
    turned = _turned(resets, mask)
    tapes, drops, last, below = [], [], [], None
    for n, directions in enumerate(ways):
        drops.append(_drop(x, dropout, rng) if n else None)
        x = x if drops[-1] is None else x * drops[-1]
        outputs, tapes_here = [], []
        for k, params in enumerate(directions):
            held = dict.fromkeys(spec.inputs, below[k]) if below else {}
            held = {name: v[back] for name, v in held.items()} if k else held
            y, state, tape = unroll(
                key,
                params,
                x[back] if k else x,
                _row(state0, n * len(directions) + k),
                lengths=lengths,
                resets=turned if k else resets,
                config=config,
                **held,
            )
            outputs.append(y[back] if k else y)
            tapes_here.append(tape)
            last.append(state)
        if spec.inputs:
            below = [_history(tape, k, back) for k, tape in enumerate(tapes_here)]
        x = np.concatenate(outputs, axis=-1)
        tapes.append(tapes_here)
    State = get_cell(key).State
    stacked = State(*(np.stack(parts) for parts in zip(*last, strict=True)))
    return x, stacked, StackTape(spec.key, pairs, tapes, drops, back, x.shape)


def unroll_stack_backward(tape, dy, dlast=None):
    """Back-propagation through a stack.

    dy (T, B, H·directions); dlast like the last states, each or None for zero.  Returns dx
    (T, B, D), dstate0 like the last states, and the gradients of the layers as a list like
    ``layers``.
    """
    made_by(tape, StackTape, "unroll_stack")
    spec, back = get_spec(tape.key), tape.back
    ways = len(tape.tapes[0])
    numpy_array("dy", dy)
    if dy.shape != tape.shape:
        raise ShapeError(f"dy: expected shape {tape.shape} (T, B, H·directions), got {dy.shape}")
    dlast = _states(spec, dlast, len(tape.tapes) * ways, dy.shape[1], "dlast")
    grads, dstarts, dbelow = [], [], [None] * ways
    for n in reversed(range(len(tape.tapes))):
        dx, here, starts, handed = 0, [], [], []
        for k, (part, dy_k) in enumerate(zip(tape.tapes[n], np.split(dy, ways, -1), strict=True)):
            dend, dheld = _row(dlast, n * ways + k), dbelow[k]
            if k:
                dy_k = dy_k[back]
            dx_k, dstart, gradients = unroll_backward(part, dy_k, dend, dstates=dheld)
            held = {name: gradients.pop(name) for name in spec.inputs}
            handed.append({"c": sum(held.values())} if held and n else None)
            dx = dx + (dx_k[back] if k else dx_k)
            here.append(gradients)
            starts.append(dstart)
        dbelow = handed  # of direction k, in the order in which that direction runs
        dy = dx if tape.drops[n] is None else dx * tape.drops[n]
        grads.append(tuple(here) if tape.pairs else here[0])
        dstarts = starts + dstarts
    dstate0 = type(dstarts[0])(*(np.stack(parts) for parts in zip(*dstarts, strict=True)))
    return dy, dstate0, grads[::-1]


def learned_initial_state(values, B):
    """A trained initial state: values, tuple of (layers·directions, H) -> each (…, B, H)."""
    return tuple(np.repeat(v[:, None], B, axis=1) for v in values)


def learned_initial_state_backward(dstate0):
    """dstate0, each (layers·directions, B, H) -> gradients of the values: every row counts."""
    return tuple(d.sum(axis=1) for d in dstate0)


def _history(tape, k, back):
    """The cell state after every step (T, B, H), in the order of the sequence."""
    shape = (*tape.shape[:2], tape.params["weight_hh"].shape[-1])
    c = np.empty(shape, tape.dtype)
    for t, state in enumerate(tape.states):
        c[t] = state.c
    return c[back] if k else c


def _directions(layers):
    """Whether a stack has two directions, and for each layer the list of its parameters."""
    if isinstance(layers, Mapping) or not isinstance(layers, (list, tuple)):
        raise TypeError(
            f"layers: expected a list with one entry a layer, got {type(layers).__name__}; "
            "pass [params] for a single layer"
        )
    if not layers:
        raise ValueError("layers: expected the parameters of at least one layer, got none")
    pairs = not isinstance(layers[0], Mapping)
    for n, layer in enumerate(layers):
        parts = layer if pairs and isinstance(layer, (list, tuple)) else [layer]
        if len(parts) != 1 + pairs or not all(isinstance(part, Mapping) for part in parts):
            raise TypeError(
                f"layers[{n}]: expected a dict in every layer, or a pair of dicts in every layer, "
                f"got {type(layer).__name__}"
            )
    return pairs, [list(layer) if pairs else [layer] for layer in layers]


def _row(states, n):
    """The states of one layer and direction, None where they are not given."""
    return None if states is None else tuple(None if s is None else s[n] for s in states)


def _turned(resets, mask):
    """Where pieces begin in a sequence that is turned round: at the last step of each."""
    if resets is None:
        return None
    T, B = resets.shape
    ends = np.full(B, T) if mask is None else mask.sum(axis=0)
    t = np.arange(T)[:, None]
    after = ends - t  # the step that the turned sequence took before its step t
    inside = (t > 0) & (after > 0)
    return inside & resets[np.where(inside, after, 0), np.arange(B)] if T else resets


def _backwards(lengths, T, B):
    """Indices (T, B) that turn each sequence round within its own length."""
    ends = np.full(B, T) if lengths is None else np.asarray(lengths)
    t = np.arange(T)[:, None]
    return np.where(t < ends, ends - 1 - t, t), np.arange(B)[None, :]


def _drop(x, dropout, rng):
    """What to multiply x with: zero or 1 / (1 - dropout); None where nothing is dropped."""
    if not dropout or rng is None:
        return None
    return ((rng.random(x.shape) >= dropout) / (1 - dropout)).astype(x.dtype)


def _states(spec, state, rows, B, name="state0"):
    if state is None:
        return None
    state = one_a_state(spec, state, name)
    for field, s in zip(spec.states, state, strict=True):
        if s is None:
            continue
        numpy_array(f"{name}.{field}", s)
        if s.ndim != 3 or s.shape[:2] != (rows, B):
            raise ShapeError(
                f"{name}.{field}: expected shape ({rows}, {B}, H) (layers·directions, B, H), "
                f"got {s.shape}"
            )
    return state
