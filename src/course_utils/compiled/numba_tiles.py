"""Numba source: products in strips of columns, each from blocks of rows (``tiles``)."""

import numpy as np

from course_utils.compiled.columns import LINE

TILES = """in_registers = _tiles.tiles({heights})


@apart
def tiles(
    weights: Reals, operand: Reals, out: Reals, n: Size, k: Size, columns: Size, adds: Size
):
    in_registers(weights, operand, out, n, k, columns, adds)"""
PLAIN_TILES = """def tiles(weights, operand, out, n, k, columns, adds):
    product = carray(weights, (n, k)) @ carray(operand, (k, columns))
    out = carray(out, (n, columns))
    out[...] = product + (out if adds else ZERO)"""


def tiles(dtype):
    """Text of products in registers: strips of columns, each from blocks of rows."""
    lanes = LINE // np.dtype(dtype).itemsize
    heights = {lanes: 4, lanes // 2: 8, 4: 8, 1: 8}  # as many sums as stay in registers
    return TILES.format(heights=heights)
