"""A cell along time on the CPU, from its equations: ``numpy_nn.unroll`` by generated code."""

from typing import NamedTuple

import numpy as np

from course_utils.compiled import parameters
from course_utils.compiled.arguments import (
    beginnings,
    checked,
    clocks,
    cotangents,
    running,
    state_type,
)
from course_utils.compiled.arrays import Array, array_of, operand_place
from course_utils.compiled.code import Code, code
from course_utils.compiled.parts import Part, parts
from course_utils.shapes import ShapeError
from course_utils.specs import get_spec

ZEROED = {"back", "backs", "carry", "dproduct", "dvector", "gradient", "gradients"}
ZEROED |= {"dx", "dinput", "dstates"}


class Record(NamedTuple):
    """One part of a run: the arrays by name that its code wrote."""

    part: Part
    arrays: dict


class Tape(NamedTuple):
    """What ``unroll_backward`` needs: made by ``unroll``, opaque to everybody else."""

    code: Code
    params: dict
    shared: dict  # weights, vectors and scalars, by name
    records: list
    sizes: dict
    dtype: np.dtype


def unroll(key, params, x, state0=None, *, lengths=None, resets=None, config=None, **inputs):
    """Run a cell along a sequence by code made from its equations.

    As ``numpy_nn.unroll``: params as from ``init_params``; x (T, B, D); state0, each (B, H), the
    cell's own if None; lengths (B,), integers, where sequences are shorter than T: what x holds
    beyond is not read; resets (T, B), booleans, true where a step starts from the initial state;
    config overrides the spec's constants; inputs, what else a step reads, each (T, B, H).  float32
    or float64.

    Returns y (T, B, H), the last states (a NamedTuple, each (B, H)) and the tape for
    ``unroll_backward``.  Raises ShapeError, TypeError, ValueError or KeyError by name, and
    ImportError where Numba or SciPy is missing.  Departure: ends and beginnings cut the run, so
    that many of them at different steps cost calls.
    """
    spec = get_spec(key)
    options = spec.options(config)
    sizes, dtype, state0, inputs = checked(spec, params, x, state0, inputs)
    T, B, H = sizes["T"], sizes["B"], sizes["H"]
    cut = parts(running(lengths, T, B), beginnings(resets, T, B))
    made = code(spec, dtype)
    _needs_equal_widths(made, sizes)
    options |= clocks(spec, options, H)
    y, records = np.zeros((T, B, H), dtype), []
    with np.errstate(all="ignore"):  # what is not finite shows in the results
        shared = parameters.prepare(made, params, options, dtype)
        state = state_type(spec.states)(*(s.copy() for s in state0))
        for part in cut:
            rows = np.arange(B)[part.rows][part.fresh]
            for now, first in zip(state, state0, strict=True):
                now[rows] = first[rows]
            whole = isinstance(part.rows, slice) and part.stop - part.start == T
            arrays = _forward(made, shared, part, x, inputs, state, sizes, y if whole else None)
            if not whole:
                y[part.start : part.stop, part.rows] = arrays["all_y"]
            for name, now in zip(spec.states, state, strict=True):
                now[part.rows] = arrays[f"states_{name}"][-1]
            del arrays["all_y"]
            records.append(Record(part, arrays))
    return y, state, Tape(made, params, shared, records, sizes, dtype)


def _needs_equal_widths(made, sizes):
    """An equation that reads x unit by unit needs as many inputs as units."""
    bodies = (*made.plan.forward, *made.plan.backward)
    loaded = any(place.kind == "x" for body in bodies for _, place in body.loads)
    if loaded and sizes["D"] != sizes["H"]:
        raise ShapeError(
            f"x: {made.spec.key} reads x unit by unit, so axis D should be H={sizes['H']}, "
            f"got {sizes['D']}"
        )


def _forward(made, shared, part, x, inputs, state, sizes, y):
    """The arrays of one part after its code has run."""
    cut = slice(part.start, part.stop), part.rows
    dtype = next(s.dtype for s in state if s.dtype.kind == "f")
    arrays = {"all_x": _ready(x[cut], dtype)}
    arrays |= {f"input_{name}": _ready(value[cut], dtype) for name, value in inputs.items()}
    if y is not None:
        arrays["all_y"] = y
    sizes = sizes | {"T": part.stop - part.start, "B": arrays["all_x"].shape[1]}
    for name, value in zip(made.plan.program.states, state, strict=True):
        arrays[f"states_{name}"] = np.empty((sizes["T"] + 1, *value[part.rows].shape), value.dtype)
        arrays[f"states_{name}"][0] = value[part.rows]
    _call(made, "forward", arrays, shared, sizes, dtype)
    return arrays


