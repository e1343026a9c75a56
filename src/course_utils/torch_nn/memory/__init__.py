"""A memory that is addressed softly, and the machine around it (Graves et al. 2014)."""

from course_utils.torch_nn.memory.addressing import (
    FLOOR,
    Head,
    address,
    blend,
    content,
    cosine,
    head,
    interpolate,
    read,
    sharpen,
    shift,
    write,
)
from course_utils.torch_nn.memory.machine import EMPTY, FeedForward, State, Trace, TuringMachine

__all__ = [
    "EMPTY",
    "FLOOR",
    "FeedForward",
    "Head",
    "State",
    "Trace",
    "TuringMachine",
    "address",
    "blend",
    "content",
    "cosine",
    "head",
    "interpolate",
    "read",
    "sharpen",
    "shift",
    "write",
]
