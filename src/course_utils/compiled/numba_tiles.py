"""Numba source: products in strips of columns, each from blocks of rows (``tiles``)."""

import numpy as np

from course_utils.compiled.columns import LINE

TILES = """{blocks}


@apart
def tiles(
    weights: Reals, operand: Reals, out: Reals, n: Size, k: Size, columns: Size, adds: Size
):
    column = 0
{loops}"""
STRIP = """    while column + {width} <= columns:
        j = 0
        while j + {height} <= n:
            block_{width}(weights, operand, out, k, columns, j, column, adds)
            j += {height}
        while j < n:
            row_{width}(weights, operand, out, k, columns, j, column, adds)
            j += 1
        column += {width}
"""
PLAIN_TILES = """def tiles(weights, operand, out, n, k, columns, adds):
    product = carray(weights, (n, k)) @ carray(operand, (k, columns))
    out = carray(out, (n, columns))
    out[...] = product + (out if adds else ZERO)"""


def tiles(dtype):
    """Text of products in registers: strips of columns, each from blocks of rows."""
    lanes = LINE // np.dtype(dtype).itemsize
    heights = {lanes: 4, lanes // 2: 8, 4: 8, 1: 8}  # as many sums as stay in registers
    blocks = [f"block_{w}, row_{w} = tile({h}, {w}), tile(1, {w})" for w, h in heights.items()]
    loops = [STRIP.format(width=w, height=h) for w, h in heights.items()]
    return TILES.format(blocks="\n".join(blocks), loops="".join(loops)).rstrip()
