"""Loops of a kernel: what they carry from step to step keeps its shape and kind, as in Triton."""

import sys

from course_utils.kernels.blocks import Block
from course_utils.kernels.memory import Pointer
from course_utils.kernels.words import ZEROS

WORDS = {"b": "bool", "i": "integer", "u": "integer", "f": "float"}


def steps(*bounds):
    """``range`` in a kernel.

    TypeError where a step changes the shape or kind of a variable that was there before the loop.
    """
    before = sorts(sys._getframe(1).f_locals)  # of the kernel, which asks for the next step
    for step in range(*bounds):
        yield step
        for name, now in sorts(sys._getframe(1).f_locals).items():
            if before.get(name, now) != now:
                raise TypeError(
                    f"{name} is {words(before[name])} before the loop and {words(now)} after a "
                    f"step: Triton wants one shape and one type throughout, {ZEROS}"
                )


def sorts(variables):
    """{name: (kind, shape)} of the values that a compiled loop carries."""
    found = {}
    for name, value in variables.items():
        if isinstance(value, Block):
            found[name] = WORDS[value.dtype.kind], value.shape
        elif isinstance(value, Pointer):
            found[name] = "address", value.offsets.shape
        elif isinstance(value, (bool, int, float)):
            found[name] = WORDS[{bool: "b", float: "f"}.get(type(value), "i")], ()
    return found


def words(sort):
    """ "one float", "a block of (16,) integers"."""
    kind, shape = sort
    return f"a block of {shape} {kind}s" if shape else f"one {kind}"
