"""Checks at the door that every function of this room shares; an error names the argument."""

from collections.abc import Mapping

import numpy as np

from course_utils.shapes import ShapeError, array_of, ordinary

KINDS = {"f": "real floating numbers", "fc": "floating numbers"}
TYPES = {"f": "a floating type", "biufc": "a type of numbers"}


def numpy_array(name, value):
    """Refuse by name what is not an array of NumPy's, and say what to do with a tensor."""
    if hasattr(value, "detach"):
        raise TypeError(
            f"{name}: expected a NumPy array, got {type(value).__name__}; "
            f"use {name}.detach().cpu().numpy(), or torch_nn for tensors"
        )
    if not isinstance(value, (np.ndarray, np.generic)):
        raise ShapeError(
            f"{name}: expected an array, got {type(value).__name__}; use np.asarray({name})"
        )
    ordinary(name, value)


def floating(kinds="fc", **arrays):
    """Refuse by name what is not a NumPy array of floating numbers (``"f"``: real ones)."""
    for name, array in arrays.items():
        numpy_array(name, array)
        if array.dtype.kind not in kinds:
            remedy = f"use {name}.astype(float)" + (", or ops.embed for tokens" * (name == "x"))
            raise TypeError(f"{name}: expected {KINDS[kinds]}, got {array.dtype}; {remedy}")


def dtype_of(dtype, kinds="f"):
    """A type of numbers of these kinds, as NumPy's; TypeError by name for any other thing."""
    try:
        made = np.dtype(dtype)
    except TypeError as error:
        raise TypeError(f"dtype: expected {TYPES[kinds]}, got {dtype!r}; use np.float32") from error
    if made.kind not in kinds:
        raise TypeError(f"dtype: expected {TYPES[kinds]}, got {made}; use np.float32")
    return made


def numbers(name, value, least=0, below=np.inf, *, positive=False):
    """One real number, or an array of them, as float64: from least, or above it, to below."""
    array = array_of(name, value)
    fits = array.dtype.kind in "iuf"
    if fits:
        array = array.astype(np.float64)
        low = array > 0 if positive else array >= least
        fits = (low & ((array < below) | (below == np.inf))).all()  # NaN is on neither side
    if not fits:
        said = "a positive number" if positive else f"a number of at least {least}"
        said += f" and below {below}" if below < np.inf else ""
        raise ValueError(f"{name}: expected {said}, got {value!r}")
    return array


def probability(name, value):
    """A share of at least 0 and below 1, as a float."""
    kind = np.asarray(value).dtype.kind
    if np.ndim(value) or kind not in "iuf" or not 0 <= value < 1:
        raise ValueError(f"{name}: expected a probability below 1, got {value!r}")
    return float(value)


def by_name(name, arrays):
    """Refuse by name what is no dict of arrays."""
    if not isinstance(arrays, Mapping):
        raise TypeError(f"{name}: expected a dict of arrays, got {type(arrays).__name__}")


def check(spec, params, kinds="fc", **arrays):
    """Sizes by axis of checked params and arrays: ``spec.check``, and all of floating numbers.

    arrays as for ``shapes.expect``.  Raises ShapeError, TypeError or KeyError by name.
    """
    if not isinstance(params, Mapping):
        raise TypeError(
            f"params: expected a dict of arrays, as from init_params, got {type(params).__name__}"
        )
    floating(kinds, **{name: array for name, (array, _) in arrays.items()})
    floating(kinds, **{name: p for name, p in params.items() if hasattr(p, "dtype")})
    return spec.check(params, **arrays)


def matching(params, **others):
    """Check that dicts of arrays, such as gradients, fit params: ``name=(dict, remark)``.

    They may hold more arrays than params, as the gradients of further inputs.
    """
    for name, arrays in others.items():
        by_name(name, arrays)
        missing = sorted(set(params) - set(arrays))
        if missing:
            raise KeyError(f"{name}: missing {', '.join(missing)}; expected the keys of params")
        for key, p in params.items():
            numpy_array(f"{name}[{key!r}]", arrays[key])
            if np.shape(arrays[key]) != np.shape(p):
                raise ShapeError(
                    f"{name}[{key!r}]: expected shape {np.shape(p)} of params[{key!r}], "
                    f"got {np.shape(arrays[key])}"
                )


def cotangent(name, array, dtype, shape=None):
    """The gradient of an output as an array of ``dtype``, which the whole backward pass has.

    shape, that of the output, where nothing else checks it: NumPy would spread a smaller array over
    the missing axes in silence.  ShapeError or TypeError by name.
    """
    if type(array) is np.ndarray and array.dtype == dtype and shape in (None, array.shape):
        return array
    numpy_array(name, array)
    if shape is not None:
        of_shape(shape, **{name: array})
    if array.dtype.kind not in "iu":
        floating("fc" if dtype.kind == "c" else "f", **{name: array})
    return array.astype(dtype, copy=False)


def of_shape(shape, **gradients):
    """Refuse by name gradients without the shape of what they are the gradients of.

    NumPy would spread a smaller array over the missing axes in silence.
    """
    for name, array in gradients.items():
        numpy_array(name, array)
        if array.shape != shape:
            raise ShapeError(f"{name}: expected the output's shape {shape}, got {array.shape}")


