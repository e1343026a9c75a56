"""Where a vector stands in the sequence: what self-attention cannot know by itself."""

import numpy as np


def sinusoidal(T, size, dtype=np.float64):
    """Positions 0 … T−1 as waves, to add to a sequence: (T, 1, size), size even.

    Entry 2i is sin(t / 10000^(2i/size)), entry 2i+1 the cosine.  Vaswani et al. 2017, section 3.5.
    """
    angle = angles(T, size)
    waves = np.stack([np.sin(angle), np.cos(angle)], axis=-1)  # (T, size / 2, 2)
    return waves.reshape(T, 1, size).astype(dtype)


def rotate(x, *, first=0):
    """Turn the pairs (x_2i, x_2i+1) of x (T, B, D) by the angle of their position.

    So the inner product of a rotated query with a rotated key depends on how far apart they stand,
    not on where.  first, the position of x[0].  Su et al. 2021, RoFormer, section 3.2.2.
    """
    return _turn(x, angles(len(x), x.shape[-1], first))


def rotate_backward(dy, *, first=0):
    """dy (T, B, D) -> dx: a rotation's way back is the rotation the other way round."""
    return _turn(dy, -angles(len(dy), dy.shape[-1], first))


def angles(T, size, first=0):
    """(T, size / 2): the position times a frequency that falls from 1 to about 1/10000."""
    if size % 2:
        raise ValueError(f"size: positions come in pairs, expected an even number, got {size}")
    return np.arange(first, first + T)[:, None] / 10000 ** (np.arange(0, size, 2) / size)


def _turn(x, angle):
    cos, sin = (f(angle)[:, None].astype(x.real.dtype) for f in (np.cos, np.sin))
    even, odd = x[..., ::2], x[..., 1::2]
    return np.stack([even * cos - odd * sin, even * sin + odd * cos], axis=-1).reshape(x.shape)
