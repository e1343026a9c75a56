"""The one loop over time, and the way back through it."""

from typing import NamedTuple

import numpy as np

from course_utils.numpy_nn.cells import get_cell
from course_utils.shapes import ShapeError, expect
from course_utils.specs import get_spec


class Tape(NamedTuple):
    """What ``unroll_backward`` needs: made by ``unroll``, opaque to everybody else."""

    key: str
    params: dict
    caches: list
    states: list  # after each step
    readouts: list
    mask: np.ndarray  # (T, B) true where a step counts, or None
    shape: tuple  # of x
    dtype: np.dtype


def unroll(key, params, x, state0=None, *, lengths=None, config=None, **inputs):
    """Run a cell along a sequence.

    params as from ``init_params``; x (T, B, D); state0, the states before the first step, each
    (B, H), zero if None; lengths (B,), integers, where sequences are shorter than T: their states
    stop there and y is zero after; config overrides the spec's constants; inputs, what else a step
    reads, each (T, B, H), for example ``below`` of the depth-gated cell.

    Returns y (T, B, H), the last states (a NamedTuple, each (B, H)) and the tape for
    ``unroll_backward``.  Raises ShapeError or KeyError by name.
    """
    spec, cell = get_spec(key), get_cell(key)
    sizes = spec.check(params, x=(x, "T B D"))
    T, B, H = sizes["T"], sizes["B"], sizes["H"]
    if x.dtype.kind not in "fc":
        raise TypeError(
            f"x: expected floating numbers, got {x.dtype}; use x.astype(float), "
            "or ops.embed for tokens"
        )
    dtype = np.result_type(x, *params.values())
    state = initial_state(spec, cell, state0, B, H, dtype)
    dtype = np.result_type(dtype, *(s.dtype for s in state if s.dtype.kind in "fc"))
    mask = time_mask(lengths, T, B)
    inputs = further_inputs(spec, inputs, {"T": T, "B": B, "H": H}, dtype)
    tape = Tape(spec.key, params, [], [], [], mask, x.shape, dtype)
    y = np.zeros((T, B, H), dtype)
    last = loop(tape, x, state, y, spec.options(config), inputs)
    if mask is not None:
        y *= mask[..., None]
    return y, last, tape


def loop(tape, x, state, y, options, inputs):
    """The loop over time itself, on checked arrays: fills tape and y, returns the last states.

    x (T, ..., B, D), y (T, ..., B, H): the axes between are the nets of ``numpy_nn.many``.
    """
    cell, params, mask = get_cell(tape.key), tape.params, tape.mask
    readout = getattr(cell, "readout", None)
    for t in range(len(y)):
        now = {name: value[t] for name, value in inputs.items()}
        new, cache = cell.step(params, x[t], state, **options, **now)
        state = new if mask is None else _select(mask[t], new, state)
        y[t] = state[0]
        if readout:
            y[t], kept = readout(params, x[t], state)
            tape.readouts.append(kept)
        tape.caches.append(cache)
        tape.states.append(state)
    return state


def unroll_backward(tape, dy, dlast=None, *, dstates=None):
    """Back-propagation through time.

    dy (T, B, H), the gradient of every output; dlast, that of the last states (a tuple in the order
    of the spec's states, each (B, H) or None), zero if None; dstates, further gradients of states
    on the way, by name, each (T, B, H), as a layer above gives that reads them.

    Returns dx (T, B, D), dstate0 (NamedTuple, each (B, H)) and grads with the keys of params, and
    with each further input of ``unroll`` by its name, (T, B, H).
    """
    spec, cell = get_spec(tape.key), get_cell(tape.key)
    T, B, _ = tape.shape
    H = expect(dy=(dy, "T B H"), x=(_Shape(tape.shape), "T B D"))["H"]
    dstate = initial_state(spec, cell, dlast, B, H, tape.dtype, name="dlast")
    dx = np.zeros(tape.shape, tape.dtype)
    grads = {name: np.zeros(p.shape, tape.dtype) for name, p in tape.params.items()}
    grads |= {name: np.zeros((T, B, H), tape.dtype) for name in spec.inputs}
    dstate0 = loop_backward(tape, dy, dstate, dx, grads, dstates)
    return dx, dstate0, grads


