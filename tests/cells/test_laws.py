"""What every cell must obey, whatever its equations; a new cell is picked up by its files."""

import numpy as np
import pytest
from problems import KEYS, B, H, T, close, make

from course_utils import numpy_nn
from course_utils.numpy_nn import gradcheck
from course_utils.specs import SPECS

FORWARD = 1e-12  # float64, the same operations in another order
BACKWARD = 1e-10  # a sum over T·B products of such numbers


@pytest.fixture(params=KEYS)
def problem(request):
    return make(request.param)


def through_oracle(problem):
    """y and the last states from the printed equations alone."""
    spec = SPECS[problem.key]
    found = spec.unroll(problem.params, problem.x, problem.state0, **problem.inputs)
    return found[spec.output], tuple(found[s][-1] for s in spec.states)


def test_forward_equals_the_printed_equations(problem):
    y, last, _ = numpy_nn.unroll(
        problem.key, problem.params, problem.x, problem.state0, **problem.inputs
    )
    y_oracle, last_oracle = through_oracle(problem)
    close(y, y_oracle, FORWARD)
    for ours, oracle in zip(last, last_oracle, strict=True):
        close(ours, oracle, FORWARD)


def gradients(problem):
    *_, tape = numpy_nn.unroll(
        problem.key, problem.params, problem.x, problem.state0, **problem.inputs
    )
    return numpy_nn.unroll_backward(tape, problem.dy, problem.dlast)


def test_backward_equals_directional_differences_on_everything_at_once(problem):
    """Also for cells with kinks, where the complex step does not apply."""
    dx, dstate0, grads = gradients(problem)
    rng = np.random.default_rng(1)
    check = gradcheck.directional
    assert check(lambda v: problem.loss(x=v), problem.x, dx, rng).error < 1e-7
    for name, value in problem.params.items():
        found = check(
            lambda v, n=name: problem.loss(params=problem.params | {n: v}), value, grads[name], rng
        )
        assert found.error < 1e-7, name
    for name, value in problem.inputs.items():
        found = check(
            lambda v, n=name: problem.loss(inputs=problem.inputs | {n: v}), value, grads[name], rng
        )
        assert found.error < 1e-7, name
    for k, value in enumerate(problem.state0):
        if np.issubdtype(value.dtype, np.integer):
            continue

        def swapped(v, k=k):
            state = list(problem.state0)
            state[k] = v
            return problem.loss(state0=tuple(state))

        assert check(swapped, value, dstate0[k], rng).error < 1e-7, SPECS[problem.key].states[k]


def test_splitting_a_sequence_changes_nothing(problem):
    key, params, cut = problem.key, problem.params, 2
    head = {n: v[:cut] for n, v in problem.inputs.items()}
    tail = {n: v[cut:] for n, v in problem.inputs.items()}
    y, last, tape = numpy_nn.unroll(key, params, problem.x, problem.state0, **problem.inputs)
    y1, mid, tape1 = numpy_nn.unroll(key, params, problem.x[:cut], problem.state0, **head)
    y2, end, tape2 = numpy_nn.unroll(key, params, problem.x[cut:], mid, **tail)
    close(np.concatenate([y1, y2]), y, FORWARD)
    for a, b in zip(end, last, strict=True):
        close(a, b, FORWARD)
    dx, dstate0, grads = numpy_nn.unroll_backward(tape, problem.dy, problem.dlast)
    dx2, dmid, grads2 = numpy_nn.unroll_backward(tape2, problem.dy[cut:], problem.dlast)
    dx1, dstart, grads1 = numpy_nn.unroll_backward(tape1, problem.dy[:cut], dmid)
    close(np.concatenate([dx1, dx2]), dx, BACKWARD)
    for name in params:
        close(grads1[name] + grads2[name], grads[name], BACKWARD)
    for a, b in zip(dstart, dstate0, strict=True):
        close(a, b, BACKWARD)


def test_a_row_of_the_batch_equals_a_batch_of_one(problem):
    y, last, _ = numpy_nn.unroll(
        problem.key, problem.params, problem.x, problem.state0, **problem.inputs
    )
    row = slice(1, 2)
    y1, last1, _ = numpy_nn.unroll(
        problem.key,
        problem.params,
        problem.x[:, row],
        tuple(s[row] for s in problem.state0),
        **{n: v[:, row] for n, v in problem.inputs.items()},
    )
    close(y1, y[:, row], FORWARD)
    for a, b in zip(last1, last, strict=True):
        close(a, b[row], FORWARD)