def initial_state(spec, cell, state, B, H, dtype, name="state0", nets=None):
    """The states to start from: the cell's own for None, else checked, as the cell's NamedTuple.

    state, a tuple of arrays or None in the order of the spec's states, each (B, H), or (K, B, H)
    where nets is K; the array itself where there is one state.  Floating states get one dtype, the
    widest of theirs and ``dtype``.
    """
    given, blank = _states(spec, state, B, H, dtype, name, nets)
    states = []
    for field, value, own in zip(spec.states, given, blank, strict=True):
        label, value = f"{name}.{field}", own if value is None else value
        if own.dtype.kind not in "iu":
            floating(**{label: value})
        elif value.dtype.kind not in "iu":
            raise TypeError(f"{label}: expected integers, got {value.dtype}; it counts steps")
        states.append(value)
    dtype = np.result_type(dtype, *(v for v in states if v.dtype.kind in "fc"))
    return cell.State(*(v if v.dtype.kind in "iu" else v.astype(dtype, copy=False) for v in states))


def last_gradient(spec, cell, dlast, B, H, dtype, name="dlast", nets=None):
    """The gradients of the last states, as ``initial_state``: zero for None, all of ``dtype``."""
    given, blank = _states(spec, dlast, B, H, dtype, name, nets)
    gradients = []
    for field, value, own in zip(spec.states, given, blank, strict=True):
        if value is None or own.dtype.kind in "iu":  # nothing flows through a clock
            gradients.append(np.zeros(own.shape, own.dtype))
        else:
            gradients.append(cotangent(f"{name}.{field}", value, np.dtype(dtype)))
    return cell.State(*gradients)


def one_a_state(spec, state, name):
    """What is given as a tuple, one entry for each state; a single array stands for itself."""
    given = (state,) if isinstance(state, np.ndarray) else state
    if not isinstance(given, (tuple, list)):
        raise TypeError(
            f"{name}: expected a tuple of arrays ({', '.join(spec.states)}), "
            f"got {type(state).__name__}"
        )
    if len(given) != len(spec.states):
        raise ShapeError(
            f"{name}: {spec.key} carries {len(spec.states)} states ({', '.join(spec.states)}), "
            f"got {len(given)}"
        )
    return tuple(given)


def _states(spec, state, B, H, dtype, name, nets):
    """What is given, arrays of the right shapes or None, and what the cell starts from."""
    given = (None,) * len(spec.states) if state is None else one_a_state(spec, state, name)
    starts = [spec.initial.get(field, 0.0) for field in spec.states]  # an int is a clock's
    blank = [np.full((B, H), v, np.int64 if isinstance(v, int) else dtype) for v in starts]
    blank = [b if nets is None else np.broadcast_to(b, (nets, B, H)) for b in blank]
    sizes = f"B={B}, H={H}" if nets is None else f"K={nets}, B={B}, H={H}"
    given = [np.asarray(v) if isinstance(v, (list, tuple)) else v for v in given]
    for field, value, zero in zip(spec.states, given, blank, strict=True):
        if value is None:
            continue
        numpy_array(f"{name}.{field}", value)
        if value.shape != zero.shape:
            raise ShapeError(
                f"{name}.{field}: expected shape {zero.shape} ({sizes}), got {value.shape}"
            )
    return given, blank


def running(lengths, T, B, name="lengths", axis="T"):
    """lengths (B,), integers from 0 to T -> (T, B) true where a step counts; None for None."""
    if lengths is None:
        return None
    ordinary(name, lengths)
    lengths = array_of(name, lengths)
    if not np.issubdtype(lengths.dtype, np.integer) or lengths.shape != (B,):
        raise ShapeError(
            f"{name}: expected {B} integers, shape ({B},), got {lengths.dtype} {lengths.shape}"
        )
    if lengths.size and (lengths.min() < 0 or lengths.max() > T):
        raise ValueError(
            f"{name}: expected 0 to {axis}={T}, got {lengths.min()} to {lengths.max()}"
        )
    return np.arange(T)[:, None] < lengths


def beginnings(resets, T, B):
    """resets (T, B), booleans, true where a new sequence begins; None for None."""
    if resets is None:
        return None
    ordinary("resets", resets)
    resets = array_of("resets", resets)
    if resets.shape != (T, B):
        raise ShapeError(f"resets: expected shape {(T, B)} (T, B), got {resets.shape}")
    if resets.dtype != bool:
        raise TypeError(
            f"resets: expected booleans, got {resets.dtype}; use resets.astype(bool), "
            "true at the first step of each sequence"
        )
    return resets


def further_inputs(spec, inputs, sizes, dtype):
    """What else a step reads, by name, zeros where it is not given; sizes by axis, in order."""
    unknown = set(inputs) - set(spec.inputs)
    if unknown:
        raise TypeError(f"unroll: {spec.key} reads no {', '.join(sorted(unknown))}")
    shape, values = tuple(sizes.values()), {}
    for name in spec.inputs:
        value = inputs.get(name)
        value = np.zeros(shape, dtype) if value is None else value
        floating(**{name: value})
        if value.shape != shape:
            axes = ", ".join(sizes)
            raise ShapeError(f"{name}: expected shape {shape} ({axes}), got {value.shape}")
        values[name] = value
    return values


def made_by(tape, kind, maker, name="tape"):
    """Refuse a tape or a cache that another function made."""
    if not isinstance(tape, kind):
        raise TypeError(
            f"{name}: expected what {maker} returned last, got {type(tape).__name__} of "
            f"{type(tape).__module__}"
        )
