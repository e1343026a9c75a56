"""The one loop over time, and its backward pass."""

from typing import NamedTuple

import numpy as np

from course_utils.numpy_nn.cells import get_cell
from course_utils.numpy_nn.validation import (
    beginnings,
    by_name,
    check,
    cotangent,
    further_inputs,
    initial_state,
    last_gradient,
    made_by,
    running,
)
from course_utils.shapes import expect
from course_utils.specs import get_spec


class Run(NamedTuple):
    """The arguments of ``unroll``, checked once: what lies beyond an end is zero."""

    key: str
    params: dict
    x: np.ndarray  # (T, B, D)
    state0: tuple  # also where a reset goes back to
    mask: np.ndarray | None  # (T, B) true where a step counts
    resets: np.ndarray | None  # (T, B) true where a new sequence begins
    options: dict
    inputs: dict
    dtype: np.dtype

    def part(self, start, stop):
        """The steps from start to stop, with the initial state of all."""
        cut = slice(start, stop)
        return self._replace(
            x=self.x[cut],
            mask=None if self.mask is None else self.mask[cut],
            resets=None if self.resets is None else self.resets[cut],
            inputs={name: v[cut] for name, v in self.inputs.items()},
        )


class Tape(NamedTuple):
    """What ``unroll_backward`` needs: made by ``unroll``, opaque to everybody else."""

    key: str
    params: dict
    caches: list
    states: list  # after each step
    readouts: list
    mask: np.ndarray | None  # (T, B) true where a step counts
    resets: np.ndarray | None  # (T, B) true where a step began from the initial state
    shape: tuple  # of x
    dtype: np.dtype


def unroll(key, params, x, state0=None, *, lengths=None, resets=None, config=None, **inputs):
    """Run a cell along a sequence.

    params as from ``init_params``; x (T, B, D); state0, the initial state, each (B, H), the cell's
    own (mostly zeros) if None; lengths (B,), integers, where sequences are shorter than T: their
    states stop there, y is zero after, and what x holds there is not read; resets (T, B), booleans,
    true where a new sequence begins: that step starts from the initial state; config overrides the
    spec's constants; inputs, what else a step reads, each (T, B, H), for example ``below`` of the
    depth-gated cell.

    Returns y (T, B, H), the last states (a NamedTuple, each (B, H)) and the tape for
    ``unroll_backward``, all of the widest dtype given.  Raises ShapeError, TypeError, ValueError or
    KeyError by name.
    """
    run = prepare(key, params, x, state0, lengths, resets, config, inputs)
    return forward(run, run.state0)


def prepare(key, params, x, state0, lengths, resets, config, inputs):
    """The checked arguments of ``unroll``, as a Run."""
    spec, cell = get_spec(key), get_cell(key)
    sizes = check(spec, params, x=(x, "T B D"))
    T, B, H = sizes["T"], sizes["B"], sizes["H"]
    dtype = np.result_type(x, *params.values())
    state = initial_state(spec, cell, state0, B, H, dtype)
    dtype = state[0].dtype
    inputs = further_inputs(spec, inputs, {"T": T, "B": B, "H": H}, dtype)
    mask, resets = running(lengths, T, B), beginnings(resets, T, B)
    if mask is not None:  # a zero weight does not silence a NaN: 0 · NaN is NaN
        x, inputs = kept(mask, x), {name: kept(mask, v) for name, v in inputs.items()}
    return Run(spec.key, params, x, state, mask, resets, spec.options(config), inputs, dtype)


def forward(run, state):
    """y, last states and tape of a Run that enters its first step with ``state``."""
    T, B, _ = run.x.shape
    tape = new_tape(run)
    y = np.zeros((T, B, state[0].shape[-1]), run.dtype)
    last = loop(tape, run, state, y)
    if not T:  # the last states are the caller's to write into, the initial ones are not
        last = type(last)(*(s.copy() for s in last))
    return (y if run.mask is None else kept(run.mask, y)), last, tape


def new_tape(run):
    """An empty tape for a Run."""
    return Tape(run.key, run.params, [], [], [], run.mask, run.resets, run.x.shape, run.dtype)


def loop(tape, run, state, y):
    """The loop over time itself, on checked arrays: fills tape and y, returns the last states.

    run.x (T, ..., B, D), y (T, ..., B, H): the axes between are the nets of ``numpy_nn.many``.
    """
    cell, params, mask, resets = get_cell(run.key), run.params, run.mask, run.resets
    readout = getattr(cell, "readout", None)
    for t in range(len(y)):
        now = {name: value[t] for name, value in run.inputs.items()}
        entering = state if resets is None else _select(resets[t], run.state0, state)
        new, cache = cell.step(params, run.x[t], entering, **run.options, **now)
        state = new if mask is None else _select(mask[t], new, state)
        y[t] = state[0]
        if readout:
            y[t], read = readout(params, run.x[t], state)
            tape.readouts.append(read)
        tape.caches.append(cache)
        tape.states.append(state)
    return state


