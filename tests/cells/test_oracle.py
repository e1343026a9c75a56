"""The oracle along time: the printed equations, step after step, with quantities held."""

import numpy as np
import pytest
import torch
from problems import KEYS, T, close, make

from course_utils import numpy_nn
from course_utils.numpy_nn.unroll import initial_state
from course_utils.specs import SPECS


@pytest.fixture(params=KEYS)
def problem(request):
    return make(request.param)


def test_it_starts_where_the_cells_start(problem):
    spec, cell = SPECS[problem.key], numpy_nn.get_cell(problem.key)
    x = problem.x.astype(np.float32)
    H = problem.dy.shape[-1]
    ours = initial_state(spec, cell, None, x.shape[1], H, np.float32)
    for array, tensor, expected in zip(
        spec.initial_state(x, H), spec.initial_state(torch.tensor(x), H), ours, strict=True
    ):
        np.testing.assert_array_equal(array, expected)
        np.testing.assert_array_equal(tensor.numpy(), expected)
        assert array.dtype == tensor.numpy().dtype == expected.dtype


def test_one_call_is_as_many_single_steps(problem):
    spec, state = SPECS[problem.key], problem.state0
    found = spec.unroll(problem.params, problem.x, state, **problem.inputs)
    for t in range(T):
        now = {name: value[t] for name, value in problem.inputs.items()}
        step = spec.oracle(problem.params, problem.x[t], state, **now)
        state = tuple(step[s] for s in spec.states)
        for name, value in step.items():
            close(found[name][t], value, 1e-15)


def test_what_is_held_stands_and_all_else_obeys_its_equation(problem):
    """Held at what it would have been, nothing changes; held at 1/2, it is 1/2 at every step."""
    spec = SPECS[problem.key]
    free = spec.unroll(problem.params, problem.x[:1], problem.state0, **first(problem))
    for name, value in free.items():
        if name in spec.states and value.dtype.kind != "f":
            continue  # a clock of integers is no quantity to hold at 1/2
        same = spec.unroll(
            problem.params, problem.x[:1], problem.state0, held={name: value[0]}, **first(problem)
        )
        for other, expected in free.items():
            close(*np.broadcast_arrays(same[other], expected), 1e-14)  # lru: (H,) where not held
        half = spec.unroll(
            problem.params, problem.x, problem.state0, held={name: 0.5}, **problem.inputs
        )
        np.testing.assert_array_equal(half[name], np.full_like(half[name], 0.5))


def first(problem):
    return {name: value[:1] for name, value in problem.inputs.items()}


def test_between_steps_states_may_be_replaced():
    """With the state emptied before each step, every step is a first step."""
    problem = make("lstm")
    spec = SPECS["lstm"]
    found = spec.unroll(
        problem.params, problem.x, between=lambda states: {k: 0 * s for k, s in states.items()}
    )
    for t in range(T):
        alone = spec.unroll(problem.params, problem.x[t : t + 1])
        close(found["c"][t], alone["c"][0], 1e-15)


def test_no_steps_give_empty_arrays_and_an_unknown_name_is_refused():
    problem = make("gru")
    spec = SPECS["gru"]
    assert spec.unroll(problem.params, problem.x[:0])["h"].shape == (0, *problem.dy.shape[1:])
    with pytest.raises(KeyError, match="held: gru has no q; it has"):
        spec.unroll(problem.params, problem.x, held={"q": 1.0})
