"""What a caller may hand over by mistake is refused by name: NumPy, tasks, ledger."""

import re

import numpy as np
import pytest

from course_utils import ledger, numpy_nn, tasks
from course_utils.errors import near
from course_utils.numpy_nn import attention, fast, many, ops, search, seq2seq
from course_utils.shapes import ShapeError

T, B, D, H = 4, 3, 2, 5
P = numpy_nn.init_params("lstm", D, H, np.random.default_rng(0))
OTHER = numpy_nn.init_params("lstm", D, H + 1, np.random.default_rng(0))
X = np.random.default_rng(1).normal(size=(T, B, D))
RAGGED = [[1, 2], [3]]
NETS = many.stack([P, P])
MODEL = seq2seq.Seq2Seq(5, 6, 3, 4)
ROWS = np.zeros((2, B, H))
STATE = (np.zeros((1, 2)),)
WINDOW = attention.init_window(H, 2, np.random.default_rng(0))


def rng():
    return np.random.default_rng(0)


def step(tokens, state):
    return np.zeros((len(tokens), 4)), state


DRAWS = {
    "init_stack": lambda dtype: numpy_nn.init_stack("lstm", D, H, 2, rng(), dtype=dtype),
    "init_window": lambda dtype: attention.init_window(3, 2, rng(), dtype),
    "init_score": lambda dtype: attention.init_score("general", 3, 3, rng(), dtype),
    "init_multi_head": lambda dtype: attention.init_multi_head(4, rng(), dtype),
    "init_seq2seq": lambda dtype: seq2seq.init_seq2seq(MODEL, rng(), dtype),
    "sinusoidal": lambda dtype: attention.sinusoidal(4, 4, dtype),
}


@pytest.mark.parametrize("dtype", ["nosuch", int, complex, 3, object], ids=str)
@pytest.mark.parametrize("draw", DRAWS.values(), ids=DRAWS)
def test_a_type_that_is_none_of_floating_numbers(draw, dtype):
    with pytest.raises(TypeError, match=r"^dtype: expected a floating type, got .*np\.float32$"):
        draw(dtype)


def test_one_hot_takes_any_numbers_and_no_other_type():
    assert ops.one_hot([1], 3, int).tolist() == [[0, 1, 0]]
    with pytest.raises(TypeError, match="dtype: expected a type of numbers, got 'nosuch'"):
        ops.one_hot([1], 3, "nosuch")


@pytest.mark.parametrize("run", [numpy_nn.unroll, fast.unroll, many.unroll])
@pytest.mark.parametrize("name", ["lengths", "resets"])
def test_rows_of_unequal_length(run, name):
    params = NETS if run is many.unroll else P
    with pytest.raises(ShapeError, match=f"^{name}: .*rows differ in length"):
        run("lstm", params, X, **{name: RAGGED})


@pytest.mark.parametrize("run", [fast.unroll, many.unroll])
@pytest.mark.parametrize("workspace", [3, "x", {}, fast.Workspace], ids=str)
@pytest.mark.parametrize("config", [None, {}])
def test_a_workspace_that_is_none(run, workspace, config):
    params = NETS if run is many.unroll else P
    with pytest.raises(TypeError, match=r"^workspace: expected a Workspace or None"):
        run("lstm", params, X, workspace=workspace, config=config)


