"""What bounds the compiled layers is counted from the plans of the cells, and measured."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

import compiler_bounds

from course_utils import timing

SIZE = T, B, D, H = 3, 2, 4, 5
MEASURED = {
    "functions": {"tanh": 1e-3, "sigmoid": 2e-3}, "rate": 1e6, "moving": 1e-6, "passing": 1e-7,
    "turning": 0.5,
}  # fmt: skip


def test_functions_are_counted_one_by_one_and_again_where_the_way_back_evaluates_them():
    assert compiler_bounds.functions("lstm") == {"sigmoid": 3, "tanh": 2}
    counted = compiler_bounds.functions("slstm")
    # o = sigmoid(...); the way back has the sigmoid for the slope of log_sigmoid, and divides dh
    assert counted == {"log_sigmoid": 1, "exp": 2, "tanh": 1, "sigmoid": 2, "/": 2}


def test_what_is_kept_moves_there_and_back():
    assert compiler_bounds.moved("rnn") == 2
    # c, three gates, the candidate and tanh(c) both ways; h only there: its slope is not read
    assert compiler_bounds.moved("lstm") == 2 * 6 + 1


def test_what_the_loops_read_and_write_passes_through_the_caches():
    # there: W x, U h, b and the h that is written; back: dy, two parts of dh, h, and da
    assert compiler_bounds.passed("rnn") == 4 + 5
    near = compiler_bounds.least("rnn", SIZE, MEASURED)
    passes = T * B * H * 9 * 1.0
    evaluated = compiler_bounds.evaluating("rnn", SIZE, MEASURED)
    found = compiler_bounds.least("rnn", SIZE, MEASURED | {"passing": 1.0})
    assert found == pytest.approx(near - evaluated + passes)


def test_a_step_is_its_products_and_functions():
    products = 6 * T * B * (4 * H * (D + H)) / 1e6
    functions = T * B * H * (3 * 2e-3 + 2 * 1e-3)
    found = compiler_bounds.arithmetic("lstm", SIZE, MEASURED)
    assert found == pytest.approx(products + functions)
    assert compiler_bounds.arithmetic("lstm", SIZE, MEASURED, 7) == pytest.approx(7 + functions)


def test_memory_counts_where_it_takes_longer_than_the_functions():
    near = compiler_bounds.arithmetic("lstm", SIZE, MEASURED)
    assert compiler_bounds.least("lstm", SIZE, MEASURED) == pytest.approx(near + 0.5)
    moves = compiler_bounds.moved("lstm") * T * B * H
    far = near - compiler_bounds.evaluating("lstm", SIZE, MEASURED) + moves * 1.0 + 0.5
    assert compiler_bounds.least("lstm", SIZE, MEASURED | {"moving": 1.0}) == pytest.approx(far)


@pytest.mark.slow
def test_what_is_measured_is_plausible():
    with timing.one_thread():
        each = compiler_bounds.function_seconds(0.2, ["tanh", "log_sigmoid", "/"])
        moving = compiler_bounds.moving_seconds(0.05, 10**6)
        turning = compiler_bounds.turning_seconds(0.05, (5, 32, 16, 64))
    assert 0 < each["tanh"] < 1e-8 and each["/"] < each["log_sigmoid"] < 1e-8
    assert 1e-12 < moving < 1e-8
    assert 0 < turning < 1e-2