def test_calling_twice_gives_the_same_bits(problem):
    first, second = gradients(problem), gradients(problem)
    np.testing.assert_array_equal(first[0], second[0])
    for name, g in first[2].items():
        np.testing.assert_array_equal(g, second[2][name])


def test_no_gradient_of_the_last_states_means_zero(problem):
    """Also for a cell that does not start from zeros."""
    *_, tape = numpy_nn.unroll(
        problem.key, problem.params, problem.x, problem.state0, **problem.inputs
    )
    zeros = tuple(np.zeros(s.shape) for s in problem.state0)
    given = numpy_nn.unroll_backward(tape, problem.dy, zeros)
    default = numpy_nn.unroll_backward(tape, problem.dy)
    np.testing.assert_array_equal(given[0], default[0])
    for name, g in given[2].items():
        np.testing.assert_array_equal(g, default[2][name])


def test_backward_leaves_its_arguments_alone(problem):
    before = {n: p.copy() for n, p in problem.params.items()}
    dy = problem.dy.copy()
    gradients(problem)
    np.testing.assert_array_equal(problem.dy, dy)
    for name, p in before.items():
        np.testing.assert_array_equal(problem.params[name], p)


def test_padding_changes_no_result_and_no_gradient(problem):
    lengths = np.array([T, 2, 4])
    y, last, tape = numpy_nn.unroll(
        problem.key, problem.params, problem.x, problem.state0, lengths=lengths, **problem.inputs
    )
    dx, dstate0, grads = numpy_nn.unroll_backward(tape, problem.dy, problem.dlast)
    total = dict.fromkeys(problem.params, 0)
    for b, n in enumerate(lengths):
        row = slice(b, b + 1)
        y1, last1, tape1 = numpy_nn.unroll(
            problem.key,
            problem.params,
            problem.x[:n, row],
            tuple(s[row] for s in problem.state0),
            **{k: v[:n, row] for k, v in problem.inputs.items()},
        )
        dx1, dstart, grads1 = numpy_nn.unroll_backward(
            tape1, problem.dy[:n, row], tuple(d[row] for d in problem.dlast)
        )
        close(y[:n, row], y1, FORWARD)
        assert not y[n:, row].any()
        close(dx[:n, row], dx1, BACKWARD)
        assert not dx[n:, row].any()
        for a, c in zip(last, last1, strict=True):
            close(a[row], c, FORWARD)
        for a, c in zip(dstate0, dstart, strict=True):
            close(a[row], c, BACKWARD)
        total = {k: v + grads1[k] for k, v in total.items()}
    for name, g in total.items():
        close(grads[name], g, BACKWARD)


@pytest.mark.parametrize("key", KEYS)
def test_float32_stays_float32_and_extreme_inputs_stay_finite(key):
    p = make(key)
    params = {n: v.astype(np.float32) for n, v in p.params.items()}
    x = np.where(p.x > 0, 1e4, -1e4).astype(np.float32)
    inputs = {n: v.astype(np.float32) for n, v in p.inputs.items()}
    y, _, tape = numpy_nn.unroll(key, params, x, **inputs)
    assert y.dtype == np.float32
    if SPECS[key].bounded:
        assert np.isfinite(y).all()
    dx, _, grads = numpy_nn.unroll_backward(tape, p.dy.astype(np.float32))
    assert dx.dtype == np.float32
    for name, g in grads.items():
        assert g.dtype == np.float32, name
        assert np.isfinite(g).all(), name


@pytest.mark.parametrize("key", KEYS)
def test_an_empty_sequence_hands_the_state_on(key):
    p = make(key)
    y, last, tape = numpy_nn.unroll(key, p.params, p.x[:0], p.state0)
    assert y.shape == (0, B, H)
    for a, b in zip(last, p.state0, strict=True):
        np.testing.assert_array_equal(a, b)
    _, dstate0, _ = numpy_nn.unroll_backward(tape, p.dy[:0], p.dlast)
    for a, b in zip(dstate0, p.dlast, strict=True):
        np.testing.assert_array_equal(a, b)