def loop_backward(tape, dy, dstate, dx, grads, dstates=None):
    """The way back through ``loop``: adds to dx and grads, returns dstate0.

    dy (T, ..., B, H), dx (T, ..., B, D).
    """
    spec, cell = get_spec(tape.key), get_cell(tape.key)
    for t in reversed(range(len(dy))):
        held = dstate
        if tape.readouts:
            dx[t], from_y, from_readout = cell.readout_backward(
                tape.params, tape.readouts[t], _masked(tape.mask, t, dy[t])
            )
            _add(grads, from_readout, t, spec.inputs)
        else:
            from_y = (_masked(tape.mask, t, dy[t]), *(0 for _ in dstate[1:]))
        dstate = cell.State(*(a + b for a, b in zip(held, from_y, strict=True)))
        for name, value in (dstates or {}).items():
            here = getattr(dstate, name) + _masked(tape.mask, t, value[t])
            dstate = dstate._replace(**{name: here})
        active = dstate if tape.mask is None else _select(tape.mask[t], dstate, _zeros_like(dstate))
        dx_t, dprev, from_step = cell.step_backward(tape.params, tape.caches[t], active)
        dx[t] += dx_t
        _add(grads, from_step, t, spec.inputs)
        # where the sequence had ended, the state was handed on untouched, and so is its gradient
        dstate = dprev if tape.mask is None else _select(tape.mask[t], dprev, held)
    return dstate


def initial_state(spec, cell, state, B, H, dtype, name="state0", nets=None):
    """The states to start from: zeros for None, else checked arrays, as the cell's NamedTuple.

    Each is (B, H), or (K, B, H) where nets is K.
    """
    if state is None:
        state = (None,) * len(spec.states)
    if isinstance(state, np.ndarray):
        state = (state,)
    if len(state) != len(spec.states):
        raise ShapeError(
            f"{name}: {spec.key} carries {len(spec.states)} states ({', '.join(spec.states)}), "
            f"got {len(state)}"
        )
    start = getattr(cell, "start", None)
    zeros = start(B, H, dtype) if start else cell.State(*(np.zeros((B, H), dtype),) * len(state))
    out, sizes = [], f"B={B}, H={H}" if nets is None else f"K={nets}, B={B}, H={H}"
    for field, given, zero in zip(spec.states, state, zeros, strict=True):
        zero = zero if nets is None else np.broadcast_to(zero, (nets, B, H))
        if given is None:  # a gradient that is not given is zero, whatever the cell starts from
            given = np.zeros_like(zero) if name == "dlast" else zero
        elif np.shape(given) != zero.shape:
            raise ShapeError(
                f"{name}.{field}: expected shape {zero.shape} ({sizes}), got {np.shape(given)}"
            )
        out.append(np.asarray(given))
    return cell.State(*out)


class _Shape(NamedTuple):
    shape: tuple


def time_mask(lengths, T, B):
    """lengths (B,), integers from 0 to T -> (T, B), true where a step counts; None for None."""
    if lengths is None:
        return None
    lengths = np.asarray(lengths)
    if not np.issubdtype(lengths.dtype, np.integer) or lengths.shape != (B,):
        raise ShapeError(
            f"lengths: expected {B} integers, shape ({B},), got {lengths.dtype} {lengths.shape}"
        )
    if lengths.size and (lengths.min() < 0 or lengths.max() > T):
        raise ValueError(f"lengths: expected 0 to T={T}, got {lengths.min()} to {lengths.max()}")
    return np.arange(T)[:, None] < lengths


def further_inputs(spec, inputs, sizes, dtype):
    """What else a step reads, by name, zeros where it is not given; sizes by axis, in order."""
    unknown = set(inputs) - set(spec.inputs)
    if unknown:
        raise TypeError(f"unroll: {spec.key} reads no {', '.join(sorted(unknown))}")
    shape, values = tuple(sizes.values()), {}
    for name in spec.inputs:
        value = inputs.get(name)
        value = np.zeros(shape, dtype) if value is None else value
        if value.shape != shape:
            axes = ", ".join(sizes)
            raise ShapeError(f"{name}: expected shape {shape} ({axes}), got {value.shape}")
        values[name] = value
    return values


def _select(keep, new, old):
    """Rows of new where keep (B,) is true, of old elsewhere."""
    return type(new)(
        *(
            np.where(keep.reshape(-1, *(1,) * (n.ndim - 1)), n, o)
            for n, o in zip(new, old, strict=True)
        )
    )


def _masked(mask, t, rows):
    return rows if mask is None else rows * mask[t][:, None]


def _zeros_like(state):
    return type(state)(*(np.zeros_like(s) for s in state))


def _add(grads, new, t, inputs):
    for name, g in new.items():
        if name in inputs:
            grads[name][t] += g
        else:
            grads[name] += g
