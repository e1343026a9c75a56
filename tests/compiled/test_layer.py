"""Generated code equals the readable cells and the printed equations, in every way a cell is run.

The source runs as plain Python for every cell; compiled for two, and for the first of each kind of
program among the slow tests.
"""

import contextlib
import itertools

import numpy as np
import pytest
import workers
from kinds import PROGRAMS
from problems import KEYS, B, D, H, T, close, make

from course_utils import compiled, numpy_nn
from course_utils.numpy_nn import fast
from course_utils.shapes import ShapeError
from course_utils.specs import SPECS

DTYPES = {np.float64: 1e-12, np.float32: 2e-5}
QUICK = ("lstm", np.float32), ("lru", np.float64)  # compiling takes seconds each
RUNS = [
    pytest.param(
        key, dtype, jit, id=f"{key}-{dtype.__name__}{'-compiled' * jit}",
        marks=[pytest.mark.slow] if jit and (key, dtype) not in QUICK else [],
    )
    for key in KEYS for dtype in DTYPES for jit in (False, True)
    if not jit or key in PROGRAMS or (key, dtype) in QUICK
]  # fmt: skip


@pytest.fixture(autouse=True)
def _own_cache(tmp_path_factory, monkeypatch):
    """One folder for the whole run, so that no cell is compiled twice."""
    monkeypatch.setenv("COURSE_CACHE", str(workers.common_folder(tmp_path_factory, "compiled")))


def how(jit):
    return contextlib.nullcontext() if jit else compiled.uncompiled()


def as_type(p, dtype):
    """The problem in another dtype; counters stay integers."""

    def cast(a):
        return a if a.dtype.kind in "iu" else a.astype(dtype)

    return p._replace(
        params={n: cast(v) for n, v in p.params.items()}, x=cast(p.x), dy=cast(p.dy),
        state0=tuple(map(cast, p.state0)), dlast=tuple(map(cast, p.dlast)),
        inputs={n: cast(v) for n, v in p.inputs.items()},
    )  # fmt: skip


def run(p, **options):
    """Everything that comes out, by name, of generated code."""
    y, last, tape = fast.unroll(p.key, p.params, p.x, p.state0, **options, **p.inputs)
    dx, dstate0, grads = fast.unroll_backward(tape, p.dy, p.dlast)
    return named(p.key, y, last, dx, dstate0, grads)


def named(key, y, last, dx, dstate0, grads):
    states = SPECS[key].states
    found = {"y": y, "dx": dx} | {f"grads[{n}]": g for n, g in grads.items()}
    found |= {f"last.{s}": v for s, v in zip(states, last, strict=True)}
    counts = [s for s in states if isinstance(SPECS[key].initial.get(s, 0.0), int)]
    return found | {
        f"dstate0.{s}": v for s, v in zip(states, dstate0, strict=True) if s not in counts
    }


def readable(p):
    y, last, tape = numpy_nn.unroll(p.key, p.params, p.x, p.state0, **p.inputs)
    return named(p.key, y, last, *numpy_nn.unroll_backward(tape, p.dy, p.dlast))


def same(found, expected, tolerance):
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        try:
            close(found[name], value, tolerance)
        except AssertionError as error:
            raise AssertionError(f"{name}: {error}") from None


@pytest.mark.parametrize(("key", "dtype", "jit"), RUNS)
def test_equals_the_readable_cell(key, dtype, jit):
    p = as_type(make(key), dtype)
    with how(jit):
        found = run(p)
    same(found, readable(as_type(p, np.float64)), DTYPES[dtype])
    wrong = {n: v.dtype for n, v in found.items() if v.dtype != dtype and v.dtype.kind == "f"}
    assert not wrong


@pytest.mark.parametrize("key", KEYS)
def test_forward_equals_the_printed_equations(key):
    p = make(key)
    spec = SPECS[key]
    with compiled.uncompiled():
        y, last, _ = fast.unroll(key, p.params, p.x, p.state0, **p.inputs)
    values = spec.unroll(p.params, p.x, p.state0, **p.inputs)
    close(y, values[spec.output], 1e-12)
    for name, state in zip(spec.states, last, strict=True):
        close(state, values[name][-1], 1e-12)


