"""What counting arrays write down; the rungs of the ladder; timing."""

import ast
import os
import subprocess
import sys

import numpy as np
import pytest

from course_utils import counting, numpy_nn, timing
from course_utils.numpy_nn import stages

T, B, D, H = 5, 3, 2, 4
RNG = np.random.default_rng(11)
PARAMS = numpy_nn.init_params("lstm", D, H, RNG)
ARGUMENTS = (PARAMS, *(RNG.standard_normal(s) for s in ((T, B, D), (B, H), (B, H))))


@pytest.mark.parametrize("rung", stages.STAGES)
def test_every_rung_of_the_ladder_gives_the_same_numbers(rung):
    params, x, h, c = ARGUMENTS
    y, last, _ = numpy_nn.unroll("lstm", params, x, (h, c))
    found = stages.STAGES[rung](*(v.copy() if isinstance(v, np.ndarray) else v for v in ARGUMENTS))
    for ours, expected in zip(found, (y, *last), strict=True):
        np.testing.assert_allclose(ours, expected, rtol=1e-12, atol=1e-14)


def test_the_ladder_by_hand():
    """Eight products a step; four; one; and the same work whatever the number of calls."""
    logs = {name: counting.counted(rung, *ARGUMENTS)[1] for name, rung in stages.STAGES.items()}
    products = {name: len(log.products) for name, log in logs.items()}
    assert products == {
        "loop": 8 * T, "hoisted": 4 + 4 * T, "stacked": 1 + T, "in_place": 1 + T, "columns": 1 + T,
    }  # fmt: skip
    assert {log.flops for log in logs.values()} == {2 * T * B * 4 * H * (D + H)}
    tanhs = {name: len(log.calls("tanh")) for name, log in logs.items()}
    assert tanhs == {"loop": 5 * T, "hoisted": 5 * T, "stacked": 5 * T, "in_place": 2 * T,
                     "columns": 2 * T}  # fmt: skip


def test_counting_leaves_results_and_arguments_as_they_are():
    plain = stages.in_place(*ARGUMENTS)
    found, _ = counting.counted(stages.in_place, *ARGUMENTS)
    for ours, expected in zip(found, plain, strict=True):
        assert type(ours) is np.ndarray
        np.testing.assert_array_equal(ours, expected)


@pytest.mark.parametrize(
    ("call", "name", "elements", "flops", "moved"),
    [
        (lambda a, b: a @ b, "matmul", 8, 2 * 8 * 3, 6 + 12 + 8),
        (lambda a, b: np.dot(a, b), "dot", 8, 2 * 8 * 3, 6 + 12 + 8),
        (lambda a, b: a.dot(b), "dot", 8, 2 * 8 * 3, 6 + 12 + 8),
        (lambda a, b: np.dot(a, b, out=np.empty((2, 4))), "dot", 8, 2 * 8 * 3, 6 + 12 + 8),
        (lambda a, b: np.einsum("ij,jk->ik", a, b), "einsum", 8, 2 * 8 * 3, 6 + 12 + 8),
        (lambda a, b: np.tanh(a), "tanh", 6, 6, 6 + 6),
        (lambda a, b: np.tanh(a, out=np.empty((2, 3))), "tanh", 6, 6, 6 + 6),
        (lambda a, b: a + 1.0, "add", 6, 6, 6 + 1 + 6),
        (lambda a, b: a.sum(axis=0), "add", 3, 3, 6 + 3),
    ],
)
def test_one_call_by_hand(call, name, elements, flops, moved):
    _, log = counting.counted(call, RNG.standard_normal((2, 3)), RNG.standard_normal((3, 4)))
    assert list(log) == [counting.Call(name, elements, flops, 8 * moved)]


def test_gains_show_who_did_the_work():
    x, W = RNG.standard_normal((3, 2)), RNG.standard_normal((4, 2))
    gains = {"product": 1.5, "tanh": 0.5}
    honest, log = counting.counted(lambda x, W: np.tanh(x @ W.T), x, W, gains=gains)
    np.testing.assert_allclose(honest, 0.5 * np.tanh(1.5 * (x @ W.T)))
    into, _ = counting.counted(lambda x, W: np.dot(x, W.T, out=np.empty((3, 4))), x, W, gains=gains)
    np.testing.assert_allclose(into, 1.5 * (x @ W.T))

    def elsewhere(x, W):
        x @ W.T, np.tanh(x @ W.T)  # counted, and thrown away
        return np.tanh(np.asarray(x) @ np.asarray(W).T)

    dishonest, other = counting.counted(elsewhere, x, W, gains=gains)
    assert len(other) >= len(log)
    assert np.abs(dishonest - honest).min() > 1e-3


def test_arrays_in_dicts_and_named_tuples_are_counted():
    state = numpy_nn.get_cell("lstm").State(*ARGUMENTS[2:])
    found, log = counting.counted(
        lambda d, s: {"sum": d["x"] + s.h, "kept": s}, {"x": ARGUMENTS[2]}, state
    )
    assert [call.name for call in log] == ["add"]
    assert type(found["kept"]) is type(state)
    assert type(found["sum"]) is type(found["kept"].h) is np.ndarray


def test_candidates_take_turns_in_an_order_that_changes():
    order, now = [], 0.0

    def work(name, seconds):
        def call():
            nonlocal now
            order.append(name)
            now += seconds

        return call

    candidates = {"short": work("short", 0.001), "long": work("long", 0.03)}
    times = timing.interleave(candidates, seconds=0, least=8, clock=lambda: now)
    assert {name: len(found) for name, found in times.items()} == {"short": 8, "long": 8}
    assert timing.ratio(times, "long", "short") == pytest.approx(30)
    rounds = [tuple(order[k : k + 2]) for k in range(len(order) - 16, len(order), 2)]
    assert set(rounds) == {("short", "long"), ("long", "short")}


def test_one_thread_is_given_back():
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        with timing.one_thread():
            assert torch.get_num_threads() == 1
            found = timing.blas()
            assert found is None or found["threads"] == 1
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


def test_one_thread_reaches_the_blas_that_compiled_code_calls():
    """It is SciPy's, which without this would load later, with all its threads."""
    pytest.importorskip("scipy")
    pytest.importorskip("threadpoolctl")
    code = (
        "from course_utils import timing\n"
        "from threadpoolctl import threadpool_info\n"
        "with timing.one_thread():\n"
        "    import scipy.linalg\n"
        "    print([p['num_threads'] for p in threadpool_info() if p['user_api'] == 'blas'])\n"
    )
    env = {**os.environ, "OPENBLAS_NUM_THREADS": "2", "OMP_NUM_THREADS": "2"}
    command = [sys.executable, "-c", code]
    said = subprocess.run(command, env=env, capture_output=True, text=True, check=True).stdout
    assert set(ast.literal_eval(said)) == {1}


def test_a_ratio_is_the_median_of_the_rounds_ratios():
    """Each round's load hits both: 2, 3 and 1 times, though both medians are 9."""
    times = {"slow": np.array([2.0, 30.0, 9.0]), "fast": np.array([1.0, 10.0, 9.0])}
    assert timing.ratio(times, "slow", "fast") == 2.0
