"""Lengths and resets, for every cell and every way to run it: what is not there is never read."""

from itertools import pairwise

import numpy as np
import pytest
from kinds import by_kind
from problems import KEYS, B, D, H, T, close, equal, leaves, make

from course_utils import numpy_nn
from course_utils.numpy_nn import fast, many
from course_utils.numpy_nn.checkpoint import checkpointed_backward, unroll_checkpointed
from course_utils.numpy_nn.truncation import randomly_truncated_backward, truncated_backward

pytestmark = pytest.mark.usefixtures("uncompiled")

LENGTHS = np.array([T, 2, 0])
GONE = np.arange(T)[:, None] >= LENGTHS  # (T, B)
RESETS = np.array([[1, 0, 0, 1, 1], [0, 1, 0, 1, 0], [0, 0, 0, 0, 0]], bool).T


def plain(p, **marks):
    y, last, tape = numpy_nn.unroll(p.key, p.params, p.x, p.state0, **marks, **p.inputs)
    return y, last, *numpy_nn.unroll_backward(tape, p.dy, p.dlast)


def tuned(p, **marks):
    y, last, tape = fast.unroll(p.key, p.params, p.x, p.state0, **marks, **p.inputs)
    return y, last, *fast.unroll_backward(tape, p.dy, p.dlast)


def checkpointed(p, **marks):
    y, last, kept = unroll_checkpointed(
        p.key, p.params, p.x, p.state0, every=2, **marks, **p.inputs
    )
    return y, last, *checkpointed_backward(kept, p.dy, p.dlast)


def truncated(p, **marks):
    """Without a loss on the last state, which is not among the arguments."""
    y, last, tape = numpy_nn.unroll(p.key, p.params, p.x, p.state0, **marks, **p.inputs)
    return y, last, *truncated_backward(tape, p.dy, 2)


def randomly_truncated(p, **marks):
    y, last, tape = numpy_nn.unroll(p.key, p.params, p.x, p.state0, **marks, **p.inputs)
    rng = np.random.default_rng(0)
    return y, last, *randomly_truncated_backward(tape, p.dy, 0.4, rng)


def side_by_side(p, **marks):
    """Two equal nets; the results of the second."""
    two = many.stack([p.params, p.params])
    inputs = {name: np.stack([v, v]) for name, v in p.inputs.items()}
    state0, dlast = (tuple(np.stack([s, s]) for s in states) for states in (p.state0, p.dlast))
    y, last, tape = many.unroll(p.key, two, p.x, state0, **marks, **inputs)
    dx, dstate0, grads = many.unroll_backward(tape, np.stack([p.dy, p.dy]), dlast)
    pick = (tuple(s[1] for s in states) for states in (last, dstate0))
    last, dstate0 = pick
    return y[1], last, dx[1], dstate0, many.pick(grads, 1)


def stacked(p, bidirectional=False, **marks):
    """Two layers; the further inputs come from the layer below."""
    rng = np.random.default_rng(5)
    layers = numpy_nn.init_stack(p.key, D, H, 2, rng, bidirectional=bidirectional)
    ways = 2 + 2 * bidirectional
    state0 = tuple(np.stack([s] * ways) for s in p.state0)
    dy = np.concatenate([p.dy] * (1 + bidirectional), axis=-1)
    dlast = tuple(np.stack([s] * ways) for s in p.dlast)
    y, last, tape = numpy_nn.unroll_stack(p.key, layers, p.x, state0, **marks)
    dx, dstate0, grads = numpy_nn.unroll_stack_backward(tape, dy, dlast)
    flat = [g for layer in grads for g in (layer if bidirectional else [layer])]
    return y, last, dx, dstate0, {f"{n} {k}": v for n, g in enumerate(flat) for k, v in g.items()}


def both_ways(p, **marks):
    return stacked(p, bidirectional=True, **marks)


CUT = (truncated, randomly_truncated)
WHOLE = (plain, tuned, checkpointed, side_by_side, stacked, both_ways)


def cases(*runs):
    found = [(key, run) for key in KEYS for run in runs]
    ids = [f"{key}-{run.__name__}" for key, run in found]
    return pytest.mark.parametrize(("key", "run"), by_kind(found), ids=ids)


def filled(p, value):
    """The problem with ``value`` at every step that is not there."""
    x, dy = (np.where(GONE[..., None], value, v) for v in (p.x, p.dy))
    inputs = {name: np.where(GONE[..., None], value, v) for name, v in p.inputs.items()}
    return p._replace(x=x, dy=dy, inputs=inputs)


@cases(*WHOLE, *CUT)
def test_what_lies_beyond_an_end_reaches_no_number(key, run):
    p = make(key)
    expected = run(filled(p, 0.0), lengths=LENGTHS)
    for value in (np.nan, -np.inf):
        found = run(filled(p, value), lengths=LENGTHS)
        for a, b in zip(leaves(found), leaves(expected), strict=True):
            np.testing.assert_array_equal(a, b)
        assert not found[0][GONE].any() and not found[2][GONE].any()


def pieces(row, length):
    """The (start, stop) of the sequences in a row of the stream."""
    cuts = sorted({0, length} | {t for t in range(length) if RESETS[t, row]})
    return list(pairwise(cuts))


@cases(*WHOLE)
def test_a_reset_begins_a_sequence_of_its_own(key, run):
    equals_separate_runs(make(key), run, LENGTHS)


