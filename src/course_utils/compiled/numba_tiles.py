"""Numba source: products in strips of columns, each from blocks of rows (``tiles``)."""

import hashlib
from functools import cache
from pathlib import Path

import numpy as np

from course_utils.compiled.columns import LINE

TILES = """{blocks}


@jit
def tiles(weights, operand, out, adds):
    n, columns = len(weights), operand.shape[1]
    column = 0
{loops}"""
STRIP = """    while column + {width} <= columns:
        j = 0
        while j + {height} <= n:
            block_{width}(weights, operand, out, j, column, adds)
            j += {height}
        while j < n:
            row_{width}(weights, operand, out, j, column, adds)
            j += 1
        column += {width}
"""
PLAIN_TILES = """@jit
def tiles(weights, operand, out, adds):
    out[...] = weights @ operand + (out if adds else ZERO)"""


def tiles(dtype):
    """Text of products in registers: strips of columns, each from blocks of rows."""
    lanes = LINE // np.dtype(dtype).itemsize
    heights = {lanes: 4, lanes // 2: 8, 4: 8, 1: 8}  # as many sums as stay in registers
    blocks = [f"block_{w}, row_{w} = tile({h}, {w}), tile(1, {w})" for w, h in heights.items()]
    loops = [STRIP.format(width=w, height=h) for w, h in heights.items()]
    return TILES.format(blocks="\n".join(blocks), loops="".join(loops)).rstrip()


@cache
def digest():
    """What stands for the text of ``tiles``, on which the machine code depends."""
    return hashlib.sha256(Path(__file__).with_name("tiles.py").read_bytes()).hexdigest()[:12]
