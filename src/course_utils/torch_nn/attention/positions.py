"""Where a vector stands in the sequence: what self-attention cannot know by itself."""

import operator

import torch

from course_utils.shapes import expect, whole
from course_utils.torch_nn.validation import dtype_of, tensors


def sinusoidal(T, size, *, device=None, dtype=None):
    """Positions 0 … T−1 as waves, to add to a sequence: (T, 1, size), size even.

    Vaswani et al. 2017, section 3.5: sine and cosine in turn.
    """
    angle = angles(T, size, device=device)
    dtype = dtype_of(dtype) or torch.get_default_dtype()
    return torch.stack([angle.sin(), angle.cos()], dim=-1).flatten(1)[:, None].to(dtype)


def rotate(x, *, first=0):
    """Turn the pairs (x_2i, x_2i+1) of x (T, B, D) by the angle of their position.

    first, the position of x[0].  Su et al. 2021, RoFormer, section 3.2.2.
    """
    tensors(x=x)
    if x.dim() != 3:
        expect(x=(x, "T B D"))
    if not x.is_floating_point():
        raise TypeError(f"x: expected floating numbers, got {x.dtype}; use x.float()")
    angle = _angles(len(x), x.shape[-1], _position(first), x.device)[:, None]
    cos, sin = angle.cos().to(x.dtype), angle.sin().to(x.dtype)
    even, odd = x[..., ::2], x[..., 1::2]
    return torch.stack([even * cos - odd * sin, even * sin + odd * cos], dim=-1).flatten(-2)


def angles(T, size, first=0, *, device=None):
    """(T, size / 2) in float64: the position times a frequency from 1 to about 1/10000."""
    T, size = whole("T", T, least=0), whole("size", size, least=0)
    return _angles(T, size, _position(first), device)


def _angles(T, size, first, device):
    """As ``angles``, of integers."""
    if size % 2:
        raise ValueError(f"size: positions come in pairs, expected an even number, got {size}")
    steps = torch.arange(first, first + T, device=device, dtype=torch.float64)
    return steps[:, None] / 10000 ** (
        torch.arange(0, size, 2, device=device, dtype=torch.float64) / size
    )


def _position(first):
    """The position of the first vector: any integer, and no tensor of them."""
    try:
        return operator.index(first)
    except TypeError as error:
        raise TypeError(f"first: expected an integer, got {first!r}") from error
