"""Back-propagation that remembers few steps and computes the others again."""

from typing import NamedTuple

import numpy as np

from course_utils.numpy_nn.unroll import unroll, unroll_backward


class Checkpoints(NamedTuple):
    """The inputs, and the states before every ``every``-th step: all that is kept."""

    key: str
    params: dict
    x: np.ndarray
    states: list
    every: int
    config: dict | None


def unroll_checkpointed(key, params, x, state0=None, *, every=None, config=None):
    """As ``unroll``, keeping only the state before each ``every``-th step (default √T).

    x (T, B, D) -> y (T, B, H), last states, checkpoints for ``checkpointed_backward``.  Memory
    falls from T caches to T / every states and, on the way back, every caches; the price is one
    more forward pass.  The idea is Chen, Xu, Zhang & Guestrin's (2016).
    """
    T = len(x)
    every = every or max(1, round(T**0.5))
    if int(every) != every or every < 1:
        raise ValueError(f"every: expected a positive number of steps, got {every!r}")
    y, states, state = [], [], state0
    for start in range(0, T, every):
        piece, after, _ = unroll(key, params, x[start : start + every], state, config=config)
        y.append(piece)
        states.append(state)
        state = after
    return np.concatenate(y), state, Checkpoints(key, params, x, states, every, config)


def checkpointed_backward(kept, dy, dlast=None):
    """As ``unroll_backward``: dy (T, B, H) -> dx (T, B, D), dstate0, grads."""
    key, params, x, states, every, config = kept
    dx = np.empty_like(x)
    total = {name: np.zeros_like(p) for name, p in params.items()}
    for k in reversed(range(len(states))):
        piece = slice(k * every, (k + 1) * every)
        *_, tape = unroll(key, params, x[piece], states[k], config=config)
        dx[piece], dlast, grads = unroll_backward(tape, dy[piece], dlast)
        for name, g in grads.items():
            total[name] += g
    return dx, dlast, total