MISTAKES = {
    "ragged ids": (lambda: ops.embed(X[0], RAGGED), ShapeError, "ids: .*rows differ"),
    "ragged padding": (lambda: attention.padding(RAGGED, 4), ShapeError, "lengths: .*rows differ"),
    "padding None": (lambda: attention.padding(None, 4), ShapeError, "lengths: expected one axis"),
    "padding S": (lambda: attention.padding([1], None), ValueError, "S: expected an integer"),
    "causal None": (lambda: attention.causal(None), ValueError, "T: expected an integer"),
    "causal -1": (lambda: attention.causal(3, -1), ValueError, "S: expected an integer of at"),
    "rotate None": (lambda: attention.rotate(None), ShapeError, "x: expected an array, got None"),
    "rotate ids": (lambda: attention.rotate(X.astype(int)), TypeError, "x: expected floating"),
    "rotate (T, D)": (lambda: attention.rotate(X[:, 0]), ShapeError, "x: expected 3 axes"),
    "rotate back": (lambda: attention.rotate_backward(None), ShapeError, "dy: expected an array"),
    "rotate from": (lambda: attention.rotate(X, first=0.5), TypeError, "first: expected an integ"),
    "waves": (lambda: attention.sinusoidal(4, "x"), ValueError, "size: expected an integer"),
    "score size": (lambda: attention.init_score("general", 0, 3, rng()), ValueError, "query_size"),
    "score kind": (lambda: attention.init_score([], 3, 3, rng()), KeyError, "score .* is unknown"),
    "score rng": (lambda: attention.init_score("general", 3, 3, None), TypeError, "rng: expected"),
    "heads size": (lambda: attention.init_multi_head(-1, rng()), ValueError, "size: expected a po"),
    "heads rng": (lambda: attention.init_multi_head(4, None), TypeError, "rng: expected"),
    "heads of None": (lambda: attention.multi_head(None, 1, X), TypeError, "params: expected a di"),
    "heads of {}": (lambda: attention.multi_head({}, 1, X), KeyError, "params: missing in_proj_"),
    "no heads": (
        lambda: attention.multi_head(attention.init_multi_head(D, rng()), 0, X),
        ValueError, "heads: expected a positive integer",
    ),
    "window pace": (lambda: attention.init_window(3, 2, rng(), pace=0), ValueError, "pace: expec"),
    "window of None": (
        lambda: attention.window_step(None, ROWS[0], None, X), TypeError, "params: expected a dict",
    ),
    "window state": (
        lambda: attention.window_step(WINDOW, ROWS[0], None, X), TypeError, "prev: expected a Sta",
    ),
    "window cache": (
        lambda: attention.window_step_backward(WINDOW, None, X[0]), TypeError, "cache: expected wh",
    ),
    "translator": (lambda: seq2seq.init_seq2seq(None, rng()), TypeError, "model: expected a Seq2"),
    "nets of two sizes": (lambda: many.stack([P, OTHER]), ShapeError, r"nets\[1\]\['weight_ih'\]"),
    "nets of two cells": (
        lambda: many.stack([P, numpy_nn.init_params("gru", D, H, rng())]), ShapeError, "one cell",
    ),
    "a net of words": (lambda: many.stack([{"w": "abc"}]), ShapeError, r"nets\[0\]\['w'\]: expec"),
    "pick of None": (lambda: many.pick(None, 0), TypeError, "params: expected a dict"),
    "pick None": (lambda: many.pick(NETS, None), IndexError, "k: expected one of 2 nets, 0 to 1"),
    "pick the third": (lambda: many.pick(NETS, 2), IndexError, "k: expected one of 2 nets.*got 2"),
    "affine None": (lambda: many.affine(None, None, None), ShapeError, "x: expected an array"),
    "affine of a vector": (lambda: many.affine(ROWS, ROWS[0], X[0, 0]), ShapeError, "x: expected"),
    "affine back": (
        lambda: many.affine_backward(np.zeros((2, 1, H)), ROWS, ROWS), ShapeError, "dy: axis N",
    ),
    "norms of None": (lambda: many.clip_norm(None, 1.0), TypeError, "grads: expected a dict"),
    "norms of nothing": (lambda: many.clip_norm({}, 1.0), ValueError, "grads: expected at least"),
    "norms of three": (
        lambda: many.clip_norm({"w": ROWS}, np.ones(3)), ShapeError, r"limit: .*got \(3,\)",
    ),
    "classes of ragged": (
        lambda: many.cross_entropies(ROWS, RAGGED), ShapeError, "ids: .*rows differ",
    ),
    "search what": (
        lambda: search.greedy(None, STATE, start=0, end=1, limit=3), TypeError, "step: expected a",
    ),
    "search from": (
        lambda: search.greedy(step, STATE, start="a", end=1, limit=3), ValueError, "start: expecte",
    ),
    "search until": (
        lambda: search.beam_search(step, STATE, start=0, end=None, limit=3, width=1),
        ValueError, "end: expected an integer",
    ),
    "search in": (
        lambda: search.greedy(step, ([0.0],), start=0, end=1, limit=3), TypeError, r"state\[0\]: ",
    ),
}  # fmt: skip


