"""Arrays as Numba code has them: one column for each sequence, (H, B) flat, the unit first.

A step's product is weights (n·H, H) @ states (H, B).  BLAS runs it up to 1.7 times as fast as
states (B, H) @ weights.T, and one loop over H·B numbers serves a single sequence as well as many.
"""

import math
from typing import NamedTuple

import numpy as np

from course_utils.compiled.values import MATRIX, ROW

LINE = 64
"""Bytes of a cache line: a vector register read across the seam of two takes twice as long."""

# kind -> axes; S, the steps of a stretch; n, blocks.  Those of ``NETS`` have an axis of nets before
AXES = {
    "x": "T D*B",
    "rows_x": "T B D",  # as it was given
    "input": "T H*B",
    "rows_input": "T B H",
    "vector": "H*B",
    "clock": "H*B",
    "states": "T+1 H*B",
    "before": "R H*B",  # the states that a step starts from, where that is not always the last one
    "first": "H*B",
    "kept": "T H*B",
    "operand": "T n H*B",
    "products": "T n H*B",  # read again on the way back
    "y": "T H*B",
    "rows_y": "T B H",
    "all_dy": "T B H",
    "dstates": "T H*B",
    "dlast": "H*B",
    "carried": "H*B",
    "dfirst": "H*B",
    "dvector": "H*B",
    "dx": "T D*B",
    "dinput": "T H*B",
    "rows_dx": "T B D",
    "rows_dinput": "T B H",
    "weights": "n*H k",
    "turned": "k n*H",
    "dweights": "n*H k",
    "back": "n H*B",
    "dbias": "H",
}
NETS = {*AXES} - {"clock"}
# what nets use one after another, and nobody reads afterwards
AXES |= {
    "stretch": "S n H*B",  # products of the inputs
    "dproduct": "S n H*B",
    "columns": "n*H S*B",  # the same, as large products want it
    "room": "k*S*B",
    "part": "n*H k",
    "sums": "H*B",
    "scratch": "H*B",
    "product": "n H*B",
    "dy": "H*B",
    "backs": "S n H*B",
    "carry": "H*B",
    "gradient": "H*B",
    "gradients": "S H*B",
}
FLOATS = 200_000
"""Numbers that a stretch may hold: within a core's cache."""


class Argument(NamedTuple):
    """An array that generated code takes; n blocks of H, and k, the other axis of a matrix.

    last: what a sequence has of it, at a step: H numbers, one, or H*H, the row's unit first.
    """

    name: str
    kind: str
    n: int = 1
    k: str = "H"
    integer: bool = False
    last: str = "H*B"

    def shape(self, sizes):
        """sizes by axis -> the shape, with the axis of nets where there is one."""
        axes = AXES.get(self.kind, "").replace("H*B", self.last).split()
        known = {**sizes, "T+1": sizes["T"] + 1, "n": self.n, "k": _size(self.k, sizes)}
        shape = tuple(_size(axis, known) for axis in axes)
        return (sizes["K"], *shape) if self.kind in NETS else shape


def _size(axis, sizes):
    return math.prod(int(f) if f.isdigit() else sizes[f] for f in axis.split("*"))


def aligned(shape, dtype):
    """Zeros that start where a cache line does."""
    dtype = np.dtype(dtype)
    size = math.prod(shape) * dtype.itemsize
    memory = np.zeros(size + LINE, np.uint8)
    start = -memory.ctypes.data % LINE
    return memory[start : start + size].view(dtype).reshape(shape)


LAST = {ROW: "B", MATRIX: "H*H*B"}  # else H*B


def _turned(rows, matrix):
    """The same numbers, the sequences last."""
    return np.moveaxis(rows, -3, -1) if matrix else rows.swapaxes(-1, -2)


def into_columns(rows, out, matrix=False):
    """rows (..., B, H), or matrices (..., B, H, H), written into out (..., ·B)."""
    turned = _turned(rows, matrix)
    np.copyto(out.reshape(turned.shape), turned)


def from_columns(columns, out, matrix=False):
    """columns (..., ·B) written into out (..., B, H), or (..., B, H, H)."""
    turned = _turned(out, matrix)
    np.copyto(turned, columns.reshape(turned.shape))


def add_columns(columns, out):
    """columns (..., ·B) added to out (..., B, H)."""
    turned = _turned(out, False)
    turned += columns.reshape(turned.shape)


def stretches(widest, sizes):
    """Steps that run between two large products, on the way there and on the way back.

    widest: numbers of a step, by unit and sequence, in the widest array.  Short enough for the
    cache; on the way back long enough for adding up the gradients to cost little.
    """
    T, B, D, H = (sizes[axis] for axis in "TBDH")
    forth = max(1, min(T, FLOATS // max(1, widest * H * B)))
    back = -(-max(1, 2 * (D + H)) // max(1, forth * B)) * forth
    return forth, max(1, min(T, back))
