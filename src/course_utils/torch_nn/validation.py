"""What ``Recurrent`` checks before it computes: errors name the argument and the remedy."""

import warnings
from numbers import Real

import torch

from course_utils.shapes import ShapeError, expect_ids
from course_utils.specs import get_spec
from course_utils.torch_nn import modes
from course_utils.torch_nn.cells import get_cell
from course_utils.torch_nn.native import KERNELS

BACKENDS = ("auto", "native", "eager", "compiled", "scan", "graph")


def probability(dropout, num_layers):
    """dropout as a float; a warning where one layer leaves it nothing to do, as nn.LSTM gives."""
    if isinstance(dropout, bool) or not isinstance(dropout, Real) or not 0 <= dropout <= 1:
        raise ValueError(f"dropout: expected a number from 0 to 1, got {dropout!r}")
    if dropout and num_layers == 1:
        warnings.warn(
            f"dropout: acts between layers, so {dropout} does nothing with num_layers=1",
            stacklevel=3,
        )
    return float(dropout)


def known_backend(key, backend):
    """The backend, if there is one of this name for the cell."""
    if backend not in BACKENDS:
        raise ValueError(f"backend: expected one of {', '.join(BACKENDS)}, got {backend!r}")
    if backend == "native" and key not in KERNELS:
        raise ValueError(
            f"backend: PyTorch has no kernel for {key!r}, only for {', '.join(KERNELS)}; use 'auto'"
        )
    if backend == "scan" and not hasattr(get_cell(key), "coefficients"):
        raise ValueError(
            f"backend: {key!r} is not linear in its past and cannot be scanned; use 'auto'"
        )
    return backend


def check_input(layer, x):
    """The input as the caller gave it: rank, width, dtype and device."""
    if not isinstance(x, torch.Tensor):
        raise TypeError(
            f"input: expected a tensor or a PackedSequence, got {type(x).__name__}; "
            "use torch.as_tensor"
        )
    dense("input", x)
    shape = tuple(x.shape)
    if len(shape) not in (2, 3):
        layout = "(B, T, D)" if layer.batch_first else "(T, B, D)"
        raise ShapeError(f"input: expected {layout} or (T, D), got {len(shape)} axes; {shape}")
    check_values(layer, x, shape)


def check_values(layer, x, shape):
    """Width, dtype and device of an input, or of the data of a packed one."""
    if shape[-1] != layer.input_size:
        raise ShapeError(
            f"input: axis D should be {layer.input_size} (input_size), got {shape[-1]}; "
            f"full shape {shape}"
        )
    same_kind("input", x, layer.example())


def check_states(layer, hx, shape, axes, x):
    """hx as a tuple of states, each of the given shape, in the dtype and on the device of x."""
    names = layer.spec.states
    given = (hx,) if isinstance(hx, torch.Tensor) else hx
    if not isinstance(given, tuple | list):
        raise TypeError(f"hx: expected a tensor or a tuple of tensors, got {type(hx).__name__}")
    if len(given) != len(names):
        raise ShapeError(
            f"hx: {layer.key} carries {len(names)} states ({', '.join(names)}), got {len(given)}"
        )
    for name, s in zip(names, given, strict=True):
        if not isinstance(s, torch.Tensor):
            raise TypeError(f"hx.{name}: expected a tensor, got {type(s).__name__}")
        dense(f"hx.{name}", s)
        if tuple(s.shape) != shape:
            raise ShapeError(f"hx.{name}: expected shape {shape} {axes}, got {tuple(s.shape)}")
        if name in counters(layer.key):
            if s.dtype.is_floating_point or s.dtype.is_complex or s.dtype == torch.bool:
                raise TypeError(
                    f"hx.{name}: counts steps, expected integers, got {s.dtype}; "
                    f"use hx.{name}.long()"
                )
            same_device(f"hx.{name}", s, x)
        else:
            same_kind(f"hx.{name}", s, layer.example(), x.dtype)
    return tuple(given)


def counters(key):
    """The states of a cell that are integers, such as the clock of ``clockwork``."""
    return tuple(name for name, v in get_spec(key).initial.items() if isinstance(v, int))


def same_kind(name, x, like, *others):
    """x must be on like's device and have its dtype, one of the others, or one autocast mixes."""
    if x.dtype == like.dtype and x.device == like.device:  # asking about autocast takes longer
        return
    allowed = {like.dtype, *others}
    device = like.device.type
    if torch.amp.is_autocast_available(device) and torch.is_autocast_enabled(device):
        allowed |= {torch.float32, torch.get_autocast_dtype(device)}
    if x.dtype not in allowed:
        raise TypeError(
            f"{name}: expected {like.dtype}, got {x.dtype}; use {name}.to({like.dtype})"
        )
    same_device(name, x, like)


