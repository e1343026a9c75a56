"""Products by BLAS on pointers are those of ``np.dot``, and no pass that is left out was needed."""

import gc

import numpy as np
import pytest

from course_utils.compiled.code import code, uncompiled

numba = pytest.importorskip("numba")
blas = pytest.importorskip("course_utils.compiled.blas")
passes = pytest.importorskip("course_utils.compiled.passes")

SIZES = [
    (5, 7, 6), (1, 7, 6), (5, 7, 1), (1, 7, 1), (5, 1, 6), (1, 1, 1), (64, 32, 48),
    (0, 7, 6), (5, 0, 6), (5, 7, 0), (1, 0, 1), (5, 0, 1), (0, 0, 0),
]  # fmt: skip
TURNS = [(0, 0), (1, 0), (0, 1), (1, 1)]


def products(dtype):
    """name -> what multiplies arrays: as the head does, and where Numba lacks what that calls."""
    shared = code("rnn", dtype).shared
    at, head, by_numpy = shared.at, shared.dot, blas.by_numpy

    @pytest.importorskip("numba").njit(**shared.OPTIONS)
    def by_head(a, b, out, n, k, m, turned_a, turned_b):
        head(at(a), at(b), at(out), n, k, m, turned_a, turned_b)

    @pytest.importorskip("numba").njit(**shared.OPTIONS)
    def fallback(a, b, out, n, k, m, turned_a, turned_b):
        by_numpy(at(a), at(b), at(out), n, k, m, turned_a, turned_b)

    with uncompiled():
        plain = code("rnn", dtype).shared
    return {"head": by_head, "fallback": fallback, "uncompiled": plain.dot}


def factors(n, k, m, turned_a, turned_b, dtype):
    normal = np.random.default_rng(n + k + m).standard_normal
    a = normal((k, n) if turned_a else (n, k)).astype(dtype)
    b = normal((m, k) if turned_b else (k, m)).astype(dtype)
    return a, b, np.full((n, m), np.nan, dtype)


@pytest.mark.slow
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_products_are_those_of_numpy(dtype):
    for name, multiply in products(dtype).items():
        for n, k, m in SIZES:
            for turned_a, turned_b in TURNS:
                a, b, out = factors(n, k, m, turned_a, turned_b, dtype)
                multiply(a, b, out, n, k, m, turned_a, turned_b)
                left, right = (a.T if turned_a else a), (b.T if turned_b else b)
                expected = left.astype(float) @ right.astype(float)
                bound = 8 * (k + 1) * np.finfo(dtype).eps
                np.testing.assert_allclose(out, expected, rtol=0, atol=bound, err_msg=name)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_what_is_not_finite_arrives(dtype):
    for name, multiply in products(dtype).items():
        for n, k, m in [(5, 7, 6), (1, 7, 6), (5, 7, 1), (1, 7, 1)]:
            for turned_a, turned_b in TURNS:
                for lost in (np.nan, np.inf):
                    a, b, out = factors(n, k, m, turned_a, turned_b, dtype)
                    (a.T if turned_a else a)[0, 2] = lost
                    multiply(a, b, out, n, k, m, turned_a, turned_b)
                    assert not np.isfinite(out[0]).any(), name
                    assert np.isfinite(out[1:]).all(), name


@pytest.mark.slow
def test_sizes_that_blas_cannot_count_are_an_error():
    multiply = products(np.float64)["head"]
    one = np.ones((1, 1))
    for sizes in ((2**31, 1, 1), (1, 2**31, 1), (1, 1, 2**31)):
        with pytest.raises(OverflowError, match="too large to fit in C int"):
            multiply(one, one, one, *sizes, 0, 0)


def test_the_collector_is_as_it_was():
    for was in (True, False):
        (gc.enable if was else gc.disable)()
        try:
            with pytest.raises(ZeroDivisionError), passes.no_collection():
                assert not gc.isenabled()
                raise ZeroDivisionError
            assert gc.isenabled() is was
        finally:
            gc.enable()


def test_functions_are_compiled_without_passes_that_they_do_not_need():
    collecting, left = [], set()

    class Watched(passes.Short):
        def define_pipelines(self):
            managers = super().define_pipelines()
            collecting.append(gc.isenabled())
            left.update(getattr(kind, "__name__", kind) for m in managers for kind, _ in m.passes)
            return managers

    assert numba.njit(pipeline_class=Watched)(lambda a: a + 1)(1.0) == 2.0
    assert collecting == [False]
    assert gc.isenabled()
    assert not left & passes.NEEDLESS
    assert {"NopythonTypeInference", "ReconstructSSA", "NativeLowering"} <= left