@pytest.mark.parametrize("call, error, message", MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_named(call, error, message):
    with pytest.raises(error, match=message):
        call()


TASKS = [name for name in tasks.__all__ if hasattr(getattr(tasks, name), "sample")]


@pytest.mark.parametrize("name", TASKS)
def test_a_task_says_what_it_draws_from(name):
    task = getattr(tasks, name)()
    for bad in (None, 3, np.random.RandomState(0)):
        with pytest.raises(TypeError, match=r"^rng: .*pass np\.random\.default_rng\(seed\)$"):
            task.sample(bad, 3)
    for bad in (-1, 2.5, None, "x", True):
        with pytest.raises(ValueError, match=f"^n: expected an integer of at least 0, got {bad!r}"):
            task.sample(rng(), bad)


def test_a_task_without_an_empty_batch_says_so():
    assert tasks.Adding(30).sample(rng(), 0).x.shape == (30, 0, 2)
    with pytest.raises(ValueError, match=r"^n: expected a positive integer, got 0$"):
        tasks.Digits().sample(rng(), 0)


LOOKUPS = {
    "claim": (lambda: ledger.claim("adding-rn"), "near it: adding-rnn"),
    "no claim": (lambda: ledger.claim(None), "no claim None; there are"),
    "far from all": (lambda: ledger.claim("qqqq"), r"no claim 'qqqq'; there are \d+, such as"),
    "result": (lambda: ledger.result("speed_selekt"), "course run .*near it: speed_select"),
    "no result": (lambda: ledger.result(None), "name: expected text, got None"),
    "kinds": (lambda: ledger.kinds(3), "name: expected text, got 3"),
    "folder": (lambda: ledger.folder(None), "chapter: expected text"),
    "path": (lambda: ledger.value("adding", None), "path: expected text"),
    "no record": (lambda: ledger.find(None, "lstm"), "record: expected one from result"),
    "empty record": (lambda: ledger.find({}, "lstm"), "record: .*with values"),
}


@pytest.mark.parametrize("call, message", LOOKUPS.values(), ids=LOOKUPS)
def test_a_look_up_in_the_ledger(call, message):
    with pytest.raises(ledger.LedgerError, match=message):
        call()


def test_names_near_an_unknown_one():
    assert near("", ["a", "b"]) == "there are 2, such as a, b"
    assert near("speed-x", ["speed-of-light", "else"]) == "near it: speed-of-light"
    assert near("a", []) == "there are none"


RUNS = {"unroll": ("lstm", numpy_nn.unroll), "unroll_scan": ("mingru", numpy_nn.unroll_scan)}


@pytest.mark.parametrize("steps", [0, 3])
@pytest.mark.parametrize("key, run", RUNS.values(), ids=RUNS)
def test_the_last_states_are_the_callers_own(key, run, steps):
    """Written into, they change neither the initial states nor the outputs."""
    params = numpy_nn.init_params(key, D, H, rng())
    State = numpy_nn.get_cell(key).State
    state0 = State(*(np.ones((B, H)) for _ in State._fields))
    y, last, _ = run(key, params, X[:steps], state0)
    before = y.copy()
    for part in last:
        part[...] = 7
    assert all((part == 1).all() for part in state0)
    np.testing.assert_array_equal(y, before)


def test_every_message_begins_with_the_argument():
    """As the whole course does: the name, a colon, what was expected."""
    for call, error, _ in MISTAKES.values():
        with pytest.raises(error) as caught:
            call()
        assert re.match(r"[\w.\[\]']+: |score ", str(caught.value.args[0])), caught.value