def dense(name, x):
    """Refuse a tensor that does not hold all its numbers side by side, as they are."""
    if x.layout is torch.strided and not x.is_quantized and not x.is_nested:
        return
    if x.is_nested:
        kind, remedy = "a nested one", "to_padded_tensor(0), and lengths"
    elif x.is_quantized:
        kind, remedy = "a quantized one", "dequantize()"
    else:
        kind, remedy = f"layout {x.layout}", "to_dense()"
    raise TypeError(f"{name}: expected a dense tensor, got {kind}; use {name}.{remedy}")


def tensors(**values):
    """Refuse by name what is no dense tensor."""
    for name, value in values.items():
        if not isinstance(value, torch.Tensor):
            raise TypeError(
                f"{name}: expected a tensor, got {type(value).__name__}; use torch.as_tensor"
            )
        dense(name, value)


def fitting(like, **values):
    """Refuse by name what is no dense tensor with the floating dtype, and on the device, of like.

    like: a tensor, such as a weight of the layer that reads them.
    """
    tensors(**values)
    for name, value in values.items():
        same_kind(name, value, like)


def dtype_of(dtype):
    """A real floating dtype of PyTorch, or None; TypeError by name for any other thing."""
    if dtype is None or dtype is float:
        return dtype
    if not isinstance(dtype, torch.dtype) or not dtype.is_floating_point:
        raise TypeError(
            f"dtype: expected a real floating dtype of PyTorch, got {dtype!r}; use torch.float32"
        )
    return dtype


def array_like(name, values):
    """A tensor, or what makes one; TypeError or ShapeError by name for what does not."""
    if isinstance(values, torch.Tensor):
        dense(name, values)
        return values
    try:
        return torch.as_tensor(values)
    except (TypeError, ValueError, RuntimeError) as error:
        ragged = "expected sequence" in str(error)
        said = "a list whose rows differ in length" if ragged else f"{values!r:.60}"
        raise (ShapeError if ragged else TypeError)(
            f"{name}: expected a tensor or a list of numbers, got {said}"
        ) from error


def check_tensors(x, **others):
    """x, a tensor of floating numbers, and others of its dtype; clocks are integers."""
    tensors(x=x, **others)
    if not x.is_floating_point():
        raise TypeError(f"x: expected floating numbers, got {x.dtype}")
    for name, value in others.items():
        if value.is_floating_point():
            same_kind(name, value, x)


def same_device(name, x, like):
    """x must be on like's device."""
    if x.device != like.device:
        raise ValueError(
            f"{name}: on {x.device}, the other arrays on {like.device}; move one of them"
        )


def check_integers(name, ids):
    """A tensor of integers, no booleans."""
    if not isinstance(ids, torch.Tensor):
        raise TypeError(f"{name}: expected a tensor of integers, got {type(ids).__name__}")
    if ids.dtype.is_floating_point or ids.dtype.is_complex or ids.dtype == torch.bool:
        raise TypeError(f"{name}: expected integers, got {ids.dtype}")


def check_ids(name, ids, size):
    """Integers from 0 to size - 1; where they are no plain numbers on the CPU, torch complains."""
    check_integers(name, ids)
    plain = ids.device.type == "cpu" and modes.concrete(ids)
    if plain and not modes.recorded() and not modes.transformed():
        expect_ids(name, ids.numpy(), size)


def check_lengths(lengths, T, B, name="lengths", axis="T"):
    """lengths as integers (B,), each from 0 to T."""
    lengths = array_like(name, lengths)
    kind = lengths.dtype
    whole = not (kind.is_floating_point or kind.is_complex or kind == torch.bool)
    if not whole or tuple(lengths.shape) != (B,):
        raise ShapeError(
            f"{name}: expected {B} integers, shape ({B},), got {kind} {tuple(lengths.shape)}"
        )
    fits = ((lengths >= 0) & (lengths <= T)).all()
    if torch.compiler.is_compiling():  # checked when the graph runs
        torch._assert_async(fits, f"{name}: expected 0 to {axis}={T}")
    elif modes.concrete(fits) and not fits:
        raise ValueError(f"{name}: expected 0 to {axis}={T}, got {lengths.tolist()}")
    return lengths


def check_resets(resets, shape, axes):
    """resets as booleans of the given shape."""
    resets = array_like("resets", resets)
    if resets.dtype != torch.bool:
        raise TypeError(
            f"resets: expected booleans, true where a sequence begins, got {resets.dtype}; "
            "use resets.bool()"
        )
    if tuple(resets.shape) != shape:
        raise ShapeError(f"resets: expected shape {shape} {axes}, got {tuple(resets.shape)}")
    return resets
