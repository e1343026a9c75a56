"""Numba source: transposes, and sums of products over columns, in registers (``squares``)."""

import numpy as np

REGISTER = 32
"""Bytes of a vector."""

TURNS = '''LANES = {lanes}
FULL = 1000  # weights from which on strips of columns are worth a transpose of the operand
square = _squares.square(LANES)
sums_of_4, sums_of_1 = _squares.sums(4, 2, LANES), _squares.sums(1, 1, LANES)


@apart
def turn(matrix: Reals, out: Reals, n: Size, k: Size):
    """out (k, n), the transpose of matrix (n, k)."""
    if n == 1 or k == 1:
        for place in range(n * k):
            out[place] = matrix[place]
        return
    for m in range(0, k - LANES + 1, LANES):
        for j in range(0, n - LANES + 1, LANES):
            square(matrix, out, n, k, j, m)
    done_n, done_k = n - n % LANES, k - k % LANES
    for j in range(n):
        for m in range(done_k if j < done_n else 0, k):
            out[m * n + j] = matrix[j * k + m]


@apart
def add_products(
    first: Reals, second: Reals, total: Reals,
    steps: Size, n: Size, k: Size, columns: Size, adds: Size,
):
    """total (n, k) = first (steps, n, columns) @ second (steps, k, columns).T, over all steps.

    columns, a multiple of LANES; adds: whether to what stands there.
    """
    for j in range(0, n - 3, 4):
        for m in range(0, k - 1, 2):
            sums_of_4(first, second, total, steps, n, k, columns, j, m, adds)
    for j in range(n):
        for m in range(k - k % 2 if j < n - n % 4 else 0, k):
            sums_of_1(first, second, total, steps, n, k, columns, j, m, adds)'''
PLAIN_TURNS = """LANES, FULL = 1, 0


def turn(matrix, out, n, k):
    carray(out, (k, n))[...] = carray(matrix, (n, k)).T


def add_products(first, second, total, steps, n, k, columns, adds):
    first, second = carray(first, (steps, n, columns)), carray(second, (steps, k, columns))
    total = carray(total, (n, k))
    total[...] = np.einsum("tnb,tkb->nk", first, second) + (total if adds else ZERO)"""


def turns(dtype):
    """Text of transposes and sums, with as many numbers at once as a register holds."""
    return TURNS.format(lanes=REGISTER // np.dtype(dtype).itemsize)
