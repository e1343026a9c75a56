"""The whole sequence at once, where the recurrence is linear: h_t = a_t ⊙ h_{t-1} + b_t.

Two steps in a row are again one such step, of coefficients a_2 a_1 and a_2 b_1 + b_2; so pairs of
steps are joined, pairs of pairs, and so on: 2 log₂ T passes, each over many steps at once, instead
of T (Blelloch 1990).  A cell takes part by a function ``coefficients(params, x) -> a, b``.

No logarithm is taken, also for the cells of Feng et al. 2024 whose values are positive: their sums
of logarithms lose digits as they grow with T, products of pairs do not, and every sign is allowed.
The initial state enters as if the first step had added it: b_1 + a_1 h_0.
"""

from typing import NamedTuple

import numpy as np

from course_utils.numpy_nn.cells import get_cell
from course_utils.numpy_nn.unroll import kept, prepare
from course_utils.numpy_nn.validation import cotangent, last_gradient, made_by
from course_utils.shapes import expect
from course_utils.specs import get_spec


class ScanTape(NamedTuple):
    """What ``unroll_scan_backward`` needs: made by ``unroll_scan``."""

    key: str
    params: dict
    x: np.ndarray  # (T, B, D), zero where no step counts
    begins: np.ndarray  # (T, B) true where a step starts from the initial state
    active: np.ndarray  # (T, B) true where a step counts
    keep: np.ndarray  # (T, B, H) the coefficient a
    before: tuple  # the states before each step, each (T, B, H)
    states: tuple  # and after it
    dtype: np.dtype


def has_scan(key):
    """Whether the cell is linear along time, and so can be scanned."""
    return hasattr(get_cell(key), "coefficients")


def scan(key, params, x, state0=None, **how):
    """``unroll_scan`` without the tape: x (T, B, D) -> y (T, B, H), last states."""
    y, last, _ = unroll_scan(key, params, x, state0, **how)
    return y, last


def unroll_scan(key, params, x, state0=None, *, lengths=None, resets=None):
    """The same function as ``unroll``, by another algorithm, for cells that are linear along time.

    params, x (T, B, D), state0 and lengths as there; resets (T, B), true where a new sequence
    begins: that step starts from state0 again.  Returns y (T, B, H), the last states (a NamedTuple,
    each (B, H)) and a tape for ``unroll_scan_backward``.  TypeError for a cell that is not linear.
    """
    spec, cell = get_spec(key), get_cell(key)
    if not has_scan(key):
        raise TypeError(f"key: {spec.key} is not linear in its past and cannot be scanned")
    run = prepare(key, params, x, state0, lengths, resets, None, {})
    x, start, (T, B, _) = run.x, run.state0, run.x.shape
    pair = len(start) == 2  # the two halves of a complex state
    if pair and run.dtype.kind == "c":
        raise TypeError(f"x: {spec.key} is complex by itself and takes real numbers, got {x.dtype}")
    active = np.ones((T, B), bool) if run.mask is None else run.mask
    begins = np.zeros((T, B), bool) if run.resets is None else run.resets & active
    begins[:1] = True

    a, b = cell.coefficients(params, x)
    h0 = start[0] + 1j * start[1] if pair else start[0]
    a = np.where(active[..., None], a, 1)
    b = np.where(active[..., None], b, 0)
    b = np.where(begins[..., None], b + a * h0, b)
    a = np.where(begins[..., None], 0, a)
    h = prefix(a, b)

    states = (h.real, h.imag) if pair else (h,)
    ends = (s[-1] if T else s0 for s, s0 in zip(states, start, strict=True))
    last = cell.State(*(end.copy() for end in ends))  # written into, neither y nor state0 changes
    before = tuple(
        np.where(begins[..., None], s0, np.concatenate([s0[None], s[:-1]])[:T])
        for s, s0 in zip(states, start, strict=True)
    )
    tape = ScanTape(spec.key, params, x, begins, active, a, before, states, run.dtype)
    readout = getattr(cell, "readout", None)
    y = readout(params, x, cell.State(*states))[0] if readout else h
    return kept(active, y), last, tape


def unroll_scan_backward(tape, dy, dlast=None):
    """The way back through ``unroll_scan``: a scan from the last step to the first.

    dy (T, B, H); dlast, the gradient of the last states, or None.  Returns what
    ``unroll_backward`` returns: dx (T, B, D), dstate0 and grads.

    What reaches the state at t is dh_t = (what y_t gives) + a*_{t+1} ⊙ dh_{t+1}, a* the conjugate.
    Once every dh_t is known, no step depends on another: the cell's ``step_backward`` takes all
    T·B steps as the rows of one batch.
    """
    made_by(tape, ScanTape, "unroll_scan")
    key, params, x, begins, active, keep, before, states, dtype = tape
    spec, cell = get_spec(key), get_cell(key)
    (T, B, D), H = x.shape, keep.shape[-1]
    expect(dy=(dy, "T B H"), y=(keep, "T B H"))
    dlast = last_gradient(spec, cell, dlast, B, H, dtype)
    pair = len(states) == 2
    dy = kept(active, cotangent("dy", dy, dtype))
    grads = {name: np.zeros(p.shape, dtype) for name, p in params.items()}
    if not T:
        return np.zeros(x.shape, dtype), dlast, grads

    def rows(array):
        return array.reshape(T * B, array.shape[-1])

    dx, from_y = np.zeros((T * B, D), dtype), (dy,)
    if hasattr(cell, "readout"):
        _, cache = cell.readout(params, rows(x), cell.State(*map(rows, states)))
        dx, from_y, from_readout = cell.readout_backward(params, cache, rows(dy))
        from_y = tuple(part.reshape(T, B, H) for part in from_y)
        grads |= from_readout
    for part, end in zip(from_y, dlast, strict=True):
        part[-1] += end
    from_y = from_y[0] + 1j * from_y[1] if pair else from_y[0]
    after = np.concatenate([keep[1:], np.zeros_like(keep[:1])])  # a_{t+1}
    dh = prefix(after[::-1].conj(), from_y[::-1])[::-1]

    stopped = np.where(active[..., None], 0, dh)  # handed on: no step, no gradient of weights
    dh = np.where(active[..., None], dh, 0)
    parts = (dh.real, dh.imag) if pair else (dh,)
    _, cache = cell.step(params, rows(x), cell.State(*map(rows, before)))
    dx_step, dbefore, from_step = cell.step_backward(params, cache, cell.State(*map(rows, parts)))
    held = (stopped.real, stopped.imag) if pair else (stopped,)
    dstate0 = cell.State(
        *(
            ((d.reshape(T, B, H) + s) * begins[..., None]).sum(axis=0)
            for d, s in zip(dbefore, held, strict=True)
        )
    )
    return (dx + dx_step).reshape(x.shape), dstate0, grads | from_step


def prefix(a, b):
    """a, b (T, ...) of one shape -> h (T, ...), h_t = a_t h_{t-1} + b_t from h_0 = 0.

    Pairs of steps are joined to one, the half as many are scanned, and the steps between filled in:
    about 5 T operations, where the loop needs 2 T, in 2 log₂ T passes.  Blelloch 1990, § 1.4.
    """
    if len(b) < 2:
        return b.copy()
    even, odd = slice(0, len(b) - 1, 2), slice(1, None, 2)
    h = np.empty_like(b)
    h[odd] = prefix(a[odd] * a[even], a[odd] * b[even] + b[odd])
    h[0] = b[0]
    h[2::2] = a[2::2] * h[1:-1:2] + b[2::2]
    return h
