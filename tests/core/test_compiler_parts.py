"""Parts of a compiled training step are measured by leaving them out of its text."""

import ast
import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

import compiler_parts as parts

from course_utils import timing
from course_utils.compiled import layer
from course_utils.compiled.print_numba import functions
from course_utils.lab.timed_cases import Case
from course_utils.specs import SPECS

SIZE = T, B, D, H = 5, 4, 3, 2


def called(tree):
    """The names of the functions whose calls stand as statements."""
    found = (node.value for node in ast.walk(tree) if isinstance(node, ast.Expr))
    return {call.func.id for call in found if isinstance(call, ast.Call)}


@pytest.mark.parametrize("key", SPECS)
def test_every_call_of_a_step_is_in_a_part_or_small(key):
    tree = ast.parse(functions(key))
    everything = tuple(name for of in parts.PARTS.values() for name in of)
    left = called(parts.Without(everything).visit(tree))
    # what runs where sequences begin and end, and gradients set to zero or carried on
    assert left <= {"begin", "begin_whole", "end", "leave", "copy", "clear"}


def test_one_part_leaves_the_others():
    whole = called(ast.parse(functions("lstm")))
    left = called(parts.Without(("forward_",)).visit(ast.parse(functions("lstm"))))
    assert whole - left == {"forward_1"}


def test_without_its_loops_a_step_leaves_the_outputs_at_zero_and_the_cell_as_it_was():
    pytest.importorskip("numba")
    case, known = Case("rnn", SIZE), layer.code
    step = case.fast()
    right = step()
    dx, _, grads = parts.with_code(case.fast(), parts.without("rnn", ("forward_", "backward_")))()
    assert not np.any(dx) and not np.any(grads["weight_hh"])
    assert layer.code is known
    again = step()
    assert np.array_equal(again[0], right[0]) and np.any(again[0])


def test_the_parts_of_many_nets_are_those_that_its_text_has():
    pytest.importorskip("numba")
    with timing.one_thread():
        found = parts.seconds_of("rnn", SIZE, nets=2, seconds=0.01)
    assert set(found) == {"whole", *parts.PARTS, "calls from Python", "the rest"}
    assert 0 < found["calls from Python"] and sum(found.values()) == pytest.approx(
        2 * found["whole"]
    )
    assert "calls from Python" in parts.text("rnn", found)
