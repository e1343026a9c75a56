"""Back-propagation that remembers few steps and computes the others again."""

from typing import NamedTuple

import numpy as np

from course_utils.numpy_nn.cells import get_cell
from course_utils.numpy_nn.unroll import Run, backward, forward, prepare
from course_utils.numpy_nn.validation import cotangent, last_gradient, made_by
from course_utils.shapes import expect, positive_integer
from course_utils.specs import get_spec


class Checkpoints(NamedTuple):
    """The inputs, and the states before every ``every``-th step: all that is kept."""

    run: Run
    states: list
    every: int


def unroll_checkpointed(
    key,
    params,
    x,
    state0=None,
    *,
    every=None,
    lengths=None,
    resets=None,
    config=None,
    **inputs,
):
    """``unroll``, keeping only the state before each ``every``-th step (default √T).

    x (T, B, D) -> y (T, B, H), last states, checkpoints for ``checkpointed_backward``; the other
    arguments are those of ``unroll``.  Memory falls from T caches to T / every states and, in the
    backward pass, every caches; the price is one more forward pass.  The idea is Chen, Xu, Zhang &
    Guestrin's (2016).
    """
    run = prepare(key, params, x, state0, lengths, resets, config, inputs)
    T, B, _ = run.x.shape
    every = max(1, round(T**0.5)) if every is None else positive_integer(every=every)
    state, states = run.state0, []
    y = np.zeros((T, B, state[0].shape[-1]), run.dtype)
    for start in range(0, T, every):
        states.append(state)
        y[start : start + every], state, _ = forward(run.part(start, start + every), state)
    return y, state, Checkpoints(run, states, every)


def checkpointed_backward(kept, dy, dlast=None):
    """``unroll_backward`` from checkpoints: dy (T, B, H) -> dx (T, B, D), dstate0, grads."""
    made_by(kept, Checkpoints, "unroll_checkpointed")
    run, states, every = kept
    spec, (T, B, D), H = get_spec(run.key), run.x.shape, run.state0[0].shape[-1]
    dy = cotangent("dy", dy, run.dtype)
    expect(x=(run.x, "T B D"), h=(run.state0[0], "B H"), dy=(dy, "T B H"))
    dstate = last_gradient(spec, get_cell(run.key), dlast, B, H, run.dtype)
    dinitial = [np.zeros_like(d) for d in dstate]
    dx = np.zeros((T, B, D), run.dtype)
    total = {name: np.zeros(p.shape, run.dtype) for name, p in run.params.items()}
    total |= {name: np.zeros((T, B, H), run.dtype) for name in spec.inputs}
    for k in reversed(range(len(states))):
        piece = slice(k * every, (k + 1) * every)
        *_, tape = forward(run.part(piece.start, piece.stop), states[k])
        dx[piece], dstate, dreset, grads = backward(tape, dy[piece], dstate)
        if dreset is not None:
            dinitial = [d + more for d, more in zip(dinitial, dreset, strict=True)]
        for name, g in grads.items():
            if name in spec.inputs:
                total[name][piece] = g
            else:
                total[name] += g
    return dx, type(dstate)(*(a + b for a, b in zip(dstate, dinitial, strict=True))), total
