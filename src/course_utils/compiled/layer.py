"""A cell along time on the CPU, from its equations: ``numpy_nn.unroll`` by generated code."""

from collections import namedtuple
from functools import cache
from typing import NamedTuple

import numpy as np

from course_utils.compiled import parameters
from course_utils.compiled.arena import Arena
from course_utils.compiled.bindings import Backward, Forward
from course_utils.compiled.code import Code, code
from course_utils.compiled.columns import add_columns, from_columns, into_columns
from course_utils.shapes import ShapeError
from course_utils.specs import get_spec

NOWHERE = np.zeros(0, np.int64)


@cache
def state_type(names):
    """The NamedTuple of a cell's states."""
    return namedtuple("State", names)


class Tape(NamedTuple):
    """What ``unroll_backward`` needs: made by ``unroll``, opaque to everybody else."""

    code: Code
    params: dict  # each (K, ...)
    options: dict
    arena: Arena
    call: int  # of the runs forward in this arena, which one this is
    lengths: np.ndarray | None  # (B,)
    begins: np.ndarray  # (T, B), or (0, B) where every step starts from the one before
    brought: dict  # what generated code took from the call: weights as they lie, constants


def unroll(
    key, params, x, state0=None, workspace=None, *, lengths=None, resets=None, config=None, **inputs
):  # fmt: skip
    """Run a cell along a sequence by code made from its equations; the caller has checked all.

    As ``numpy_nn.fast.unroll``, which checks: params, each parameter of the spec; x (T, B, D);
    state0, each (B, H), the cell's own if None; workspace, a ``Workspace`` to compute in, or None
    for fresh arrays; lengths (B,) and resets (T, B), NumPy arrays or None; config overrides the
    spec's constants; inputs, what else a step reads, each (T, B, H), zero where it is not given.

    Returns y (T, B, H), the last states (a NamedTuple, each (B, H)) and the tape for
    ``unroll_backward``.  ImportError where Numba or SciPy is missing.
    """
    spec = get_spec(key)
    T, B, D = x.shape
    first = spec.params[0]
    H = params[first.name].shape[0] // len(first.symbols)
    state0 = spec.initial_state(x, H) if state0 is None else state0
    kinds = {a.dtype for a in (x, *params.values(), *state0)}
    dtype = np.result_type(*(kind for kind in kinds if kind.kind == "f"))
    state0 = [(s if s.dtype.kind in "iu" else s.astype(dtype, copy=False))[None] for s in state0]
    inputs = {n: inputs.get(n, np.zeros((T, B, H), dtype)) for n in spec.inputs}
    mask = None if lengths is None else np.arange(T)[:, None] < lengths
    y, last, tape = forward(
        spec, one(params), x[None], state0, {"K": 1, "T": T, "B": B, "D": D, "H": H}, dtype,
        workspace, mask, resets, spec.options(config), one(inputs),
    )  # fmt: skip
    return y[0], state_type(spec.states)(*(s[0] for s in last)), tape


def one(arrays):
    """Views with an axis of nets, of which there is one."""
    return {name: a[None] for name, a in arrays.items()}


