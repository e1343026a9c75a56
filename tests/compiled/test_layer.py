"""Generated code equals the readable cells and the printed equations, in every way a cell is run.

The source runs as plain Python here; compiled in ``test_machine_code``.
"""

import itertools

import numpy as np
import pytest
from generated import (
    DTYPES,
    as_readable,
    as_type,
    equals_the_readable_cell,
    may_be_split,
    run,
    same,
    shows_what_is_not_finite,
)
from problems import KEYS, B, D, H, T, close, make

from course_utils import compiled, numpy_nn
from course_utils.numpy_nn import fast
from course_utils.shapes import ShapeError
from course_utils.specs import SPECS

dtypes = pytest.mark.parametrize("dtype", DTYPES)


@dtypes
@pytest.mark.parametrize("key", KEYS)
def test_equals_the_readable_cell(key, dtype):
    with compiled.uncompiled():
        equals_the_readable_cell(as_type(make(key), dtype))


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
    with compiled.uncompiled():
        may_be_split(make(key))


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("sizes", [{"B": 1}, {"T": 1}, {"T": 0}, {"B": 0}], ids=str)
def test_small_and_empty(key, sizes):
    with compiled.uncompiled():
        as_readable(make(key, **sizes))


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


@dtypes
@pytest.mark.parametrize("key", KEYS)
def test_what_is_not_finite_stays_visible(key, dtype):
    with compiled.uncompiled():
        shows_what_is_not_finite(as_type(make(key), dtype))


def test_the_dtype_is_the_widest_given():
    p = as_type(make("lstm"), np.float32)
    with compiled.uncompiled():
        y, *_ = fast.unroll("lstm", p.params, p.x.astype(np.float64))
        assert y.dtype == np.float64
        with pytest.raises(TypeError, match="real numbers"):
            fast.unroll("lstm", p.params, p.x.astype(complex))
        with pytest.raises(TypeError, match=r"x.astype\(float\)"):
            fast.unroll("lstm", p.params, np.ones(p.x.shape, int))


@pytest.mark.parametrize("key", ["lstm", "lru"])
def test_narrow_weights_are_added_up_in_the_widest_dtype(key):
    p = as_type(make(key), np.float32)
    wide = {name: value.astype(np.float64) for name, value in p.params.items()}
    with compiled.uncompiled():
        narrow, *_ = fast.unroll(key, p.params, p.x.astype(np.float64))
        exact, *_ = fast.unroll(key, wide, p.x.astype(np.float64))
    np.testing.assert_array_equal(narrow, exact)


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
            fast.unroll("clockwork", clockwork.params, clockwork.x, config={"periods": (1, 2, 4)})


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
