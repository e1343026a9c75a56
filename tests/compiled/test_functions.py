"""Functions of the equation language as compiled code has them: accurate, and without a branch."""

import re

import numpy as np
import pytest
import workers

from course_utils import compiled
from course_utils.compiled.code import code

EXACT = {
    "tanh": np.tanh,
    "sigmoid": lambda a: 0.5 + 0.5 * np.tanh(0.5 * a),
    "exp": np.exp,
    "log_sigmoid": lambda a: np.minimum(a, 0) - np.log1p(np.exp(-abs(a))),
}
ULPS = {"exp": 1.6, "log_sigmoid": 2.75}  # the largest error in units in the last place
SPECIAL = {
    "exp": [
        (0.0, 1), (-0.0, 1), (1e-45, 1), (-1e-45, 1), (88.72284, np.inf), (1e38, np.inf),
        (np.inf, np.inf), (-88, 0), (-1e38, 0), (-np.inf, 0),
    ],
    "log_sigmoid": [(np.inf, 0), (1e38, 0), (-100, -100), (-1e38, -1e38), (-np.inf, -np.inf)],
    "tanh": [(0.0, 0)],
}  # fmt: skip
jits = pytest.mark.parametrize("jit", [False, True], ids=["plain", "compiled"])


@pytest.fixture(autouse=True)
def _own_cache(tmp_path_factory, monkeypatch):
    """One folder for the whole run, so that nothing is compiled twice."""
    monkeypatch.setenv("COURSE_CACHE", str(workers.common_folder(tmp_path_factory, "compiled")))


def loop(name):
    """A compiled loop over a function: numbers, results."""
    shared = code("lstm", np.float32).shared
    function = getattr(shared, name)

    @pytest.importorskip("numba").njit(**shared.OPTIONS)
    def apply(numbers, out):
        for place in range(len(numbers)):
            out[place] = function(numbers[place])

    return apply


def values(name, numbers, jit):
    """The function of float32 numbers."""
    numbers = np.asarray(numbers, np.float32)
    if jit:
        out = np.empty_like(numbers)
        loop(name)(numbers, out)
        return out
    with compiled.uncompiled():
        function = getattr(code("lstm", np.float32).shared, name)
    found = [function(a) for a in numbers]
    assert {type(y) for y in found} == {np.float32}
    return np.array(found)


def numbers(count):
    """Numbers close together, random ones of every size, and those next to the limits."""
    bits = np.random.default_rng(0).integers(0, 2**32, count, dtype=np.uint32)
    edges = np.float32([88.722832, 88.3762, 0.34657, -0.34657, -87.33, 1e-38, -1e-38])
    around = np.nextafter(edges, np.float32([[np.inf], [-np.inf]])).ravel()
    made = [np.linspace(-105, 90, count), np.linspace(-1, 1, count), edges, around]
    return np.concatenate([*made, bits.view(np.float32)], dtype=np.float32)


@jits
@pytest.mark.parametrize("name", ULPS)
def test_functions_are_right_to_the_last_places(name, jit):
    a = numbers(200_000 if jit else 1000)
    a = a[np.isfinite(a) & (a < 88.7228317)]
    if name == "exp":
        a = a[a > -87.336]  # below, the value is less than the least normal number
    with np.errstate(over="ignore", under="ignore"):
        expected = EXACT[name](a.astype(float))
        units = np.maximum(np.spacing(abs(expected).astype(np.float32)), 2.0**-126)
        error = abs(values(name, a, jit) - expected) / units
    worst = error.argmax()
    assert error[worst] <= ULPS[name], f"{name}({a[worst]}): {error[worst]:.2f} ulp"


@jits
def test_bounded_functions_are_right_to_seven_digits(jit):
    a = numbers(200_000 if jit else 1000)
    a = a[~np.isnan(a)]
    for name in ("tanh", "sigmoid"):
        with np.errstate(over="ignore"):
            error = abs(values(name, a, jit) - EXACT[name](a.astype(float)))
        assert error.max() < 4e-7


@jits
@pytest.mark.parametrize("name", SPECIAL)
def test_what_is_beyond_all_numbers_stays_so(name, jit):
    """Plain Python does so without a warning: here a warning is an error."""
    given, wanted = zip(*SPECIAL[name], strict=True)
    np.testing.assert_array_equal(values(name, given, jit), np.float32(wanted))
    assert np.isnan(values(name, [np.nan, -np.nan], jit)).all()


@jits
def test_values_next_to_the_least_normal_one_vanish(jit):
    a = np.linspace(-87.336, -104, 500, dtype=np.float32)
    with np.errstate(under="ignore"):
        found = values("exp", a, jit)
    assert (abs(found - np.exp(a.astype(float))) < np.finfo(np.float32).tiny).all()


@pytest.mark.parametrize(("name", "ulps"), [("exp", 1), ("log_sigmoid", 2)])
def test_the_next_larger_number_has_no_smaller_value(name, ulps):
    """But for the last place or two; also where the power of two changes."""
    apply = loop(name)
    edges = (np.arange(-125, 127) + 0.5) * np.log(2)
    bits = np.float32(edges).view(np.int32)[:, None] + np.arange(-500, 500, dtype=np.int32)
    for a in bits.view(np.float32):
        a = np.sort(a)
        found = np.empty_like(a)
        apply(a, found)
        assert (np.diff(found) >= -(ulps + 0.1) * np.spacing(abs(found[1:]))).all(), a


@pytest.mark.parametrize("name", EXACT)
def test_loops_become_vector_instructions(name):
    apply = loop(name)
    apply(np.ones(8, np.float32), np.ones(8, np.float32))
    text = apply.inspect_llvm(apply.signatures[0])
    assert re.search(r"= fmul [^<\n]*<\d+ x float>", text)
    assert not re.search(r"call [^@\n]*@(llvm\.|numba_|npy_)?(exp|log|log1p|tanh)f?\b", text)


def test_in_float64_they_are_those_of_numpy():
    with compiled.uncompiled():
        shared = code("lstm", np.float64).shared
    for name, exact in EXACT.items():
        for a in np.linspace(-700, 700, 101):
            np.testing.assert_allclose(getattr(shared, name)(a), exact(a), rtol=1e-14)


@jits
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_count_is_due_where_its_period_divides_it(dtype, jit):
    counts = np.concatenate([np.arange(-5, 60), 2**31 + np.arange(9), 2**45 + np.arange(9)])
    counts, periods = (a.ravel() for a in np.meshgrid(counts, [1, 2, 3, 7, 49, 64, 1023]))
    if jit:
        shared = code("lstm", dtype).shared
        due = shared.due

        @pytest.importorskip("numba").njit(**shared.OPTIONS)
        def apply(counts, periods, out):
            for place in range(len(counts)):
                out[place] = due(counts[place], periods[place])

        found = np.empty(len(counts), dtype)
        apply(counts, periods, found)
        text = apply.inspect_llvm(apply.signatures[0])
        assert re.search(r"= fmul [^<\n]*<\d+ x double>", text)
    else:
        with compiled.uncompiled():
            due = code("lstm", dtype).shared.due
        found = [due(*pair) for pair in zip(counts, periods, strict=True)]
    np.testing.assert_array_equal(found, counts % periods == 0)
