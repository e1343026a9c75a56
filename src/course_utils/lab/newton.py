"""All steps of a non-linear recurrence at once: Newton's method along time.

    found = newton("gru", params, x)          # found.states.h (T, B, H), found.iterations
    largest_exponent("gru", params, x)        # the number that says how many iterations it takes

s_t = F(s_{t-1}, x_t) for t = 1 … T is a system of T equations.  Guess the whole trajectory, and let
r_t = F(s_{t-1}, x_t) - s_t be what each equation lacks.  Linearised about the guess, the correction
obeys d_t = J_t d_{t-1} + r_t, with J_t the Jacobian of the step at the guess: a linear recurrence,
which a scan solves.  All steps of F and all Jacobians are one batch.  Lim et al. 2024 (DEER);
Danieli et al. 2025 (ParaRNN).

After k iterations the first k steps are those of the loop, whatever the guess: so there are never
more iterations than steps.  How many fewer, the largest Lyapunov exponent decides.
"""

from typing import NamedTuple

import numpy as np

from course_utils.numpy_nn.cells import get_cell, step, step_backward
from course_utils.numpy_nn.unroll import prepare, unroll
from course_utils.shapes import ShapeError, whole
from course_utils.specs import get_spec


class Solution(NamedTuple):
    """What ``newton`` found.

    states: the cell's NamedTuple, each (T, B, H); changes (iterations, T): by how much each
    iteration still moved each step, the largest over rows and units.
    """

    states: tuple
    changes: np.ndarray

    @property
    def iterations(self):
        """How many scans it took; the last of them only confirms."""
        return len(self.changes)


def newton(key, params, x, state0=None, *, tolerance=1e-11, most=None):
    """The states of ``numpy_nn.unroll``, all steps at once.

    params as from ``init_params``; x (T, B, D); state0, the initial state, each (B, H), the cell's
    own if None, which is also the first guess of every step.  It ends when an iteration moves no
    number by more than ``tolerance``, or after ``most`` iterations (T + 1 if None).

    A full Jacobian holds n² numbers a step and row, n the number of a row's states, and a scan
    multiplies them, n³: for small cells.  TypeError for a cell whose state counts steps; errors
    about params, x and state0 as ``unroll`` raises them.
    """
    run = prepare(key, params, x, state0, None, None, None, {})
    _differentiable(run.key)
    (T, B, _), kind = x.shape, type(run.state0)
    most = T + 1 if most is None else whole("most", most, 1)
    n = sum(s.shape[-1] for s in run.state0)
    start = np.concatenate(run.state0, axis=-1)  # (B, n)
    guess = np.broadcast_to(start, (T, B, n)).copy()
    changes = []
    with np.errstate(over="ignore", invalid="ignore"):  # beyond the front all may overflow
        while T and len(changes) < most:
            before = np.concatenate([start[None], guess[:-1]])
            after, J = linearised(run.key, params, x, before)
            change = matrix_prefix(J, after - guess)
            moved = guess + change
            lost = ~np.isfinite(moved).all(axis=(1, 2))
            moved[lost] = start  # what overflowed is guessed anew
            change = np.abs(moved - guess).max(axis=(1, 2))
            changes.append(np.where(lost, np.inf, change))
            guess = moved
            if changes[-1].max() <= tolerance:
                break
    states = kind(*np.split(guess, len(run.state0), axis=-1))
    return Solution(states, np.array(changes).reshape(len(changes), T))


def linearised(key, params, x, before):
    """One step from every state at once: x (T, B, D), before (T, B, n), the states joined.

    -> the states after it (T, B, n) and the Jacobians (T, B, n, n), row by row by the cell's own
    ``step_backward``.
    """
    State, (T, B, n) = get_cell(key).State, before.shape
    parts = len(get_spec(key).states)

    def states(rows):
        return State(*np.split(rows.reshape(T * B, n), parts, axis=-1))

    after, cache = step(key, params, x.reshape(T * B, -1), states(before))
    J = np.empty((T, B, n, n), before.dtype)
    for k in range(n):
        one = np.zeros_like(before)
        one[..., k] = 1
        _, dbefore, _ = step_backward(key, params, cache, states(one))
        J[:, :, k] = np.concatenate(dbefore, axis=-1).reshape(T, B, n)
    return np.concatenate(after, axis=-1).reshape(T, B, n), J


def matrix_prefix(A, b):
    """A (T, …, n, n), b (T, …, n) -> h (T, …, n), h_t = A_t h_{t-1} + b_t from h_0 = 0.

    As ``numpy_nn.scan.prefix``, whose A are diagonal: two steps in a row are one, of coefficients
    A_2 A_1 and A_2 b_1 + b_2.
    """
    if len(A) != len(b) or A.shape[1:] != (*b.shape[1:], b.shape[-1]):
        raise ShapeError(f"A: expected {(*b.shape, b.shape[-1])} to go with b, got {A.shape}")
    if len(b) < 2:
        return b.copy()
    even, odd = slice(0, len(b) - 1, 2), slice(1, None, 2)
    h = np.empty_like(b)
    h[odd] = matrix_prefix(A[odd] @ A[even], _apply(A[odd], b[even]) + b[odd])
    h[0] = b[0]
    h[2::2] = _apply(A[2::2], h[1:-1:2]) + b[2::2]
    return h


def _apply(A, v):
    return (A @ v[..., None])[..., 0]


def largest_exponent(key, params, x, state0=None, seed=0):
    """The largest Lyapunov exponent: mean log factor a step by which a gradient grows on its way
    back.  One number for each row, (B,).

    A random cotangent of the last state is sent back from the last step to the first, with the
    states of ``unroll`` as the trajectory, and made a unit vector after each: the product of
    Jacobians of the chapter on gradients.  (A tangent sent forwards grows at the same rate in the
    limit of long sequences.)  -inf where every path is cut.
    """
    _differentiable(get_spec(key).key)
    y, last, tape = unroll(key, params, x, state0)
    State, rng = type(last), np.random.default_rng(seed)
    v = State(*(rng.standard_normal(s.shape).astype(s.dtype) for s in last))
    logs = np.zeros(y.shape[1])
    for cache in reversed(tape.caches):
        length = np.sqrt(sum((s**2).sum(axis=-1) for s in v))
        safe = np.where(length > 0, length, 1)[:, None]
        _, v, _ = step_backward(key, params, cache, State(*(s / safe for s in v)))
        with np.errstate(divide="ignore"):
            logs += np.log(np.sqrt(sum((s**2).sum(axis=-1) for s in v)))
    return logs / max(1, len(y))


def _differentiable(key):
    """TypeError for a cell whose state is a clock."""
    spec = get_spec(key)
    if any(isinstance(v, int) for v in spec.initial.values()):
        raise TypeError(f"key: {key} counts its steps in whole numbers, which have no Jacobian")