@pytest.mark.parametrize("key", KEYS)
def test_splitting_a_sequence_changes_nothing(key):
    p, k = make(key), 2
    with compiled.uncompiled():
        whole = run(p)
        head = {n: v[:k] for n, v in p.inputs.items()}
        tail = {n: v[k:] for n, v in p.inputs.items()}
        y1, middle, first = fast.unroll(key, p.params, p.x[:k], p.state0, **head)
        y2, last, second = fast.unroll(key, p.params, p.x[k:], middle, **tail)
        dx2, dmiddle, g2 = fast.unroll_backward(second, p.dy[k:], p.dlast)
        dx1, dstate0, g1 = fast.unroll_backward(first, p.dy[:k], tuple(dmiddle))
    grads = {n: g1[n] + g2[n] for n in p.params}
    grads |= {n: np.concatenate([g1[n], g2[n]]) for n in p.inputs}
    both = named(key, np.concatenate([y1, y2]), last, np.concatenate([dx1, dx2]), dstate0, grads)
    same(both, whole, 1e-12)


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("sizes", [{"B": 1}, {"T": 1}, {"T": 0}, {"B": 0}], ids=str)
def test_small_and_empty(key, sizes):
    p = make(key, **sizes)
    with compiled.uncompiled():
        same(run(p), readable(p), 1e-12)


@pytest.mark.parametrize("key", KEYS)
def test_ends_and_new_beginnings(key):
    """Each stretch equals a run of its own; what lies beyond an end is never read."""
    p = make(key)
    lengths = np.array([T, 3, 0])
    resets = np.zeros((T, B), bool)
    resets[[2, 4, 1, 4, 2], [0, 0, 1, 1, 2]] = True
    beyond = np.arange(T)[:, None] >= lengths
    p = p._replace(
        x=np.where(beyond[..., None], np.nan, p.x), dy=np.where(beyond[..., None], np.nan, p.dy),
        inputs={n: np.where(beyond[..., None], np.nan, v) for n, v in p.inputs.items()},
    )  # fmt: skip
    with compiled.uncompiled():
        found = run(p, lengths=lengths, resets=resets)
        expected = {n: np.zeros_like(v) for n, v in found.items()}
        for row, end in enumerate(lengths):
            cuts = [0, *(t for t in np.flatnonzero(resets[:, row]) if 0 < t < end), end]
            for k, (start, stop) in enumerate(itertools.pairwise(cuts)):
                here = (slice(start, stop), slice(row, row + 1))
                ends = k == len(cuts) - 2
                part = run(p._replace(
                    x=p.x[here], dy=p.dy[here], inputs={n: v[here] for n, v in p.inputs.items()},
                    state0=tuple(s[row : row + 1] for s in p.state0),
                    dlast=tuple(d[row : row + 1] * ends for d in p.dlast),
                ))  # fmt: skip
                for name, value in part.items():
                    along = name in ("y", "dx") or name[6:-1] in p.inputs
                    if along:
                        expected[name][here] = value
                    elif name.startswith("grads"):
                        expected[name] += value
                    elif name.startswith("last"):
                        expected[name][row] = value[0]
                    else:
                        expected[name][row] += value[0]
    same(found, expected, 1e-12)


def test_resets_lie_in_memory_as_they_like():
    p, resets = make("rnn"), np.zeros((T, B), bool)
    resets[2, 1] = True
    with compiled.uncompiled():
        same(run(p, resets=np.asfortranarray(resets)), run(p, resets=resets), 0)


@pytest.mark.parametrize("key", KEYS)
def test_the_cells_own_initial_state(key):
    p = make(key)
    with compiled.uncompiled():
        y, last, _ = fast.unroll(key, p.params, p.x, **p.inputs)
    expected, wanted, _ = numpy_nn.unroll(key, p.params, p.x, **p.inputs)
    close(y, expected, 1e-12)
    for state, other in zip(last, wanted, strict=True):
        assert state.dtype == other.dtype
        close(state, other, 1e-12)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize(("key", "dtype", "jit"), RUNS)
