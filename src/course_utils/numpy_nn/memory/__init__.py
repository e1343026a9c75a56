"""A memory that is addressed softly: the parts of the Neural Turing Machine, forward and backward.

B rows of a batch, K heads, N slots of width M.  A head holds one weight for each slot, w (B, K, N),
at least 0 and with sum 1, and moves it by what a controller tells it (``Head``).
Graves, Wayne & Danihelka 2014, section 3.
"""

from course_utils.numpy_nn.memory.access import (
    blend,
    blend_backward,
    read,
    read_backward,
    write,
    write_backward,
)
from course_utils.numpy_nn.memory.addressing import (
    FLOOR,
    Head,
    address,
    address_backward,
    content,
    content_backward,
    cosine,
    cosine_backward,
    head,
    head_backward,
    interpolate,
    interpolate_backward,
    sharpen,
    sharpen_backward,
    shift,
    shift_backward,
)
from course_utils.numpy_nn.memory.equations import EQUATIONS, SYMBOLS

__all__ = [
    "EQUATIONS",
    "FLOOR",
    "SYMBOLS",
    "Head",
    "address",
    "address_backward",
    "blend",
    "blend_backward",
    "content",
    "content_backward",
    "cosine",
    "cosine_backward",
    "head",
    "head_backward",
    "interpolate",
    "interpolate_backward",
    "read",
    "read_backward",
    "sharpen",
    "sharpen_backward",
    "shift",
    "shift_backward",
    "write",
    "write_backward",
]
