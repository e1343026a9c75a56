"""One way to check arguments at the door: errors name the argument, the axis and the remedy."""

import functools
import operator
import re

import numpy as np

_AXIS = re.compile(r"(\d*)(\w+)")


class ShapeError(ValueError):
    """An array whose axes do not fit the others; the message names the argument and the axis."""


def expect(**arrays):
    """Check the axes of several arrays against each other.

    Each keyword is ``name=(array, axes)``, with axes as one string, for example
    ``expect(x=(x, "T B D"), h0=(h0, "B H"), weight_hh=(W, "4H H"))``.  A number before an axis is a
    multiple: ``4H`` is four times the size of ``H``.  An axis that is itself a number (``"1"``)
    must have that size.  Arrays need only ``.shape``.

    Returns the sizes by name, ``{"T": 7, "B": 2, ...}``.  Raises ShapeError, and TypeError for
    arrays whose numbers would be misread: masked ones, matrices, text, arrays among tensors.
    """
    sizes, set_by, first = {}, {}, None
    for name, (array, axes) in arrays.items():
        axes = _parse(axes)
        shape = _shape(name, array)
        if type(array) is np.ndarray or hasattr(array, "detach"):  # others only have a shape
            first = first or (name, array)
            _same_library(name, array, *first)
        if len(shape) != len(axes):
            wanted = f"{len(axes)} ax{'i' if len(axes) == 1 else 'e'}s"
            wanted += f" ({', '.join(axis for axis, _, _ in axes)})"
            raise ShapeError(f"{name}: expected {wanted}, got {len(shape)}; full shape {shape}")
        for (axis, times, symbol), size in zip(axes, shape, strict=True):
            if symbol is None:
                if size != times:
                    raise ShapeError(
                        f"{name}: expected size {axis}, got {size}; full shape {shape}"
                    )
            elif symbol not in sizes:
                if size % times:
                    raise ShapeError(
                        f"{name}: axis {axis} should be a multiple of {times}, got {size}; "
                        f"full shape {shape}"
                    )
                sizes[symbol], set_by[symbol] = size // times, name
            elif size != times * sizes[symbol]:
                source = set_by[symbol]
                origin = f"{symbol}={sizes[symbol]}" + (f" from {source}" if source != name else "")
                raise ShapeError(
                    f"{name}: axis {axis} should be {times * sizes[symbol]} ({origin}), "
                    f"got {size}; full shape {shape}"
                )
    return sizes


def positive_integer(**sizes):
    """Refuse, with a ValueError that names it, what is not a positive integer.

    Integers of Python and NumPy pass; booleans and floats do not, 2.0 neither.  Returns the size as
    an ``int``, or a tuple of them where several are given.
    """
    integers = [whole(name, size, 1) for name, size in sizes.items()]
    return integers[0] if len(integers) == 1 else tuple(integers)


def whole(name, number, least):
    """An integer of at least ``least``, as an ``int``; ValueError also for booleans and 2.0."""
    try:
        integer = least - 1 if isinstance(number, (bool, np.bool_)) else operator.index(number)
    except TypeError:
        integer = least - 1
    if integer < least:
        kind = "a positive integer" if least == 1 else f"an integer of at least {least}"
        raise ValueError(f"{name}: expected {kind}, got {number!r}")
    return integer


def generator(rng):
    """Refuse what draws no numbers."""
    if not isinstance(rng, np.random.Generator):
        raise TypeError(
            f"rng: expected np.random.Generator, got {type(rng).__name__}; "
            "pass np.random.default_rng(seed)"
        )


def array_of(name, values):
    """What is an array, or a list that makes one; ShapeError by name for rows of unequal length."""
    try:
        return np.asarray(values)
    except ValueError as error:
        raise ShapeError(
            f"{name}: expected an array, got a list whose rows differ in length or shape; "
            "fill up the shorter ones"
        ) from error


def expect_ids(name, ids, size, counts=None):
    """Check integers (...) that pick one of ``size`` things; returns them as an array.

    counts (...), true where an id is looked up: elsewhere any may stand, and 0 is returned for it.
    TypeError for what is not an integer, IndexError with the id and its position for one outside
    0 … size - 1: counting from the end, as Python does, would hide a mistake.
    """
    ids = array_of(name, ids)
    ids = ids if ids.size else ids.astype(np.int64)  # an empty list is of floats
    if ids.dtype.kind not in "iu":
        raise TypeError(
            f"{name}: expected integers, got {ids.dtype}; tokens are looked up, not scaled"
        )
    if counts is not None:
        ids = np.where(counts, ids, 0).astype(ids.dtype)
    wrong = (ids < 0) | (ids >= size)
    if wrong.any():
        place = tuple(int(k) for k in np.argwhere(wrong)[0])
        where = f", at position {place}" if place else ""
        raise IndexError(
            f"{name}: {ids[place]} is outside the vocabulary of {size}{where}; use 0 to {size - 1}"
        )
    return ids


@functools.cache
def _parse(axes):
    """((axis, multiple, symbol), ...), symbol None where the axis is a number itself."""
    triples = []
    for axis in axes.split():
        times, symbol = (axis, None) if axis.isdigit() else _AXIS.fullmatch(axis).groups()
        triples.append((axis, int(times or 1), symbol))
    return tuple(triples)


def _same_library(name, array, first, its):
    """Refuse tensors beside arrays; each operation between them fails in words of its own."""
    if hasattr(array, "detach") != hasattr(its, "detach"):
        raise TypeError(
            f"{name}: a {_library(array)}, but {first} is a {_library(its)}; "
            "pass all as the one or all as the other"
        )


def _library(array):
    return "tensor" if hasattr(array, "detach") else "NumPy array"


def ordinary(name, array):
    """Refuse, with a TypeError by name, arrays that NumPy's operators read otherwise than we do."""
    if isinstance(array, np.ma.MaskedArray):
        raise TypeError(
            f"{name}: expected a plain array, got a masked one, whose mask would be ignored; "
            f"use {name}.filled(0), and lengths or a mask where there is one"
        )
    if isinstance(array, np.matrix):
        raise TypeError(f"{name}: expected an array, got a matrix; use np.asarray({name})")


def _shape(name, array):
    if isinstance(array, np.ndarray):
        ordinary(name, array)
        if array.dtype.kind not in "biufc":
            raise TypeError(
                f"{name}: expected numbers, got {array.dtype}; use {name}.astype(float)"
            )
    try:
        return tuple(int(n) for n in array.shape)
    except RuntimeError as error:  # a nested tensor has no one shape
        raise ShapeError(
            f"{name}: expected one array, got rows of unequal length; "
            f"use {name}.to_padded_tensor(0), and lengths"
        ) from error
    except AttributeError:
        raise ShapeError(
            f"{name}: expected an array, got {type(array).__name__}; pass a NumPy array or a tensor"
        ) from None
