"""Machine code that compiled functions share is called by a symbol, and never copied."""

import numpy as np
import pytest

from course_utils.compiled import cache
from course_utils.compiled.code import code

numba = pytest.importorskip("numba")

TEXT = """
from numba import njit, types
from course_utils.compiled.apart import apart, at

@apart()
def scale(numbers: types.CPointer(types.float64), size: types.intp):
    if size < 0:
        raise ValueError("size: at least 0")
    for k in range(size):
        numbers[k] *= 3

@njit
def row(matrix, k):
    scale(at(matrix, k), matrix.shape[1])

@njit
def all(matrix, size):
    scale(at(at(matrix, 1), -matrix.shape[1]), size)
"""


@pytest.fixture(scope="module")
def made():
    return cache.in_memory(TEXT, "apart")


def test_callers_hold_a_call_and_no_copy(made):
    matrix = np.ones((2, 3))
    made.row(matrix, 1)
    assert (matrix == [[1, 1, 1], [3, 3, 3]]).all()
    made.all(matrix, np.int32(6))
    assert (matrix == [[3, 3, 3], [9, 9, 9]]).all()
    for caller in (made.row, made.all):
        text = caller.inspect_llvm(caller.signatures[0])
        lines = [line for line in text.splitlines() if f"{made.__name__}.scale" in line]
        assert any(line.startswith("declare") for line in lines)
        assert not any(line.startswith("define") for line in lines)


def test_the_same_text_is_compiled_once(made):
    assert cache.in_memory(TEXT, "apart").scale is made.scale
    assert cache.in_memory(TEXT + "\n", "apart").scale is not made.scale


def test_what_it_raises_arrives(made):
    with pytest.raises(ValueError, match="size: at least 0"):
        made.all(np.ones((2, 3)), -1)


def test_a_place_in_an_array_needs_its_order(made):
    with pytest.raises(numba.TypingError, match="an array in C order is needed"):
        made.row(np.ones((2, 3)).T, 1)


@pytest.mark.slow
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_transposes_and_sums_over_columns(dtype):
    shared = code("rnn", dtype).shared
    turn, add, at = shared.turn, shared.add_products, shared.at

    @numba.njit(**shared.OPTIONS)
    def turned(matrix, out):
        turn(at(matrix), at(out), *matrix.shape)

    @numba.njit(**shared.OPTIONS)
    def added(a, b, out, adds):
        add(at(a), at(b), at(out), len(a), a.shape[1], b.shape[1], a.shape[2], adds)

    normal = np.random.default_rng(0).standard_normal
    for n, k in [(16, 8), (8, 16), (9, 17), (3, 5), (1, 4), (24, 40)]:
        matrix, out = normal((n, k)).astype(dtype), np.empty((k, n), dtype)
        turned(matrix, out)
        np.testing.assert_array_equal(out, matrix.T)
    for steps, n, k, columns in [(3, 32, 8, 16), (2, 5, 3, 8), (1, 1, 1, 8), (4, 7, 9, 24)]:
        a = normal((steps, n, columns)).astype(dtype)
        b, out = normal((steps, k, columns)).astype(dtype), np.full((n, k), np.nan, dtype)
        expected = np.einsum("tnc,tkc->nk", a.astype(float), b)
        for adds in (0, 1):
            added(a, b, out, adds)
            bound = 50 * steps * columns * np.finfo(dtype).eps
            np.testing.assert_allclose(out, (1 + adds) * expected, rtol=0, atol=bound)
        a[0, 0, 0] = np.nan
        added(a, b, out, 0)
        assert np.isnan(out[0]).all() and np.isfinite(out[1:]).all()
