"""The arguments of ``unroll`` and its backward pass, checked once: errors name the argument."""

from collections import namedtuple
from collections.abc import Mapping
from functools import cache

import numpy as np

from course_utils.shapes import ShapeError, expect

REAL = (np.dtype(np.float32), np.dtype(np.float64))


@cache
def state_type(names):
    """The NamedTuple of a cell's states."""
    return namedtuple("State", names)


def floating(name, array):
    """Refuse by name what is not an array of NumPy's of real floating numbers."""
    if not isinstance(array, (np.ndarray, np.generic)):
        detach = f"; use {name}.detach().cpu().numpy()" if hasattr(array, "detach") else ""
        raise TypeError(f"{name}: expected a NumPy array, got {type(array).__name__}{detach}")
    if array.dtype.kind == "c":
        raise TypeError(f"{name}: compiled code takes real numbers; numpy_nn.unroll takes complex")
    if array.dtype.kind != "f":
        raise TypeError(f"{name}: expected floats, got {array.dtype}; use {name}.astype(float)")


def checked(spec, params, x, state0, inputs):
    """(sizes, dtype, state0, inputs) of an unroll; what is not given is the cell's own, or zero."""
    if not isinstance(params, Mapping):
        raise TypeError(f"params: expected a dict of arrays, got {type(params).__name__}")
    for name, array in {"x": x, **params}.items():
        floating(name, array)
    sizes = spec.check(params, x=(x, "T B D"))
    own = spec.initial_state(x, sizes["H"])
    given = in_order(spec, "state0", state0, sizes)
    dtype = np.result_type(x, *params.values(), *(v for v in given if v is not None and _real(v)))
    if dtype not in REAL:
        raise TypeError(f"x: compiled code is for float32 and float64, not {dtype}; use astype")
    state = []
    for name, value, blank in zip(spec.states, given, own, strict=True):
        value, counts = blank if value is None else value, not _real(blank)
        if counts and value.dtype.kind not in "iu":
            raise TypeError(f"state0.{name}: expected integers, got {value.dtype}; it counts steps")
        if not counts:
            floating(f"state0.{name}", value)
        state.append(value.astype(np.int64 if counts else dtype))
    if unknown := sorted(set(inputs) - set(spec.inputs)):
        raise TypeError(f"unroll: {spec.key} reads no {', '.join(unknown)}")
    shape = (sizes["T"], sizes["B"], sizes["H"])
    sequences = {}
    for name in spec.inputs:
        value = inputs.get(name)
        value = np.zeros(shape, dtype) if value is None else value
        floating(name, value)
        expect(x=(x, "T B D"), **{name: (value, "T B H")})
        if value.shape != shape:
            raise ShapeError(f"{name}: expected shape {shape} (T, B, H), got {value.shape}")
        sequences[name] = value.astype(dtype, copy=False)
    return sizes, dtype, state_type(spec.states)(*state), sequences


def in_order(spec, name, state, sizes):
    """The states as given, arrays (B, H) or None, in the order of the spec."""
    given = (None,) * len(spec.states) if state is None else state
    given = (given,) if isinstance(given, np.ndarray) else given
    if not isinstance(given, (tuple, list)):
        names = ", ".join(spec.states)
        raise TypeError(f"{name}: expected a tuple of arrays ({names}), got {type(state).__name__}")
    if len(given) != len(spec.states):
        raise ShapeError(
            f"{name}: {spec.key} carries {len(spec.states)} states ({', '.join(spec.states)}), "
            f"got {len(given)}"
        )
    for field, value in zip(spec.states, given, strict=True):
        if value is None:
            continue
        axes = "BHH" if field in spec.matrices else "BH"
        wanted = tuple(sizes[axis] for axis in axes)
        if not isinstance(value, np.ndarray) or value.shape != wanted:
            got = getattr(value, "shape", type(value).__name__)
            named = f"{wanted} ({', '.join(axes)})"
            raise ShapeError(f"{name}.{field}: expected shape {named}, got {got}")
    return given


def cotangents(spec, dy, dlast, sizes, dtype):
    """dy (T, B, H) and the gradient of the last states by name, all of the tape's dtype."""
    _gradient("dy", dy)
    expect(x=(np.empty((sizes["T"], sizes["B"], 0)), "T B none"), dy=(dy, "T B H"))
    if dy.shape[2] != sizes["H"]:
        raise ShapeError(f"dy: axis H should be {sizes['H']}, got {dy.shape[2]}; full {dy.shape}")
    dstate = {}
    for name, value in zip(spec.states, in_order(spec, "dlast", dlast, sizes), strict=True):
        counts = isinstance(spec.initial.get(name, 0.0), int)
        if value is None or counts:
            shape = (sizes["B"], *(sizes["H"],) * (1 + (name in spec.matrices)))
            dstate[name] = np.zeros(shape, np.int64 if counts else dtype)
        else:
            _gradient(f"dlast.{name}", value)
            dstate[name] = value.astype(dtype)
    return np.ascontiguousarray(dy, dtype), dstate


def _gradient(name, array):
    if not (isinstance(array, np.ndarray) and array.dtype.kind in "iu"):
        floating(name, array)


def _real(array):
    return np.asarray(array).dtype.kind not in "iu"


def running(lengths, T, B):
    """lengths (B,), integers from 0 to T; all T for None."""
    if lengths is None:
        return np.full(B, T)
    lengths = np.asarray(lengths)
    if lengths.shape != (B,) or (lengths.dtype.kind not in "iu" and B):
        raise ShapeError(
            f"lengths: expected {B} integers, shape ({B},), got {lengths.dtype} {lengths.shape}"
        )
    if lengths.size and (lengths.min() < 0 or lengths.max() > T):
        raise ValueError(f"lengths: expected 0 to T={T}, got {lengths.min()} to {lengths.max()}")
    return lengths.astype(int)


def beginnings(resets, T, B):
    """resets (T, B), booleans, true where a new sequence begins; nowhere for None."""
    if resets is None:
        return np.zeros((T, B), bool)
    resets = np.asarray(resets)
    if resets.shape != (T, B):
        raise ShapeError(f"resets: expected shape {(T, B)} (T, B), got {resets.shape}")
    if resets.dtype != bool:
        raise TypeError(f"resets: expected booleans, got {resets.dtype}; use resets.astype(bool)")
    return resets


def clocks(spec, config, H):
    """{name: (H,) integers}: tuples of the config, each entry for as many units as the others."""
    by_unit = {}
    for name, values in config.items():
        if isinstance(spec.config[name], tuple):
            if H % len(values):
                raise ValueError(
                    f"hidden_size: {H} units cannot be divided among {len(values)} modules; "
                    f"use a multiple of {len(values)}, or other {name} than {tuple(values)}"
                )
            by_unit[name] = np.repeat(np.asarray(values, np.int64), H // len(values))
    return by_unit
