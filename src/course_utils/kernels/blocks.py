"""The values of a kernel: blocks of numbers with Triton's arithmetic and types.

A block is what a program computes with at once; a number is a block without axes.  Constants of
Python take the type of the block that they meet: ``2 * x`` is as wide as x.
"""

import numpy as np

from course_utils.kernels.words import OTHERWISE, ZEROS, instead

KINDS = "biuf"  # a type of a later kind wins: a float with an integer is that float


class Block:
    """Numbers of one type; ``values`` is an array of any number of axes."""

    __slots__ = ("values",)

    def __init__(self, values):
        self.values = np.asarray(values)

    @property
    def shape(self):
        """Its axes, as in Triton a tuple."""
        return self.values.shape

    @property
    def dtype(self):
        """The type of its numbers."""
        return self.values.dtype

    def to(self, dtype):
        """The same numbers as another type."""
        return Block(self.values.astype(dtype))

    def __getitem__(self, place):
        return Block(self.values[new_axes(place)])

    def __add__(self, other):
        return combined(np.add, self, other)

    def __radd__(self, other):
        return combined(np.add, other, self)

    def __sub__(self, other):
        return combined(np.subtract, self, other)

    def __rsub__(self, other):
        return combined(np.subtract, other, self)

    def __mul__(self, other):
        return combined(np.multiply, self, other)

    def __rmul__(self, other):
        return combined(np.multiply, other, self)

    def __truediv__(self, other):
        return combined(divided, self, other)

    def __rtruediv__(self, other):
        return combined(divided, other, self)

    def __floordiv__(self, other):
        return combined(whole_quotient, self, other)

    def __rfloordiv__(self, other):
        return combined(whole_quotient, other, self)

    def __mod__(self, other):
        return combined(np.fmod, self, other)

    def __rmod__(self, other):
        return combined(np.fmod, other, self)

    def __and__(self, other):
        return combined(bitwise(np.bitwise_and, "&"), self, other)

    __rand__ = __and__

    def __or__(self, other):
        return combined(bitwise(np.bitwise_or, "|"), self, other)

    __ror__ = __or__

    def __xor__(self, other):
        return combined(bitwise(np.bitwise_xor, "^"), self, other)

    __rxor__ = __xor__

    def __lt__(self, other):
        return combined(np.less, self, other)

    def __le__(self, other):
        return combined(np.less_equal, self, other)

    def __gt__(self, other):
        return combined(np.greater, self, other)

    def __ge__(self, other):
        return combined(np.greater_equal, self, other)

    def __eq__(self, other):
        return combined(np.equal, self, other)

    def __ne__(self, other):
        return combined(np.not_equal, self, other)

    __hash__ = None

    def __neg__(self):
        return Block(-self.values)

    def __invert__(self):
        return Block(bitwise(np.invert, "~")(self.values))

    def __pow__(self, other):
        raise TypeError("** is not part of Triton: for a square write x * x")

    __rpow__ = __pow__

    def __bool__(self):
        if self.values.size != 1:
            raise TypeError(
                f"a block of {self.values.size} numbers is neither true nor false: choose by "
                "tl.where(condition, a, b), and join masks by & and |"
            )
        return bool(self.values)

    def __index__(self):
        if self.values.ndim or self.values.dtype.kind not in "iu":
            raise TypeError("a block is no whole number: where one is needed, pass it as an "
                            "argument of the kernel")  # fmt: skip
        return int(self.values)

    def __float__(self):
        raise TypeError("Python's math and float know no blocks: a kernel says tl.exp, tl.log, "
                        f"tl.sqrt; {OTHERWISE['tanh']}")  # fmt: skip

    def __iter__(self):
        raise TypeError("a kernel cannot walk over a block: it computes with all of it at once")

    def __array_ufunc__(self, ufunc, method, *inputs, **options):
        raise TypeError(f"np.{ufunc.__name__} knows no blocks: {instead(ufunc.__name__)}")

    def __array_function__(self, function, types, args, options):
        raise TypeError(f"np.{function.__name__} knows no blocks: {instead(function.__name__)}")

    def __array__(self, *_, **__):
        raise TypeError("a block is no array of NumPy: a kernel computes with tl alone")

    def __repr__(self):
        return f"block of {self.dtype}, {self.values}"


def new_axes(place):
    """An index that only adds axes, ``[:, None]``; nothing else can be taken out of a block."""
    parts = place if isinstance(place, tuple) else (place,)
    if not all(p is None or (isinstance(p, slice) and p == slice(None)) for p in parts):
        raise TypeError("nothing in a kernel is indexed, save for an axis, [:, None]: numbers are "
                        "loaded, tl.load(x_ptr + index)")  # fmt: skip
    return parts


def combined(operation, a, b):
    """An operation on two operands as one type, broadcast."""
    a, b = in_common(operand(a), operand(b))
    try:
        return Block(operation(a, b))
    except ValueError:
        raise ValueError(
            f"blocks of shapes {np.shape(a)} and {np.shape(b)} do not fit entry by entry"
        ) from None


def operand(value):
    """A block's array, or a constant of Python; all else has no place in arithmetic."""
    if isinstance(value, Block):
        return value.values
    if isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, np.generic):
        return value.item()
    if hasattr(value, "offsets"):
        value.no_number()
    if value is None:
        raise TypeError("a value is None: a store gives nothing back")
    if isinstance(value, np.ndarray):
        raise TypeError(f"an array of NumPy has no place in a kernel: {ZEROS}, or pass the array "
                        "as an argument and load from it")  # fmt: skip
    raise TypeError(f"a {type(value).__name__} has no place in a kernel: pass it as an argument")


def in_common(a, b):
    """Both as arrays of the type in which Triton would compute."""
    if isinstance(a, np.ndarray) and isinstance(b, np.ndarray) and a.dtype == b.dtype:
        return a, b
    types = [v.dtype for v in (a, b) if isinstance(v, np.ndarray)]
    types += [constant_type(v, types) for v in (a, b) if not isinstance(v, np.ndarray)]
    common = types[0] if len(types) == 1 else wider(*types)
    return np.asarray(a, common), np.asarray(b, common)


def constant_type(value, others):
    """The type of a constant beside blocks: theirs, unless it is of a later kind."""
    own = np.asarray(value).dtype.kind
    own = np.dtype({"b": "bool", "f": "float32"}.get(own, "int32"))
    if isinstance(value, int) and not -(2**31) <= value < 2**31:
        own = np.dtype("int64")
    return others[0] if others and kind(others[0]) >= kind(own) else own


def kind(dtype):
    """Bools before integers before floats."""
    return KINDS.index("i" if dtype.kind == "u" else dtype.kind)


def wider(one, other):
    """The type of two blocks together: the later kind's, of one kind the wider."""
    if kind(one) == kind(other):
        return np.promote_types(one, other)
    return one if kind(one) > kind(other) else other


def divided(a, b):
    """a / b, of integers as float32."""
    return np.true_divide(a, b) if a.dtype.kind == "f" else np.true_divide(a, b, dtype="float32")


def whole_quotient(a, b):
    """a // b rounded towards zero, as machines divide."""
    if a.dtype.kind == "f":
        raise TypeError("// is for whole numbers")
    return (a - np.fmod(a, b)) // b


def bitwise(function, sign):
    """A function of bits, which floats refuse."""

    def of_bits(*arrays):
        if any(a.dtype.kind == "f" for a in arrays):
            raise TypeError(f"{sign} joins masks and whole numbers, not floats")
        return function(*arrays)

    return of_bits
