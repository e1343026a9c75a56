"""All steps in one launch: Triton's interpreter gives the numbers of generated Python."""

import runpy

import persistent_runs
import pytest
import triton_runs
from odd_cells import ODD, given
from problems import close

from course_utils import compiled
from course_utils.compiled import print_persistent, print_triton
from course_utils.specs import SPECS


def text(path, source):
    path.write_text(source, "utf-8")  # Triton wants its source in a file
    return runpy.run_path(str(path))


def check(spec, tmp_path, chunks, block):
    """Values and gradients; H is 3 and B is 2, T is 3."""
    pointwise = text(tmp_path / "pointwise.py", print_triton.source(spec))
    persistent = text(tmp_path / "persistent.py", print_persistent.source(spec, chunks))
    params, x, state0, dy, dlast, inputs = given(spec)
    found = persistent_runs.Run(
        spec, pointwise, persistent, chunks, block, params, x, state0, inputs
    )
    with compiled.uncompiled():
        y, last, tape = compiled.unroll(spec, params, x, tuple(state0), **inputs)
        wanted = compiled.unroll_backward(tape, dy, tuple(dlast))
    close(found.y, y, 1e-12)
    for n, state in enumerate(spec.states):
        close(found.last[state], last[n], 1e-12)
    dx, dstate0, grads = found.backward(dy, dlast)
    close(dx, wanted[0], 1e-12)
    for n, state in enumerate(spec.states):
        if state in dstate0:
            close(dstate0[state], wanted[1][n], 1e-12)
    assert grads.keys() == wanted[2].keys()
    for key, g in grads.items():
        close(g, wanted[2][key], 1e-12)


CELLS = SPECS | ODD
SPLITS = {
    "alone": (0, (4, 4, 4)),
    "one program, exchanging": (1, (4, 4, 4)),
    "four programs, two chunks": (2, (1, 2, 2)),
}


@pytest.mark.parametrize("split", SPLITS)
@pytest.mark.parametrize("name", CELLS)
def test_values_and_gradients(name, split, tmp_path):
    triton_runs.needed()
    check(CELLS[name], tmp_path, *SPLITS[split])
