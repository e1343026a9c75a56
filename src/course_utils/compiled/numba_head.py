"""What stands at the head of every generated Numba module: decorators, functions, products."""

import hashlib
from functools import cache
from pathlib import Path

from course_utils.compiled.numba_functions import functions
from course_utils.compiled.numba_sums import SUMS
from course_utils.compiled.numba_tiles import PLAIN_TILES, tiles
from course_utils.compiled.numba_turns import PLAIN_TURNS, turns

FILES = "apart.py", "blas.py", "numba_cache.py", "passes.py", "squares.py", "tiles.py"
SMALL, LARGE, FEW = 500, 100_000, 32

HEAD = '''"""What every cell stands on: functions, and products of one column a sequence."""

import numpy as np

{decorator}

REAL = np.{dtype}
ZERO, HALF, ONE, LOWEST = REAL(0), REAL(0.5), REAL(1), REAL(-np.inf)
SMALL = {small}  # multiplications up to which a call of BLAS costs more than plain loops
LARGE = {large}  # weights from which on BLAS, which packs them, is faster than blocks in registers
FEW = {few}  # columns up to which it is not, because the weights are read once for each 16


{functions}


{tiles}


@apart
def dot(
    a: Reals, b: Reals, out: Reals, n: Size, k: Size, m: Size, turned_a: Size, turned_b: Size
):
    """out (n, m) = a (n, k) @ b (k, m), by BLAS; turned: a lies as (k, n), b as (m, k)."""
    by_blas(a, b, out, n, k, m, turned_a, turned_b)


@apart
def multiply(weights: Reals, operand: Reals, result: Reals, n: Size, k: Size, rows: Size):
    """result (n, rows) = weights (n, k) @ operand (k, rows)."""
    if rows >= 4 and (n * k <= LARGE or rows <= FEW):
        tiles(weights, operand, result, n, k, rows, 0)
        return
    if k > 4 and n * k * rows > SMALL:
        dot(weights, operand, result, n, k, rows, 0, 0)
        return
    for j in range(n):
        for row in range(rows):
            total = ZERO
            for m in range(k):
                total += weights[j * k + m] * operand[m * rows + row]
            result[j * rows + row] = total


@apart
def multiply_all(
    weights: Reals, operand: Reals, result: Reals, steps: Size, n: Size, k: Size, rows: Size
):
    """``multiply`` for all steps: operand (steps, k, rows), result (steps, n, rows)."""
    if rows == 1:
        dot(operand, weights, result, steps, k, n, 0, 1)
        return
    for step in range(steps):
        given, out = at(operand, step * k * rows), at(result, step * n * rows)
        multiply(weights, given, out, n, k, rows)


@apart
def multiply_back(
    weights: Reals, turned: Reals, given: Reals, result: Reals, n: Size, k: Size, rows: Size
):
    """result (k, rows) = turned (k, n) @ given (n, rows); turned, the weights' transpose."""
    if rows == 1:  # as it lies
        dot(given, weights, result, 1, n, k, 0, 0)
        return
    multiply(turned, given, result, k, n, rows)


@apart
def multiply_all_back(
    weights: Reals, turned: Reals, given: Reals, result: Reals,
    steps: Size, n: Size, k: Size, rows: Size,
):
    """``multiply_back`` for all steps: given (steps, n, rows), result (steps, k, rows)."""
    if rows == 1:
        dot(given, weights, result, steps, n, k, 0, 0)
        return
    multiply_all(turned, given, result, steps, k, n, rows)


{turns}


@apart
def copy(numbers: Reals, out: Reals, size: Size):
    for place in range(size):
        out[place] = numbers[place]


@apart
def clear(numbers: Reals, size: Size):
    for place in range(size):
        numbers[place] = ZERO


@apart
def turn_steps(given: Reals, out: Reals, steps: Size, n: Size, units: Size):
    """Matrices (steps, n, units) to (steps, units, n)."""
    for step in range(steps):
        turn(at(given, step * n * units), at(out, step * n * units), n, units)


@apart
def begin(begins: Flags, last: Reals, first: Reals, before: Reals, size: Size, rows: Size):
    """before, the states that a step starts from: first ones where a sequence begins."""
    copy(last, before, size)
    for row in range(rows):
        if begins[row]:
            for place in range(row, size, rows):
                before[place] = first[place]


@apart
def end(ends: Wholes, step: Size, dlast: Reals, carried: Reals, size: Size, rows: Size):
    """The gradient of the last state arrives where a sequence ends."""
    for row in range(rows):
        if ends[row] == step:
            for place in range(row, size, rows):
                carried[place] = dlast[place]


@apart
def leave(begins: Flags, carried: Reals, dfirst: Reals, size: Size, rows: Size):
    """The gradient of a state that was the first one leaves the loop."""
    for row in range(rows):
        if begins[row]:
            for place in range(row, size, rows):
                dfirst[place] += carried[place]
                carried[place] = ZERO


{sums}


@kernel
def turn_all(weights, turned):
    nets, n, k = weights.shape
    for net in range(nets):
        turn(at(weights, net), at(turned, net), n, k)
'''
COMPILED = """# as of {sources}
from course_utils.compiled import apart as _apart
from course_utils.compiled import blas as _blas
from course_utils.compiled import numba_cache as _numba_cache
from course_utils.compiled import passes as _passes
from course_utils.compiled import squares as _squares
from course_utils.compiled import tiles as _tiles
from numba import carray, types

# without nnan and ninf: a NaN or an infinity stays visible
OPTIONS = {{"fastmath": {{"contract", "reassoc", "arcp", "nsz", "afn"}}, "error_model": "numpy"}}
SHORT = {{"pipeline_class": _passes.Short, "no_cfunc_wrapper": True, **OPTIONS}}
Real, Size = types.{dtype}, types.intp
Reals, Wholes, Flags = map(types.CPointer, (Real, types.int64, types.uint8))
kernel = _numba_cache.jit(cache={cache}, **SHORT)
jit = _numba_cache.jit(cache={cache}, no_cpython_wrapper=True, **SHORT)
apart = _apart.apart(cache={cache}, **OPTIONS)
loop = _apart.apart(cache={cache}, pipeline_class=_passes.Disjoint, **OPTIONS)
at, by_blas = _apart.at, _blas.product"""
PLAIN = """import math

Real = Reals = Wholes = Flags = Size = object


def at(array, *index):  # the numbers from array[index] on, in a row
    assert array.flags.c_contiguous
    start = sum(i * step for i, step in zip(index, array.strides)) // array.itemsize
    return array.reshape(-1)[start:]


def carray(numbers, shape):
    return numbers.reshape(-1)[: math.prod(shape)].reshape(shape)


def by_blas(a, b, out, n, k, m, turned_a, turned_b):
    a = carray(a, (k, n)).T if turned_a else carray(a, (n, k))
    b = carray(b, (m, k)).T if turned_b else carray(b, (k, m))
    np.dot(a, b, carray(out, (n, m)))


def kernel(function):
    return function  # not compiled


apart = jit = loop = kernel"""


@cache
def digest():
    """What stands for the text of the files that the head imports: machine code depends on it."""
    texts = (Path(__file__).with_name(name).read_bytes() for name in FILES)
    return hashlib.sha256(b"".join(texts)).hexdigest()[:12]


def head(dtype, compiled, kept):
    """The text before the functions of a cell: the same for all cells."""
    decorator = PLAIN
    if compiled:
        decorator = COMPILED.format(cache=kept, dtype=dtype, sources=digest())
    return HEAD.format(
        decorator=decorator, dtype=dtype, functions=functions(dtype),
        small=SMALL, large=LARGE, few=FEW,
        tiles=tiles(dtype) if compiled else PLAIN_TILES, sums=SUMS,
        turns=turns(dtype) if compiled else PLAIN_TURNS,
    ).rstrip()  # fmt: skip