@cases(plain)
def test_so_it_does_where_all_have_one_length(key, run):
    equals_separate_runs(make(key), run, None)


def equals_separate_runs(p, run, lengths):
    """Outputs and all gradients are those of separate runs from the same initial state."""
    y, last, dx, dstate0, grads = run(p, lengths=lengths, resets=RESETS)
    dinitial = [np.zeros(s.shape) for s in dstate0]
    total = {name: np.zeros(g.shape) for name, g in grads.items()}
    for b, length in enumerate([T] * B if lengths is None else lengths):
        row = slice(b, b + 1)
        parts = pieces(b, length) or [(0, 0)]
        for start, stop in parts:
            # the state after the last step is that of a forward direction's last piece, and of a
            # backward direction's first
            ends = [start == parts[0][0] if k else stop == parts[-1][1] for k in (0, 1)]
            cut = slice(start, stop)
            one = p._replace(
                x=p.x[cut, row],
                dy=p.dy[cut, row],
                state0=tuple(s[row] for s in p.state0),
                dlast=tuple(d[row] for d in p.dlast),
                inputs={name: v[cut, row] for name, v in p.inputs.items()},
            )
            y1, last1, dx1, dfirst, grads1 = alone(run, one, ends)
            close(y[cut, row], y1, 1e-12)
            close(dx[cut, row], dx1, 1e-10)
            for state, state1, d, d1 in zip(last, last1, dinitial, dfirst, strict=True):
                d[..., row, :] += d1
                for way in range(2 if run is both_ways else 1):
                    if ends[way]:
                        rows = slice(way, None, 2) if run is both_ways else slice(None)
                        close(state[..., row, :][rows], state1[rows], 1e-12)
            for name, g in grads1.items():
                if name in p.inputs:
                    total[name][cut, row] += g
                else:
                    total[name] += g
    for a, b in zip(dstate0, dinitial, strict=True):
        close(a, b, 1e-10)
    for name, g in total.items():
        close(grads[name], g, 1e-10)


def alone(run, p, ends):
    """A run of one piece, whose last state's gradient counts only where it is the stream's."""
    if run is not both_ways:
        return run(p if ends[0] else p._replace(dlast=tuple(0 * d for d in p.dlast)))
    rng = np.random.default_rng(5)
    layers = numpy_nn.init_stack(p.key, D, H, 2, rng, bidirectional=True)
    state0 = tuple(np.stack([s] * 4) for s in p.state0)
    dlast = tuple(np.stack([d * ends[0], d * ends[1]] * 2) for d in p.dlast)
    y, last, tape = numpy_nn.unroll_stack(p.key, layers, p.x, state0)
    dy = np.concatenate([p.dy, p.dy], axis=-1)
    dx, dstate0, grads = numpy_nn.unroll_stack_backward(tape, dy, dlast)
    flat = [g for layer in grads for g in layer]
    return y, last, dx, dstate0, {f"{n} {k}": v for n, g in enumerate(flat) for k, v in g.items()}


@pytest.mark.parametrize("key", by_kind())
def test_truncation_cuts_the_past_and_not_the_way_to_the_initial_state(key):
    """A chunk as long as the stream is the full gradient; chunks ending at resets cut nothing."""
    p = make(key)._replace(dlast=None)
    resets = np.zeros((T, B), bool)
    resets[[2, 4]] = True
    *_, tape = numpy_nn.unroll(p.key, p.params, p.x, p.state0, resets=resets, **p.inputs)
    full = numpy_nn.unroll_backward(tape, p.dy)
    for found in (
        truncated_backward(tape, p.dy, T),
        truncated_backward(tape, p.dy, 2),
        randomly_truncated_backward(tape, p.dy, 0.0, np.random.default_rng(0)),
    ):
        equal((p.dy, (), *found), (p.dy, (), *full))


@pytest.mark.parametrize("key", by_kind())
def test_without_an_initial_state_a_reset_goes_back_to_the_cells_own(key):
    p, resets = make(key), np.ones((T, B), bool)
    y, last, _ = numpy_nn.unroll(key, p.params, p.x, resets=resets, **p.inputs)
    for t in range(T):
        now = {name: v[t : t + 1] for name, v in p.inputs.items()}
        y1, end, _ = numpy_nn.unroll(key, p.params, p.x[t : t + 1], **now)
        close(y[t : t + 1], y1, 1e-12)
    for a, b in zip(last, end, strict=True):
        close(a, b, 1e-12)


@pytest.mark.parametrize(
    ("resets", "error", "message"),
    [
        (RESETS[1:], ValueError, r"resets: expected shape \(5, 3\) \(T, B\)"),
        (RESETS.astype(int), TypeError, "resets: expected booleans, got int64"),
        (RESETS[:, 0], ValueError, "resets: expected shape"),
    ],
)
def test_what_cannot_be_resets_is_refused(resets, error, message):
    p = make("gru")
    for call in (numpy_nn.unroll, fast.unroll, unroll_checkpointed):
        with pytest.raises(error, match=message):
            call("gru", p.params, p.x, p.state0, resets=resets)
    with pytest.raises(error, match=message):
        numpy_nn.unroll_stack("gru", [p.params], p.x, resets=resets)
    with pytest.raises(error, match=message):
        many.unroll("gru", many.stack([p.params]), p.x, resets=resets)
