"""Newton along time gives the loop's states, in as many rounds as it says, for every cell."""

import numpy as np
import pytest
from problems import KEYS, make

from course_utils import numpy_nn
from course_utils.lab.newton import largest_exponent, linearised, matrix_prefix, newton
from course_utils.numpy_nn.scan import prefix
from course_utils.shapes import ShapeError

CELLS = [key for key in KEYS if key != "clockwork"]


def looped(key, params, x, state0):
    """The states after every step, each (T, B, H), by the loop."""
    steps = []
    for row in x:
        state0, _ = numpy_nn.step(key, params, row, state0)
        steps.append(state0)
    return [np.stack(s) for s in zip(*steps, strict=True)]


def off(found, expected):
    return max(np.abs(a - b).max() for a, b in zip(found, expected, strict=True))


@pytest.mark.parametrize("key", CELLS)
def test_it_is_the_loop_for_every_cell(key):
    p = make(key, T=24)
    found = newton(key, p.params, p.x, p.state0)
    assert off(found.states, looped(key, p.params, p.x, p.state0)) < 1e-10
    assert type(found.states) is numpy_nn.get_cell(key).State
    assert found.iterations <= 25 and found.changes[-1].max() <= 1e-11


@pytest.mark.parametrize("key", ["mingru", "lru"])
def test_a_linear_recurrence_takes_one_round_and_one_to_see_it(key):
    p = make(key, T=24)
    assert newton(key, p.params, p.x, p.state0).iterations == 2


def test_after_k_rounds_the_first_k_steps_are_right_even_in_chaos():
    p = make("rnn", T=24)
    wild = p.params | {"weight_hh": 20 * p.params["weight_hh"]}
    right = looped("rnn", wild, p.x, p.state0)[0]
    for k in (1, 5, 12, 25):
        found = newton("rnn", wild, p.x, p.state0, most=k).states.h
        np.testing.assert_allclose(found[:k], right[:k], rtol=0, atol=1e-10)
    assert np.abs(newton("rnn", wild, p.x, p.state0, most=5).states.h - right).max() > 1e-3


def test_jacobians_are_those_of_the_step_in_every_direction():
    p = make("lstm", T=3)
    rng = np.random.default_rng(5)
    n = 2 * p.state0[0].shape[-1]
    before, way = rng.standard_normal((2, *p.x.shape[:2], n))
    small = 1e-6 * way
    _, J = linearised("lstm", p.params, p.x, before)
    ahead, behind = (linearised("lstm", p.params, p.x, before + s)[0] for s in (small, -small))
    np.testing.assert_allclose((J @ way[..., None])[..., 0], (ahead - behind) / 2e-6, atol=1e-8)


def test_diagonal_matrices_are_scanned_as_vectors_are():
    a, b = np.random.default_rng(0).standard_normal((2, 11, 2, 3))
    np.testing.assert_allclose(matrix_prefix(a[..., None] * np.eye(3), b), prefix(a, b), atol=1e-12)
    with pytest.raises(ShapeError, match=r"^A: expected"):
        matrix_prefix(a, b)


def test_the_exponent_is_the_logarithm_of_a_known_factor():
    """A linear cell forgets by |λ| a step, whatever comes in: the slowest unit decides."""
    x = np.random.default_rng(1).standard_normal((300, 2, 3))
    params = numpy_nn.init_params("lru", 3, 4, np.random.default_rng(0))
    share = np.exp(-np.exp(params["nu"])).max()
    np.testing.assert_allclose(largest_exponent("lru", params, x), np.log(share), atol=0.02)
    dead = {"weight_ih": np.eye(3), "weight_hh": np.zeros((3, 3)), "bias_ih": np.zeros(3),
            "bias_hh": np.zeros(3)}  # fmt: skip
    assert (largest_exponent("rnn", dead, x) == -np.inf).all()


def test_precision_is_kept_and_no_steps_are_no_rounds():
    p = make("gru", T=6)
    params = {name: v.astype(np.float32) for name, v in p.params.items()}
    found = newton("gru", params, p.x.astype(np.float32), tolerance=1e-5)
    assert found.states.h.dtype == np.float32
    empty = newton("gru", p.params, p.x[:0], p.state0)
    assert empty.iterations == 0 and empty.states.h.shape == (0, *p.state0[0].shape)


def test_what_has_no_jacobian_is_refused_by_name():
    p = make("clockwork", T=3)
    for call in (newton, largest_exponent):
        with pytest.raises(TypeError, match=r"^key: clockwork counts"):
            call("clockwork", p.params, p.x)
    with pytest.raises(ValueError, match=r"^most: "):
        newton("rnn", make("rnn", T=3).params, p.x, most=0)