def forward(
    spec, params, x, state0, sizes, dtype, workspace, mask, resets, options, inputs
):  # fmt: skip
    """``unroll`` of K nets with checked arguments: x (1 or K, T, B, D), all else (K, ...).

    sizes by axis, in the order K, T, B, D, H; mask (T, B), true where a step counts, and resets
    (T, B), or None.  Returns y (K, T, B, H), last states and the tape.
    """
    made = code(spec, dtype)
    K, T, B, D, H = sizes.values()
    if made.by_unit and D != H:
        raise ShapeError(
            f"x: {made.spec.key} reads x unit by unit, so axis D should be H={H}, got {D}"
        )
    if options:
        options = options | parameters.clocks(spec, options, H)
    if workspace is None:
        arena = Arena(sizes, fresh=True)
    else:
        arena = workspace.arena(spec, dtype, sizes)
    arena.calls += 1
    begins = np.zeros((0, B), bool) if resets is None else np.ascontiguousarray(resets)
    lengths = None if mask is None else mask.sum(axis=0)
    if mask is not None:
        beyond = ~mask
        begins = beyond if resets is None else beyond | resets
        x = np.where(beyond[..., None], x.dtype.type(0), x)
        inputs = {n: np.where(beyond[..., None], v.dtype.type(0), v) for n, v in inputs.items()}
    y = arena.result("result_y", (K, T, B, H), dtype)
    last = [arena.result(f"result_state_{n}", s.shape, s.dtype)
            for n, s in zip(spec.states, state0, strict=True)]  # fmt: skip
    brought = {}
    tape = Tape(made, params, options, arena, arena.calls, lengths, begins, brought)
    if not T * B * K:
        y[...] = 0
        for out, s in zip(last, state0, strict=True):
            out[...] = s
        return y, last, tape
    with np.errstate(all="ignore"):  # what is not finite shows in the results
        parameters.prepare(made, params, options, arena, brought)
        here = arena.known(Forward, made, len(x), len(begins))
        np.copyto(here.rows["x"], x, casting="same_kind")
        for name, value in inputs.items():
            np.copyto(here.rows[name], value, casting="same_kind")
        for value, state in zip(state0, here.states, strict=True):
            for into in state.begin:
                np.copyto(into, state.turned(value))
        arguments = here.arguments.with_own(brought, {"rows_y": y})
        for start, stop in here.spans:
            made.call["forward"](K, start, stop, B, H, begins, NOWHERE, *arguments)
    if lengths is not None:
        y[:, beyond] = 0
    for out, state in zip(last, here.states, strict=True):
        if lengths is None:
            np.copyto(state.turned(out), state.end)
        else:
            ends = state.along.reshape(K, T + 1, -1, B)[:, lengths, :, np.arange(B)]  # (B, K, ·)
            out[...] = ends.swapaxes(0, 1).reshape(out.shape)
    return y, last, tape


def history(tape, name):
    """A state after every step, (T, B, H), zero beyond an end; name as in the spec's states."""
    _, T, B, _, H = tape.arena.sizes.values()
    along = np.zeros((1, T, B, H), tape.code.dtype)
    if along.size:
        from_columns(tape.arena.arrays[f"states_{name}"][:, 1:], along)
    if tape.lengths is not None:
        along[:, np.arange(T)[:, None] >= tape.lengths] = 0
    return along[0]


def reread(tape, params):
    """The tape with weights read from ``params`` on the way back, which hold the same numbers.

    For a caller that keeps them apart from arrays that may have changed since.
    """
    bound, brought = parameters.bound(tape.code, tape.params, tape.arena), dict(tape.brought)
    for array, name in bound.joined:
        if brought.get(array) is not tape.arena.arrays[array]:  # no copy of our own
            brought[array] = np.ascontiguousarray(params[name], tape.code.dtype)[None]
    return tape._replace(brought=brought)


def unroll_backward(tape, dy, dlast=None, dhistory=None):
    """Back-propagation through time by generated code.

    dy (T, B, H), the gradient of every output; dlast, that of the last states (a tuple in the order
    of the spec's states, each (B, H) or None), zero if None; dhistory {state: (T, B, H)}, that of
    ``history``, for cells with further inputs.  What they hold beyond an end is not read.

    Returns dx (T, B, D), dstate0 (NamedTuple, each (B, H); every reset adds to it) and grads with
    the keys of params, and with each further input by its name, (T, B, H).
    """
    spec = tape.code.spec
    dlast = (None,) * len(spec.states) if dlast is None else dlast
    dlast = [None if d is None else d[None] for d in dlast]
    dx, dstate0, grads = backward(tape, dy[None], dlast, one(dhistory or {}))
    grads = {name: g[0] for name, g in grads.items()}
    return dx[0], state_type(spec.states)(*(d[0] for d in dstate0)), grads