def unroll_backward(tape, dy, dlast=None, *, dstates=None):
    """Back-propagation through time.

    dy (T, B, H), the gradient of every output; dlast, that of the last states (a tuple in the order
    of the spec's states, each (B, H) or None), zero if None; dstates, further gradients of the
    states after each step, by name, each (T, B, H), as a layer above gives that reads them.  What
    they hold beyond an end is not read.

    Returns dx (T, B, D), dstate0 (NamedTuple, each (B, H); every reset adds to it) and grads with
    the keys of params, and with each further input of ``unroll`` by its name, (T, B, H); all of the
    tape's dtype.
    """
    made_by(tape, Tape, "numpy_nn.unroll")
    dx, dstate, dreset, grads = backward(tape, dy, dlast, dstates)
    return dx, dstate if dreset is None else _plus(dstate, dreset), grads


def backward(tape, dy, dlast, dstates=None):
    """As ``unroll_backward``, with the initial state's gradient in two parts.

    Returns dx, the gradient of the state that entered the first step, that of the state which the
    resets went back to (None without resets) and grads.
    """
    spec, cell = get_spec(tape.key), get_cell(tape.key)
    T, B, D = tape.shape
    H = spec.check(tape.params)["H"]
    y = (T, B, H)
    expect(y=(_Shape(y), "T B H"), dy=(dy, "T B H"))
    dy = cotangent("dy", dy, tape.dtype)
    dstates = _gradients_of_states(spec, dstates, tape.dtype, y)
    dstate = last_gradient(spec, cell, dlast, B, H, tape.dtype)
    dx = np.zeros((T, B, D), tape.dtype)
    grads = {name: np.zeros(p.shape, tape.dtype) for name, p in tape.params.items()}
    grads |= {name: np.zeros((T, B, H), tape.dtype) for name in spec.inputs}
    return dx, *loop_backward(tape, dy, dstate, dx, grads, dstates), grads


def loop_backward(tape, dy, dstate, dx, grads, dstates=None):
    """The backward pass through ``loop``: adds to dx and grads.

    dy (T, ..., B, H), dx (T, ..., B, D).  Returns the gradient of the state that entered the first
    step, and that of the state which the resets went back to, None without resets.
    """
    spec, cell = get_spec(tape.key), get_cell(tape.key)
    mask, resets, dreset = tape.mask, tape.resets, None
    if mask is not None:
        dy, dstates = kept(mask, dy), {n: kept(mask, d) for n, d in (dstates or {}).items()}
    for t in reversed(range(len(dy))):
        held = dstate
        if tape.readouts:
            dx[t], from_y, from_readout = cell.readout_backward(
                tape.params, tape.readouts[t], dy[t]
            )
            _add(grads, from_readout, t, spec.inputs)
        else:
            from_y = (dy[t], *(0 for _ in dstate[1:]))
        dstate = _plus(held, from_y)
        for name, value in (dstates or {}).items():
            dstate = dstate._replace(**{name: getattr(dstate, name) + value[t]})
        active = dstate if mask is None else _select(mask[t], dstate, _zeros_like(dstate))
        dx_t, dprev, from_step = cell.step_backward(tape.params, tape.caches[t], active)
        dx[t] += dx_t
        _add(grads, from_step, t, spec.inputs)
        if resets is not None:  # the step began from the initial state, and not from the past
            zero = _zeros_like(dprev)
            to_initial = _select(resets[t], dprev, zero)
            dreset = to_initial if dreset is None else _plus(dreset, to_initial)
            dprev = _select(resets[t], zero, dprev)
        # where the sequence had ended, the state was handed on untouched, and so is its gradient
        dstate = dprev if mask is None else _select(mask[t], dprev, held)
    return dstate, dreset


def _gradients_of_states(spec, dstates, dtype, shape):
    """dstates by name, each of the given shape; {} for None."""
    dstates = {} if dstates is None else dstates
    by_name("dstates", dstates)
    if unknown := sorted(set(dstates) - set(spec.states)):
        raise KeyError(
            f"dstates: {spec.key} has no {', '.join(unknown)}; its states: {', '.join(spec.states)}"
        )
    return {name: cotangent(f"dstates.{name}", d, dtype, shape) for name, d in dstates.items()}


class _Shape(NamedTuple):
    shape: tuple


def kept(mask, rows):
    """rows (T, ..., B, N) where mask (T, B) is true, zero elsewhere, whatever stood there."""
    T, B = mask.shape
    mask = mask.reshape(T, *(1,) * (rows.ndim - 3), B, 1)
    return np.where(mask, rows, np.zeros((), rows.dtype))


def _select(keep, new, old):
    """Rows of new (..., B, H) where keep (B,) is true, of old elsewhere."""
    return type(new)(*(np.where(keep[:, None], n, o) for n, o in zip(new, old, strict=True)))


def _plus(a, b):
    return type(a)(*(x + y for x, y in zip(a, b, strict=True)))


def _zeros_like(state):
    return type(state)(*(np.zeros_like(s) for s in state))


def _add(grads, new, t, inputs):
    for name, g in new.items():
        if name in inputs:
            grads[name][t] += g
        else:
            grads[name] += g
