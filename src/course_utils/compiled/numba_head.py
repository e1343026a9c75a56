"""What stands at the head of every generated Numba module: decorators, functions, products."""

from course_utils.compiled.numba_sums import SUMS
from course_utils.compiled.numba_tiles import PLAIN_TILES, digest, tiles

SMALL, LARGE, FEW = 500, 100_000, 32

HEAD = '''"""What every cell stands on: functions, and products of one column a sequence."""

import numpy as np

{decorator}

REAL = np.{dtype}
ZERO, HALF, ONE, LOWEST = REAL(0), REAL(0.5), REAL(1), REAL(-np.inf)
SMALL = {small}  # multiplications up to which a call of BLAS costs more than plain loops
LARGE = {large}  # weights from which on BLAS, which packs them, is faster than blocks in registers
FEW = {few}  # columns up to which it is not, because the weights are read once for each 16


{tanh}


@jit
def sigmoid(a):
    return HALF + HALF * tanh(HALF * a)


@jit
def relu(a):
    return ZERO if ZERO >= a else a  # a NaN stays one


@jit
def larger(a, b):
    return a if a >= b or a != a else b  # a NaN stays one


@jit
def log_sigmoid(a):
    return -larger(-a, ZERO) - np.log1p(np.exp(-abs(a)))


@jit
def positive(a):
    return a + HALF if a >= ZERO else sigmoid(a)


exp, log, sqrt, cos, sin = np.exp, np.log, np.sqrt, np.cos, np.sin


{tiles}


@jit
def multiply(weights, operand, result, rows):
    n, k = weights.shape  # operand (k·rows), result (n·rows), in any number of axes
    left, out = operand.reshape(k, rows), result.reshape(n, rows)
    if rows >= 4 and (n * k <= LARGE or rows <= FEW):
        tiles(weights, left, out, False)
        return
    if k > 4 and n * k * rows > SMALL:
        np.dot(weights, left, out)
        return
    for j in range(n):
        for row in range(rows):
            total = ZERO
            for m in range(k):
                total += weights[j, m] * left[m, row]
            out[j, row] = total


@jit
def multiply_all(weights, operand, result, rows):
    n, k = weights.shape  # for the steps of a stretch
    steps = len(operand)
    if rows == 1:
        np.dot(operand.reshape(steps, k), weights.T, result.reshape(steps, n))
        return
    for step in range(steps):
        multiply(weights, operand[step], result[step], rows)


@jit
def transpose(matrix, out):
    n, k = matrix.shape
    for m in range(0, k, 8):  # a few columns at a time, which the cache holds
        width = min(8, k - m)
        for j in range(n):
            row = matrix[j, m : m + width]
            for b in range(width):
                out[m + b, j] = row[b]


@jit
def turn(rows, out):
    n, units = rows.shape  # to one column a row
    for row in range(n):
        for unit in range(units):
            out[unit * n + row] = rows[row, unit]


@jit
def begin(begins, last, first, before):
    rows = len(begins)  # the state that a step starts from
    for place in range(len(last)):
        before[place] = first[place] if begins[place % rows] else last[place]


@jit
def end(ends, step, dlast, carried):
    rows = len(ends)
    for place in range(len(carried)):
        if ends[place % rows] == step:
            carried[place] = dlast[place]


@jit
def leave(begins, carried, dfirst):
    rows = len(begins)  # the gradient of a state that was the first one
    for place in range(len(carried)):
        if begins[place % rows]:
            dfirst[place] += carried[place]
            carried[place] = ZERO


{sums}


@kernel
def turn_all(weights, turned):
    for net in range(len(weights)):
        transpose(weights[net], turned[net])
'''
COMPILED = """from course_utils.compiled.tiles import tile  # as of {tiles}
from numba import njit

# without nnan and ninf: a NaN or an infinity stays visible
OPTIONS = {{"fastmath": {{"contract", "reassoc", "arcp", "nsz", "afn"}}, "error_model": "numpy"}}
kernel = njit(cache={cache}, **OPTIONS)
jit = kernel"""
PLAIN = """def kernel(function):
    return function  # not compiled


jit = kernel"""

TANH = {
    "float64": """@jit
def tanh(a):
    return np.tanh(a)""",
    # a ratio of two polynomials, error about 1e-7: it has no branch, so the loops vectorise
    "float32": """@jit
def tanh(a):
    a = REAL(7.905311) if a > REAL(7.905311) else a  # a NaN passes both
    a = REAL(-7.905311) if a < REAL(-7.905311) else a
    z = a * a
    p = REAL(-2.76076847742355e-16) * z + REAL(2.00018790482477e-13)
    p = p * z + REAL(-8.60467152213735e-11)
    p = p * z + REAL(5.12229709037114e-08)
    p = p * z + REAL(1.48572235717979e-05)
    p = p * z + REAL(6.37261928875436e-04)
    p = p * z + REAL(4.89352455891786e-03)
    q = REAL(1.19825839466702e-06) * z + REAL(1.18534705686654e-04)
    q = q * z + REAL(2.26843463243900e-03)
    q = q * z + REAL(4.89352518554385e-03)
    return a * p / q""",
}


def head(dtype, compiled, kept):
    """The text before the functions of a cell: the same for all cells."""
    decorator = COMPILED.format(cache=kept, tiles=digest()) if compiled else PLAIN
    return HEAD.format(
        decorator=decorator, dtype=dtype, tanh=TANH[dtype], small=SMALL, large=LARGE, few=FEW,
        tiles=tiles(dtype) if compiled else PLAIN_TILES, sums=SUMS,
    ).rstrip()  # fmt: skip
