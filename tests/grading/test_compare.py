"""The judge: right is right within the tolerance, everything else is wrong and says where."""

import json

import numpy as np
import pytest
from fuzzing import fuzz
from hypothesis import given
from hypothesis import strategies as st

from course_utils.grading import verdict as verdicts
from course_utils.grading.bundle import BundleError, Part, pack, pack_part, unpack, unpack_part
from course_utils.grading.compare import CLOSED, compare

rng = np.random.default_rng(11)
WANT = rng.normal(size=(4, 3, 2))


def part(values):
    """Through the wall and back."""
    return unpack_part(json.loads(json.dumps(pack_part(values))))


def verdict(want, have, **options):
    return compare(part(want), part(have), **options)


@pytest.mark.parametrize(
    "values",
    [
        WANT,
        WANT.astype(np.float32),
        np.arange(6).reshape(2, 3),
        np.array([1 + 2j, np.nan]),
        np.array([[True, False]]),
        np.array(["a", "ä"]),
        np.array([np.nan, np.inf, -np.inf, 0.0]),
        np.array(3.5),
        np.empty((0, 3)),
        WANT.T[::-1],
    ],
    ids=str,
)
def test_values_come_through_the_wall(values):
    back = part(values)
    assert back.values.shape == values.shape
    if back.kind == "text":
        assert (back.values == values).all()
    else:
        np.testing.assert_allclose(back.values, values, rtol=1e-9)
    assert verdict(values, values).ok


@given(st.integers(0, 23), st.floats(-10, 10))
def test_the_tolerance_is_exact(where, error):
    have = WANT.copy()
    have.flat[where] *= 1 + error * 1e-4
    near = abs(have.flat[where] - WANT.flat[where]) <= 1e-6 + 1e-4 * abs(WANT.flat[where])
    if abs(abs(error) - 1) > 0.1:  # ten digits cross the wall
        assert verdict(WANT, have).ok == near


@pytest.mark.parametrize(
    "have, kind, says",
    [
        (WANT.T, "shape", "transposed?"),
        (WANT[:-1], "shape", "one too few along axis 0"),
        (np.concatenate([WANT, WANT[:1]]), "shape", "one too many along axis 0"),
        (WANT[0], "shape", "an axis was lost"),
        (WANT > 0, "kind", "holds bool"),
        (WANT * np.nan, "nan", "NaN"),
        (WANT * 0, "value", "zero"),
        (-WANT, "value", "sign"),
        (WANT[::-1], "value", "Reversed along axis 0"),
        (WANT * 1.5, "value", "same factor"),
        (np.concatenate([WANT[:2], WANT[2:] + 1]), "value", "Right up to index 1 of axis 0"),
        (np.concatenate([WANT[:2] + 1, WANT[2:]]), "value", "Wrong up to index 1 of axis 0"),
    ],
)
def test_mistakes_are_recognised(have, kind, says):
    found = verdict(WANT, have, reveal=True)
    assert not found.ok
    assert found.kind == kind
    assert verdict(WANT, have).text == CLOSED[kind]
    assert says in found.text


def test_nan_counts_only_where_one_is_expected():
    want = np.array([1.0, np.nan, np.inf])
    assert verdict(want, want).ok
    assert not verdict(want, np.array([np.nan, np.nan, np.inf])).ok
    assert not verdict(want, np.array([1.0, 2.0, np.inf])).ok
    assert not verdict(want, np.array([1.0, np.nan, -np.inf])).ok
    assert not verdict(want, np.array([1.0, np.nan, 1e300])).ok


def test_a_broadcast_answer_is_not_the_answer():
    assert not verdict(np.ones((3, 4)), np.ones((1, 4))).ok
    assert not verdict(np.ones(1), np.array(1.0)).ok


def test_integers_are_exact_and_not_floats():
    assert not verdict(np.array([10**6]), np.array([10**6 + 1])).ok
    assert not verdict(np.array([1, 2]), np.array([1.0, 2.0])).ok


def test_expected_values_are_shown_only_when_allowed():
    have = WANT + 1
    shown = f"{WANT[0, 0, 0]:.4g}"
    assert shown in verdict(WANT, have, reveal=True).text
    assert shown not in verdict(WANT, have).text


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner),
    max_leaves=12,
)
PARTS = st.fixed_dictionaries(
    {}, optional={"kind": st.sampled_from(["float", "int", "text", "x"]) | JSON,
                  "shape": st.lists(st.integers(-2, 5), max_size=3) | JSON,
                  "data": st.lists(JSON, max_size=6) | JSON},
)  # fmt: skip


LARGE = part(np.full((9, 9, 9), 0.5))


@fuzz(JSON | st.fixed_dictionaries({"question": JSON, "parts": st.dictionaries(st.text(), PARTS)}),
      few=30, many=1000)  # fmt: skip
def test_any_json_is_unpacked_or_refused(raw):
    try:
        question, parts = unpack(raw)
    except BundleError as error:
        assert str(error)
        return
    assert isinstance(question, str)
    for found in parts.values():
        assert isinstance(found, (str, Part))
        assert not compare(LARGE, found).ok


@fuzz(JSON, few=30, many=1000)
def test_anything_can_be_packed(value):
    json.dumps(pack("q", {"x": value}), allow_nan=False)


@pytest.mark.parametrize("number", [1.7976931345e308, -np.finfo(float).max, 5e-324])
def test_a_number_at_the_end_of_the_floats_stays_finite(number):
    bundle = json.loads(json.dumps(pack("q", {"x": number, "z": 1j * number}), allow_nan=False))
    _, parts = unpack(bundle)
    assert np.isclose(parts["x"].values, number, rtol=1e-9, atol=0)
    assert np.isclose(parts["z"].values.imag, number, rtol=1e-9, atol=0)


@pytest.mark.parametrize("kind", [float, int, bool])
@pytest.mark.parametrize("shape", [(5,), (3, 2)])
def test_one_hot_vectors_in_place_of_ids_are_named(shape, kind):
    ids = rng.integers(0, 7, size=shape)
    right, wrong = np.eye(7, dtype=kind)[ids], np.eye(7, dtype=kind)[ids[::-1] * 0]
    said = verdict(ids, right, reveal=True)
    assert (said.ok, said.kind) == (False, "shape") and "one-hot" in said.text
    assert "one-hot" not in verdict(ids, wrong, reveal=True).text
    assert verdict(ids, right).text == CLOSED["shape"]


def test_where_nothing_is_wrong_no_known_mistake_is_near():
    """A mistake that the public seed does not show leaves no prints: it is like every right one."""
    assert verdicts.nearest([{"prints": {}, "words": "w"}], [], {"h": None}) is None
