"""One way to check shapes at the door: errors name the argument, the axis and what set its size."""

import functools
import re

_AXIS = re.compile(r"(\d*)(\w+)")


class ShapeError(ValueError):
    """An array whose axes do not fit the others; the message names the argument and the axis."""


def expect(**arrays):
    """Check the axes of several arrays against each other.

    Each keyword is ``name=(array, axes)``, with axes as one string, for example
    ``expect(x=(x, "T B D"), h0=(h0, "B H"), weight_hh=(W, "4H H"))``.  A number before an axis is a
    multiple: ``4H`` is four times the size of ``H``.  An axis that is itself a number (``"1"``)
    must have that size.  Arrays need only ``.shape``.

    Returns the sizes by name, ``{"T": 7, "B": 2, ...}``.  Raises ShapeError.
    """
    sizes, set_by = {}, {}
    for name, (array, axes) in arrays.items():
        axes = _parse(axes)
        shape = _shape(name, array)
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


@functools.cache
def _parse(axes):
    """((axis, multiple, symbol), ...), symbol None where the axis is a number itself."""
    found = []
    for axis in axes.split():
        times, symbol = (axis, None) if axis.isdigit() else _AXIS.fullmatch(axis).groups()
        found.append((axis, int(times or 1), symbol))
    return tuple(found)


def _shape(name, array):
    try:
        return tuple(int(n) for n in array.shape)
    except AttributeError:
        raise ShapeError(
            f"{name}: expected an array, got {type(array).__name__}; pass a NumPy array or a tensor"
        ) from None
