"""Errors about shapes name the argument, the axis and what set it."""

import numpy as np
import pytest

from course_utils.shapes import ShapeError, expect, expect_ids, positive_integer


def test_sizes_come_back_by_name():
    x, h0, w = np.zeros((7, 2, 3)), np.zeros((2, 5)), np.zeros((20, 5))
    sizes = expect(x=(x, "T B D"), h0=(h0, "B H"), weight_hh=(w, "4H H"))
    assert sizes == {"T": 7, "B": 2, "D": 3, "H": 5}


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        (
            {"x": (np.zeros((7, 2, 3)), "T B D"), "h0": (np.zeros((3, 5)), "B H")},
            r"h0: axis B should be 2 \(B=2 from x\), got 3; full shape \(3, 5\)",
        ),
        ({"x": (np.zeros((7, 2)), "T B D")}, r"x: expected 3 axes \(T, B, D\), got 2; full shape"),
        ({"b": (np.zeros((2, 3)), "H")}, r"b: expected 1 axis \(H\), got 2"),
        ({"w": (np.zeros((7, 2)), "4H D")}, "w: axis 4H should be a multiple of 4, got 7"),
        ({"w": (np.zeros((8, 3)), "4H H")}, r"w: axis H should be 2 \(H=2\), got 3"),
        ({"x": ([1, 2], "T")}, "x: expected an array, got list; pass a NumPy array or a tensor"),
        ({"x": (np.zeros(2), "1")}, "x: expected size 1, got 2"),
    ],
)
def test_a_misfit_is_named(arrays, message):
    with pytest.raises(ShapeError, match=message):
        expect(**arrays)


def test_a_tensor_is_as_good_as_an_array():
    torch = pytest.importorskip("torch")
    assert expect(x=(torch.zeros(2, 3), "B D")) == {"B": 2, "D": 3}


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.ma.masked_array(np.zeros((2, 3)), mask=True), "k: .* masked .* ignored; use k.filled"),
        (np.zeros((2, 3)).view(np.matrix), r"k: .* got a matrix; use np.asarray\(k\)"),
        (np.full((2, 3), 1.0, object), r"k: expected numbers, got object; use k.astype\(float\)"),
        (np.full((2, 3), "1"), "k: expected numbers, got <U1"),
        (np.zeros((2, 3), "datetime64[s]"), "k: expected numbers, got datetime64"),
    ],
)
def test_an_array_that_would_be_misread_is_refused(array, message):
    with pytest.raises(TypeError, match=message):
        expect(q=(np.zeros((4, 3)), "T D"), k=(array, "S D"))


def test_tensors_and_arrays_do_not_mix():
    torch = pytest.importorskip("torch")
    with pytest.raises(TypeError, match="k: a tensor, but q is a NumPy array; pass all as the one"):
        expect(q=(np.zeros((4, 3)), "T D"), k=(torch.zeros(2, 3), "S D"))
    with pytest.raises(TypeError, match="k: a NumPy array, but q is a tensor"):
        expect(q=(torch.zeros(4, 3), "T D"), k=(np.zeros((2, 3)), "S D"))


def test_a_positive_integer_is_an_integer_and_positive():
    assert positive_integer(a=3) == 3
    assert positive_integer(a=np.int8(1), b=np.array(2)) == (1, 2)
    for bad in (0, -1, 2.0, True, np.True_, "3", None, np.array([2, 3]), np.float32(2)):
        with pytest.raises(ValueError, match="b: expected a positive integer, got"):
            positive_integer(a=1, b=bad)


def test_ids_are_looked_up_only_where_they_count():
    ids = np.array([[0, 7], [-1, 2]])
    counts = np.array([[True, False], [False, True]])
    np.testing.assert_array_equal(expect_ids("ids", ids, 3, counts), [[0, 0], [0, 2]])
    with pytest.raises(IndexError, match="ids: 7 is outside the vocabulary of 3, at position"):
        expect_ids("ids", ids, 3)
    for bad in (counts, 1.0 * counts, "a"):
        with pytest.raises(TypeError, match="ids: expected integers"):
            expect_ids("ids", bad, 3, counts)
    assert expect_ids("ids", [], 3).dtype.kind == "i"