def test_what_is_not_finite_stays_visible(key, dtype, jit, bad):
    """In its own row, from its step on, forwards; in every weight that met it, backwards."""
    p = as_type(make(key), dtype)
    spec = SPECS[key]
    state0 = tuple(s.copy() for s in p.state0)
    read = {source for source, _ in spec.edges()}  # the output of some cells is carried unread
    moving = next(
        k for k, (name, s) in enumerate(zip(spec.states, state0, strict=True))
        if s.dtype.kind == "f" and f"{name}_prev" in read
    )  # fmt: skip
    state0[moving][1] = bad
    with how(jit):
        y, last, tape = fast.unroll(key, p.params, p.x, state0, **p.inputs)
        _, _, grads = fast.unroll_backward(tape, p.dy, p.dlast)
    assert np.isfinite(y[:, [0, 2]]).all()
    if np.isnan(bad):
        assert np.isnan(y[0, 1]).any(), f"{spec.states[moving]} = NaN is lost"
        assert any(np.isnan(g).any() for g in grads.values())
    x = p.x.copy()
    x[2, 1] = np.nan
    with how(jit):
        y, last, _ = fast.unroll(key, p.params, x, p.state0, **p.inputs)
    assert np.isfinite(y[:2]).all()
    assert np.isfinite(y[:, [0, 2]]).all()
    assert np.isnan(y[2, 1]).any()
    assert any(np.isnan(s[1]).any() for s in last if s.dtype.kind == "f")


def test_the_dtype_is_the_widest_given():
    p = as_type(make("lstm"), np.float32)
    with compiled.uncompiled():
        y, *_ = fast.unroll("lstm", p.params, p.x.astype(np.float64))
        assert y.dtype == np.float64
        with pytest.raises(TypeError, match="real numbers"):
            fast.unroll("lstm", p.params, p.x.astype(complex))
        with pytest.raises(TypeError, match=r"x.astype\(float\)"):
            fast.unroll("lstm", p.params, np.ones(p.x.shape, int))


def test_mistakes_are_named():
    p = make("lstm")
    with compiled.uncompiled():
        _, _, tape = fast.unroll("lstm", p.params, p.x)
        for error, words, call in [
            (ShapeError, "state0.h", lambda: fast.unroll("lstm", p.params, p.x, (p.x, p.x))),
            (ShapeError, "2 states", lambda: fast.unroll("lstm", p.params, p.x, (p.x,))),
            (KeyError, "weight_hh", lambda: fast.unroll("lstm", {}, p.x)),
            (KeyError, "config", lambda: fast.unroll("lstm", p.params, p.x, config={"a": 1})),
            (TypeError, "below", lambda: fast.unroll("lstm", p.params, p.x, below=p.dy)),
            (ValueError, "lengths", lambda: run(p, lengths=[9] * B)),
            (ShapeError, "resets", lambda: fast.unroll("lstm", p.params, p.x, resets=[True])),
            (ShapeError, "dy", lambda: fast.unroll_backward(tape, p.dy[1:])),
            (ShapeError, "dy", lambda: fast.unroll_backward(tape, p.dy[..., 1:])),
            (TypeError, "tape", lambda: fast.unroll_backward(None, p.dy)),
        ]:
            with pytest.raises(error, match=words):
                call()
        clockwork = make("clockwork")
        with pytest.raises(ValueError, match="cannot be divided among 3"):
            fast.unroll(
                "clockwork", clockwork.params, clockwork.x, config={"periods": (1, 2, 4)}
            )


def test_config_reaches_the_code():
    p = make("rnn_leaky")
    with compiled.uncompiled():
        y, *_ = fast.unroll("rnn_leaky", p.params, p.x, p.state0, config={"alpha": 0.125})
    expected, *_ = numpy_nn.unroll("rnn_leaky", p.params, p.x, p.state0, config={"alpha": 0.125})
    close(y, expected, 1e-12)


def test_arguments_are_left_as_they_were():
    p = make("lstm")
    arrays = [p.x, p.dy, *p.state0, *p.dlast, *p.params.values()]
    before = [a.copy() for a in arrays]
    for a in arrays:
        a.flags.writeable = False
    with compiled.uncompiled():
        found = run(p)
    for a, b in zip(arrays, before, strict=True):
        np.testing.assert_array_equal(a, b)
    assert all(v.flags.writeable for v in found.values())
    assert (found["y"].shape, found["dx"].shape) == ((T, B, H), (T, B, D))
