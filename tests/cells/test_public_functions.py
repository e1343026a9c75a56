"""Laws over all that numpy_nn offers: dtype kept, arguments left alone, empty input, any layout.

``numpy_calls.CALLS`` has an entry for every public function of every module, so that a new one
without an entry fails here.
"""

import importlib
import pkgutil

import numpy as np
import pytest
from numpy_calls import CALLS
from numpy_calls.given import Given

from course_utils import numpy_nn

pytestmark = pytest.mark.usefixtures("uncompiled")


# what is not a function from arrays to arrays, or is a part of one that is called
PARTS = {
    "memory.access.not_empty": "a check", "memory.addressing.Head": "arguments",
    "ponder.weights": "a part of halting", "ponder.check_epsilon": "a check",
    "ponder.Cache": "a tape", "programmer.Answer": "a result", "programmer.Cache": "a tape",
    "programmer.step": "a part of execute", "programmer.program": "text: tests/memory",
    "validation": "checks at the door: test_bad_input",
    "fast.compilable": "a check", "fast.prepared": "arguments",
    "many.prepared": "arguments", "many.Run": "checked arguments",
    "cells.get_cell": "returns a module",
    "scan.has_scan": "returns a truth value", "scan.ScanTape": "a tape",
    "attention.attend.AttendTape": "a tape", "attention.attend.PointTape": "a tape",
    "attention.multihead.MultiHeadTape": "a tape", "attention.recurrent.AttentiveTape": "a tape",
    "attention.window.State": "a state", "attention.window.Cache": "a cache",
    "attention.masks": "masks are booleans: tests/attention",
    "attention.scores.Score": "functions", "attention.scores.get_score": "returns functions",
    "attention.positions.angles": "angles are float64 whatever is turned",
    "seq2seq.Seq2Seq": "a model", "seq2seq.Encoded": "a result", "seq2seq.shifted": "integers",
    "seq2seq.next_token": "returns a function",
    "search": "tokens and their probabilities: tests/attention",
    "alignment": "labels and their probabilities: tests/attention",
    "losses.counting": "the mask of a loss",
    "losses.shared": "the gradient of a loss",
    "unroll.Run": "arguments", "unroll.prepare": "arguments", "unroll.kept": "a part of unroll",
    "unroll.forward": "a part of unroll", "unroll.loop": "a part of unroll",
    "unroll.new_tape": "a part of unroll", "unroll.backward": "a part of unroll_backward",
    "unroll.loop_backward": "a part of unroll_backward",
    "unroll.Tape": "a tape", "fast.Tape": "a tape", "many.Tape": "a tape",
    "stack.StackTape": "a tape", "checkpoint.Checkpoints": "a tape",
    "optim.AdamState": "a state", "gradcheck.Directional": "a result",
}  # fmt: skip

COMPILED = ("fast.unroll", "fast.unroll_backward", "many.unroll", "many.unroll_backward")
NO_MEAN = ("losses.mse", "losses.cross_entropy", "many.training.mses",
           "many.training.cross_entropies")  # fmt: skip


def public():
    """Every public function and class of numpy_nn's modules, cells apart, as "module.name"."""
    for info in pkgutil.walk_packages(numpy_nn.__path__, f"{numpy_nn.__name__}."):
        module = importlib.import_module(info.name)
        where = info.name.removeprefix(f"{numpy_nn.__name__}.")
        if not where.startswith("cells."):
            for name, value in vars(module).items():
                if not name.startswith("_") and getattr(value, "__module__", None) == info.name:
                    yield f"{where}.{name}"


def leaves(value):
    """The arrays and NumPy numbers in a result."""
    if isinstance(value, (np.ndarray, np.generic)):
        yield value
    elif isinstance(value, (list, tuple, dict)):
        for part in value.values() if isinstance(value, dict) else value:
            yield from leaves(part)


calls = pytest.mark.parametrize("name", CALLS)


def test_every_public_function_has_an_entry():
    there = set(public())
    known = {n for n in there if n in CALLS or any(n.startswith(part) for part in PARTS)}
    assert not there - known, "add an entry in tests/support/numpy_calls"
    assert not set(CALLS) - there, "an entry for what is not there"


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@calls
def test_the_dtype_that_comes_in_goes_out(name, dtype):
    if dtype == np.float16 and name == "optim.Adam":
        with pytest.raises(TypeError, match=r"params\['a'\]: Adam needs float32 or float64"):
            CALLS[name](Given(dtype))
        return
    if dtype == np.float16 and name in COMPILED:
        with pytest.raises(TypeError, match="compiled code takes real numbers, float32 or float64"):
            CALLS[name](Given(dtype))
        return
    if dtype == np.float16 and name.startswith("scan.") and name != "scan.prefix":
        pytest.skip("NumPy has no complex numbers of that size, in which lru is scanned")
    found = [v for v in leaves(CALLS[name](Given(dtype))) if v.dtype.kind in "fc"]
    assert found
    assert {v.dtype for v in found} == {np.dtype(dtype)}
    assert all(np.isfinite(v).all() for v in found)


def frozen(a):
    """The same numbers, neither contiguous nor in C's order, and not to be written to."""
    wide = np.zeros((*a.shape[::-1], 2), a.dtype).T
    wide[0] = a
    wide.flags.writeable = False
    return wide[0]


@calls
def test_any_layout_will_do_and_arguments_are_left_alone(name):
    found, expected = leaves(CALLS[name](Given(wrap=frozen))), leaves(CALLS[name](Given()))
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize(("T", "B"), [(0, 3), (5, 0)], ids=["no steps", "no rows"])
@calls
def test_nothing_is_something_too(name, T, B):
    if name in NO_MEAN:
        with pytest.raises(ValueError, match="no position counts; the mean over nothing"):
            CALLS[name](Given(T=T, B=B))
        return
    for value in leaves(CALLS[name](Given(T=T, B=B))):
        assert np.isfinite(value).all()
