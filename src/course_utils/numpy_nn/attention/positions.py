"""Where a vector stands in the sequence: what self-attention cannot know by itself."""

import operator

import numpy as np

from course_utils.numpy_nn.validation import dtype_of, floating
from course_utils.shapes import expect, whole


def sinusoidal(T, size, dtype=np.float64):
    """Positions 0 … T−1 as waves, to add to a sequence: (T, 1, size), size even.

    Entry 2i is sin(t / 10000^(2i/size)), entry 2i+1 the cosine.  Vaswani et al. 2017, section 3.5.
    """
    dtype, angle = dtype_of(dtype), angles(T, size)
    waves = np.stack([np.sin(angle), np.cos(angle)], axis=-1)  # (T, size / 2, 2)
    return waves.reshape(T, 1, size).astype(dtype)


def rotate(x, *, first=0):
    """Turn the pairs (x_2i, x_2i+1) of x (T, B, D) by the angle of their position.

    So the inner product of a rotated query with a rotated key depends on how far apart they stand,
    not on where.  first, the position of x[0].  Su et al. 2021, RoFormer, section 3.2.2.
    """
    return _turn("x", x, first, 1)


def rotate_backward(dy, *, first=0):
    """dy (T, B, D) -> dx: a rotation's way back is the rotation the other way round."""
    return _turn("dy", dy, first, -1)


def angles(T, size, first=0):
    """(T, size / 2): the position times a frequency that falls from 1 to about 1/10000."""
    T, size = whole("T", T, least=0), whole("size", size, least=0)
    return _angles(T, size, _position(first))


def _angles(T, size, first):
    """As ``angles``, of integers."""
    if size % 2:
        raise ValueError(f"size: positions come in pairs, expected an even number, got {size}")
    return np.arange(first, first + T)[:, None] / 10000 ** (np.arange(0, size, 2) / size)


def _position(first):
    """The position of the first vector: any integer, and no array of them."""
    try:
        return operator.index(first)
    except TypeError as error:
        raise TypeError(f"first: expected an integer, got {first!r}") from error


def _turn(name, x, first, way):
    if type(x) is not np.ndarray or x.ndim != 3 or x.dtype.kind not in "fc":
        expect(**{name: (x, "T B D")})
        floating(**{name: x})
    angle = way * _angles(len(x), x.shape[-1], _position(first))
    cos, sin = (f(angle)[:, None].astype(x.real.dtype) for f in (np.cos, np.sin))
    even, odd = x[..., ::2], x[..., 1::2]
    return np.stack([even * cos - odd * sin, even * sin + odd * cos], axis=-1).reshape(x.shape)