def backward(tape, dy, dlast, dhistory=None):
    """``unroll_backward`` of K nets with checked arguments: all (K, ...), or None in dlast."""
    made, arena = tape.code, tape.arena
    if tape.call != arena.calls:
        raise RuntimeError(
            "tape: a later unroll has overwritten its workspace; "
            "go backward before the next unroll, or use one workspace for each"
        )
    spec, dtype = made.spec, np.dtype(made.dtype)
    K, T, B, D, H = arena.sizes.values()
    dx = arena.result("result_dx", (K, T, B, D), dtype)
    dinputs = {n: arena.result(f"result_dinput_{n}", (K, T, B, H), dtype) for n in spec.inputs}

    def new(name, shape):
        array = arena.result(name, shape, dtype)
        array[...] = 0
        return array

    dstate0, flowing = [], []
    for name, d in zip(spec.states, dlast, strict=True):
        shape = (K, B, H, H) if name in spec.matrices else (K, B, H)
        if name in made.plan.flowing:
            if d is None and tape.lengths is not None:
                d = np.zeros(shape, dtype)
            out = arena.result(f"result_dstate_{name}", shape, dtype)
            flowing.append((name, d, out))
        else:
            out = np.zeros(shape, np.int64) if d is None else d
        dstate0.append(out)
    if not T * B * K:
        for array in (dx, *dinputs.values()):
            array[...] = 0
        for _, d, out in flowing:
            out[...] = 0 if d is None else d
        grads = {n: new(f"grads_{n}", p.shape) for n, p in tape.params.items()}
        return dx, dstate0, grads | dinputs
    lengths, dhistory = tape.lengths, dhistory or {}
    ends = NOWHERE
    if lengths is not None:
        beyond, ends = np.arange(T)[:, None] >= lengths, lengths.astype(np.int64)
        dy = np.where(beyond[..., None], dtype.type(0), dy)
        dhistory = {n: np.where(beyond[..., None], dtype.type(0), d) for n, d in dhistory.items()}
    found = parameters.bound(made, tape.params, arena)  # a tape's copy has lost it
    here = arena.known(Backward, made, len(tape.begins))
    own = {"all_dy": arena.given("all_dy", dy, dtype), "rows_dx": dx}
    own |= {f"rows_dinput_{name}": out for name, out in dinputs.items()}
    for array, name in found.whole.items():
        own[array] = arena.result(f"grads_{name}", tape.params[name].shape, dtype)
    for name, given in here.dstates.items():
        if name in dhistory:
            into_columns(dhistory[name], given)
        else:
            given[...] = 0
    for array in here.cleared:
        array[...] = 0
    for (_, d, _), state in zip(flowing, here.flowing, strict=True):
        if d is None:
            state.carried[...] = 0
        elif lengths is None:
            np.copyto(state.gradient, state.turned(d))
        else:  # it arrives where a sequence ends
            whole = np.expand_dims(lengths == T, tuple(range(1, d.ndim - 1)))
            np.copyto(state.gradient, state.turned(d * whole))
            np.copyto(state.last, state.turned(d))
    arguments = here.arguments.with_own(tape.brought, own)
    with np.errstate(all="ignore"):
        for name, turned in here.turned:
            made.shared.turn_all(tape.brought.get(name, arena.arrays[name]), turned)
        for start, stop in here.spans:
            made.call["backward"](K, start, stop, B, H, tape.begins, ends, *arguments)
        for carried, back in here.backs:
            carried += back
        for (_, d, out), state in zip(flowing, here.flowing, strict=True):
            total = state.gradient
            if len(tape.begins):
                total = total + state.first
            np.copyto(state.turned(out), total)
            if lengths is not None:  # a sequence without steps
                out[:, lengths == 0] += d[:, lengths == 0]
        for name, by_no_product, columns in here.unit_by_unit:
            out = dx if name is None else dinputs[name]
            if by_no_product:
                out[...] = 0
            if columns is not None:
                add_columns(columns, out)
        grads = parameters.gradients(made, tape.params, tape.options, arena, own)
    return dx, dstate0, grads | dinputs
