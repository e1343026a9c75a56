"""Truncated and checkpointed backward passes, against the full one."""

import numpy as np
import pytest
from problems import T, close, make

from course_utils import numpy_nn
from course_utils.numpy_nn.checkpoint import checkpointed_backward, unroll_checkpointed
from course_utils.numpy_nn.truncation import randomly_truncated_backward, truncated_backward

KEYS = ("rnn", "lstm")


@pytest.fixture(params=KEYS)
def problem(request):
    return make(request.param)


def tape_of(p):
    return numpy_nn.unroll(p.key, p.params, p.x, p.state0)[-1]


def all_close(a, b, tolerance=1e-12):
    close(a[0], b[0], tolerance)
    for s, r in zip(a[1], b[1], strict=True):
        close(s, r, tolerance)
    assert a[2].keys() == b[2].keys()
    for name in a[2]:
        close(a[2][name], b[2][name], tolerance)


def test_a_chunk_as_long_as_the_sequence_is_the_full_gradient(problem):
    tape = tape_of(problem)
    all_close(truncated_backward(tape, problem.dy, T), numpy_nn.unroll_backward(tape, problem.dy))


@pytest.mark.parametrize("every", [1, 2, 3])
def test_chunks_equal_separate_sequences_that_carry_only_the_state(problem, every):
    p, state, total = problem, problem.state0, 0
    dx, _, grads = truncated_backward(tape_of(p), p.dy, every)
    for start in range(0, T, every):
        piece = slice(start, start + every)
        _, state, tape = numpy_nn.unroll(p.key, p.params, p.x[piece], state)
        dx_piece, _, found = numpy_nn.unroll_backward(tape, p.dy[piece])
        close(dx[piece], dx_piece, 1e-12)
        total = total + found["weight_hh"]
    close(grads["weight_hh"], total, 1e-12)


def test_never_stopping_is_the_full_gradient_and_stopping_is_unbiased(problem):
    tape, rng = tape_of(problem), np.random.default_rng(0)
    full = numpy_nn.unroll_backward(tape, problem.dy)
    all_close(randomly_truncated_backward(tape, problem.dy, 0.0, rng), full)
    draws = np.stack(
        [
            randomly_truncated_backward(tape, problem.dy, 0.3, rng)[2]["weight_hh"]
            for _ in range(2000)
        ]
    )
    error = draws.mean(axis=0) - full[2]["weight_hh"]
    standard = draws.std(axis=0) / np.sqrt(len(draws))
    assert np.abs(error / standard).max() < 5  # 16 entries; 5 standard errors: about 1 in 10^5
    biased = truncated_backward(tape, problem.dy, 1)[2]["weight_hh"] - full[2]["weight_hh"]
    assert np.abs(biased / standard).max() > 20  # the same yardstick sees a biased one


@pytest.mark.parametrize("every", [None, 1, 2, 5, 7])
def test_checkpoints_change_memory_and_nothing_else(problem, every):
    p = problem
    y, last, tape = numpy_nn.unroll(p.key, p.params, p.x, p.state0)
    y2, last2, kept = unroll_checkpointed(p.key, p.params, p.x, p.state0, every=every)
    close(y2, y, 1e-13)
    for a, b in zip(last2, last, strict=True):
        close(a, b, 1e-13)
    full = numpy_nn.unroll_backward(tape, p.dy, p.dlast)
    all_close(checkpointed_backward(kept, p.dy, p.dlast), full)


@pytest.mark.parametrize(
    "call",
    [
        lambda tape, p: truncated_backward(tape, p.dy, 0),
        lambda tape, p: randomly_truncated_backward(tape, p.dy, 1.0, np.random.default_rng(0)),
        lambda tape, p: unroll_checkpointed(p.key, p.params, p.x, every=-1),
    ],
)
def test_an_impossible_interval_is_refused_by_name(call):
    p = make("rnn")
    with pytest.raises(ValueError, match=r"expected a (positive|probability)"):
        call(tape_of(p), p)
