"""What a kernel may say: the part of ``triton.language`` that the course's kernels need."""

import numpy as np

from course_utils.kernels.blocks import Block, combined, in_common, operand
from course_utils.kernels.launch import Real, Whole, cdiv, running
from course_utils.kernels.loops import steps
from course_utils.kernels.memory import Pointer
from course_utils.kernels.words import OTHERWISE

__all__ = [
    "abs", "arange", "atomic_add", "cdiv", "constexpr", "cos", "exp", "float16", "float32",
    "float64", "full", "int32", "int64", "load", "log", "max", "maximum", "min", "minimum",
    "num_programs", "program_id", "range", "sigmoid", "sin", "sqrt", "static_range", "store",
    "sum", "where", "zeros",
]  # fmt: skip

float16, float32, float64 = np.float16, np.float32, np.float64
int32, int64 = np.int32, np.int64
static_range, range = range, steps
LONGEST = 2**20


class constexpr:
    """Marks what is known when a kernel is compiled: ``BLOCK: tl.constexpr``, ONE = constexpr(1).

    The second is a number like any other, which a kernel may read from around it.
    """

    def __new__(cls, value):
        return {int: Whole, float: Real}.get(type(value), lambda same: same)(value)


def __getattr__(name):
    if name.startswith("__"):
        raise AttributeError(name)
    hint = OTHERWISE.get(name, f"what is there: {', '.join(__all__)}")
    raise AttributeError(f"tl.{name}: this stand-in lacks it, even if Triton has it: {hint}")


def program_id(axis):
    """Which program this is, along an axis of the grid."""
    return Block(np.int32(along(axis, running().place, 0)))


def num_programs(axis):
    """How many programs there are along an axis of the grid."""
    return Block(np.int32(along(axis, running().grid, 1)))


def along(axis, values, beyond):
    """The entry of an axis; a grid has three, those that were not given are of one program."""
    if axis not in (0, 1, 2):
        raise ValueError(f"axis: a grid has the axes 0, 1 and 2, got {axis}")
    return values[axis] if axis < len(values) else beyond


def arange(start, end):
    """A block of start, start + 1, ..., end - 1; its size is a power of two and a constant."""
    if isinstance(start, Block) or isinstance(end, Block):
        raise TypeError("tl.arange: its ends must be known when the kernel is compiled: mark the "
                        "argument, BLOCK: tl.constexpr")  # fmt: skip
    size = end - start
    if size < 1 or size & (size - 1) or size > LONGEST:
        raise ValueError(
            f"tl.arange({start}, {end}): the size of a block is a power of two, at most {LONGEST}, "
            f"not {size}: take the next higher and mask the rest"
        )
    return Block(np.arange(start, end, dtype=np.int32))


def load(pointer, mask=None, other=None):
    """The numbers at the addresses where the mask is True, elsewhere ``other``."""
    return address(pointer, "load").load(mask, other, running().number)


def store(pointer, value, mask=None):
    """Write a block to the addresses where the mask is True."""
    address(pointer, "store").store(value, mask, running().number)


def atomic_add(pointer, value, mask=None):
    """Add a block to the numbers at the addresses; several programs may add to the same one.

    Departure: gives nothing back.
    """
    address(pointer, "atomic_add").store(value, mask, running().number, "atomic_add")


def address(pointer, doing):
    """A pointer; whatever else is a slip."""
    if isinstance(pointer, Pointer):
        return pointer
    raise TypeError(f"tl.{doing} wants an address, such as x_ptr + index; it got numbers")


def zeros(shape, dtype):
    """A block of zeros."""
    return full(shape, 0, dtype)


def full(shape, value, dtype):
    """A block of one value."""
    if any(isinstance(n, Block) for n in (shape if isinstance(shape, tuple) else (shape,))):
        raise TypeError("shape: the size of a block is a constant, BLOCK: tl.constexpr")
    return Block(np.full(shape, operand(value), dtype))


def where(condition, x, y):
    """x where the condition holds, elsewhere y."""
    chosen = np.asarray(operand(condition), bool)
    return Block(np.where(chosen, *in_common(operand(x), operand(y))))


def maximum(x, y):
    """The larger of each pair; of a NaN and a number the number, as GPUs do."""
    return combined(np.fmax, x, y)


def minimum(x, y):
    """The smaller of each pair; of a NaN and a number the number, as GPUs do."""
    return combined(np.fmin, x, y)


def floats(name, x):
    """The values of a block of floats."""
    values = np.asarray(operand(x))
    if isinstance(x, (int, float)):
        values = values.astype(np.float32)
    if values.dtype.kind != "f":
        raise TypeError(f"tl.{name} is for floats, this block holds {values.dtype}: x.to(…)")
    return values


def exp(x):
    """e to the power of x."""
    return Block(np.exp(floats("exp", x)))


def log(x):
    """The natural logarithm."""
    return Block(np.log(floats("log", x)))


def sqrt(x):
    """The square root."""
    return Block(np.sqrt(floats("sqrt", x)))


def sin(x):
    """The sine."""
    return Block(np.sin(floats("sin", x)))


def cos(x):
    """The cosine."""
    return Block(np.cos(floats("cos", x)))


def sigmoid(x):
    """1 / (1 + exp(-x))."""
    return Block(1 / (1 + np.exp(-floats("sigmoid", x))))


def abs(x):
    """|x|."""
    return Block(np.abs(operand(x)))


def sum(x, axis=None):
    """The sum along an axis, or of all numbers; bools are counted."""
    values = np.asarray(operand(x))
    dtype = np.int32 if values.dtype.kind == "b" else values.dtype
    return Block(values.sum(axis=axis, dtype=dtype))


def max(x, axis=None):
    """The largest along an axis, or of all numbers; NaN is passed over."""
    return Block(np.fmax.reduce(np.asarray(operand(x)), axis=axis))


def min(x, axis=None):
    """The smallest along an axis, or of all numbers; NaN is passed over."""
    return Block(np.fmin.reduce(np.asarray(operand(x)), axis=axis))