def _call(made, function, arrays, shared, sizes, dtype):
    """Call a generated function; arrays that are not there are made and stay in ``arrays``."""
    arguments = []
    for array in made.signatures[function]:
        if array.name in shared:
            arguments.append(shared[array.name])
            continue
        if array.name not in arrays:
            make = np.zeros if array.kind in ZEROED else np.empty
            arrays[array.name] = make(array.shape(sizes), np.int64 if array.integer else dtype)
        arguments.append(arrays[array.name])
    return made.call[function](*arguments)


def _ready(array, dtype):
    """The array as compiled code takes it: of the dtype, contiguous, writable."""
    return np.require(array, dtype, ["C", "W", "A"])


def history(tape, name):
    """A state after every step, (T, B, H), zero beyond an end; name as in the spec's states."""
    T, B, H = (tape.sizes[axis] for axis in "TBH")
    along = np.zeros((T, B, H), tape.dtype)
    for part, arrays in tape.records:
        along[part.start : part.stop, part.rows] = arrays[f"states_{name}"][1:]
    return along


def unroll_backward(tape, dy, dlast=None, dhistory=None):
    """Back-propagation through time by generated code.

    dy (T, B, H), the gradient of every output; dlast, that of the last states (a tuple in the order
    of the spec's states, each (B, H) or None), zero if None; dhistory {state: (T, B, H)}, that of
    ``history``, for cells with further inputs.  What dy holds beyond an end is not read.

    Returns dx (T, B, D), dstate0 (NamedTuple, each (B, H); every reset adds to it) and grads with
    the keys of params, and with each further input by its name, (T, B, H).
    """
    if not isinstance(tape, Tape):
        raise TypeError(
            f"tape: expected what compiled.unroll returned last, got {type(tape).__name__} of "
            f"{type(tape).__module__}"
        )
    made, sizes, dtype = tape.code, tape.sizes, tape.dtype
    spec = made.spec
    dy, dstate = cotangents(spec, dy, dlast, sizes, dtype)
    dx = np.zeros((sizes["T"], sizes["B"], sizes["D"]), dtype)
    dinputs = {name: np.zeros(dy.shape, dtype) for name in spec.inputs}
    dinitial = {name: np.zeros_like(d) for name, d in dstate.items()}
    grads = parameters.Gradients(made, tape.params, sizes, dtype)
    with np.errstate(all="ignore"):
        for part, arrays in reversed(tape.records):
            cut = slice(part.start, part.stop), part.rows
            above = {f"dstates_{n}": _ready(d[cut], dtype) for n, d in (dhistory or {}).items()}
            by_kind = _backward(tape, part, arrays | above, dy[cut], dstate, grads)
            for kind, target in (("all_dx", dx), *((f"dinput_{n}", d) for n, d in dinputs.items())):
                if kind in by_kind:
                    target[cut] = by_kind[kind]
            rows = np.arange(sizes["B"])[part.rows][part.fresh]
            for name, d in dstate.items():
                dinitial[name][rows] += d[rows]
                d[rows] = 0
        dstate0 = [dstate[name] + dinitial[name] for name in spec.states]
        return dx, state_type(spec.states)(*dstate0), grads.finish(tape.shared) | dinputs


def _backward(tape, part, kept, dy, dstate, grads):
    """One part on the way back: changes dstate, adds to grads; returns arrays by name."""
    made, dtype = tape.code, tape.dtype
    arrays = kept | grads.vectors | {"all_dy": _ready(dy, dtype)}
    sizes = tape.sizes | {"T": dy.shape[0], "B": dy.shape[1]}
    for name in made.plan.flowing:
        arrays[f"carried_{name}"] = dstate[name][part.rows].copy()
    _call(made, "backward", arrays, tape.shared, sizes, dtype)
    for name in made.plan.flowing:
        value = arrays[f"carried_{name}"]
        for product in made.plan.program.products:
            if product.operand.op == "before" and product.operand.what == name:
                value = value + arrays[f"back_{product.name}"][:, 0]
        dstate[name][part.rows] = value
    for product in made.plan.program.products:
        shared_name = made.plan.derivative.shared.get(product.name, product.name)
        array = Array("dproduct", shared_name, len(product.values))
        dproduct = arrays.get(array.name)
        if dproduct is None:  # nothing that counts depends on it
            continue
        place = operand_place(made.plan, product)
        operand = arrays[array_of(made.plan, place).name]
        if place.kind == "states":
            operand = operand[1:] if place.block else operand[:-1]
        dproduct = dproduct.reshape(-1, dproduct.shape[2] * dproduct.shape[3])
        grads.add_product(product, dproduct, operand.reshape(len(dproduct), -1))
        if product.operand.op in ("x", "input"):
            weights = tape.shared[f"weights_{product.name}"]
            flat = dproduct @ weights
            name = "all_dx" if product.operand.op == "x" else f"dinput_{product.operand.what}"
            flat = flat.reshape(*dy.shape[:2], -1)
            arrays[name] = arrays[name] + flat if name in arrays else flat
    return arrays
