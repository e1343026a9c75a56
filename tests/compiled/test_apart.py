"""Machine code that compiled functions share is called by a symbol, and never copied."""

import numpy as np
import pytest

from course_utils.compiled import cache

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
