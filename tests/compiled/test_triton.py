"""Triton's kernels compile as Python everywhere; where Triton is, its interpreter runs them."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import triton_runs
from kinds import PROGRAMS
from matrix_cells import MATRIX
from odd_cells import ODD, cell, given
from problems import KEYS, close

from course_utils import compiled
from course_utils.compiled import print_triton
from course_utils.spec import Param
from course_utils.specs import SPECS


@pytest.mark.parametrize("key", KEYS)
def test_the_source_is_python_and_every_name_is_known(key):
    tree = ast.parse(print_triton.source(key))
    known = {"triton", "tl"}
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    assert any("forward" in f.name for f in functions)
    assert any("backward" in f.name for f in functions)
    for function in functions:
        names = known | {a.arg for a in function.args.args}
        for statement in function.body:
            read = [n for n in ast.walk(statement) if isinstance(n, ast.Name)]
            loaded = {n.id for n in read if isinstance(n.ctx, ast.Load)}
            assert loaded <= names, f"{function.name} reads {sorted(loaded - names)}"
            names |= {n.id for n in read if isinstance(n.ctx, ast.Store)}


CELLS = {key: SPECS[key] for key in ("lstm", *PROGRAMS)} | ODD | MATRIX
QUICK = ("lstm", "clockwork", *list(MATRIX)[1:3])  # the others are slow tests


@pytest.mark.parametrize(
    "name", [n if n in QUICK else pytest.param(n, marks=pytest.mark.slow) for n in CELLS]
)
def test_the_interpreter_gives_the_numbers_of_generated_python(name):
    spec = CELLS[name]
    params, x, state0, dy, dlast, inputs = given(spec)
    found = triton_runs.Run(spec, params, x, state0, inputs)
    dx, dstate0, grads = found.backward(dy, dlast)
    with compiled.uncompiled():
        y, last, tape = compiled.unroll(spec, params, x, tuple(state0), **inputs)
        wanted = compiled.unroll_backward(tape, dy, tuple(dlast))
    close(found.y, y, 1e-12)
    close(dx, wanted[0], 1e-12)
    for n, state in enumerate(spec.states):
        close(found.last[state], last[n], 1e-12)
        if state in dstate0:
            close(dstate0[state], wanted[1][n], 1e-12)
    assert grads.keys() == wanted[2].keys()
    for key, g in grads.items():
        close(g, wanted[2][key], 1e-12)


@pytest.mark.slow
def test_triton_compiles_them_for_a_gpu_that_is_not_here(tmp_path):
    triton_runs.needed()
    script = Path(triton_runs.__file__).with_name("triton_compiling.py")
    known = {"TRITON_INTERPRET": "0", "TRITON_CACHE_DIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, script, *PROGRAMS],
        env=os.environ | known, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    assert len(done.stdout.splitlines()) == 2 * len(PROGRAMS)


@pytest.mark.parametrize("line", ["h = softmax(W_xh @ x + h_prev)", "h = relu(h_prev) + x * x",
                                  "h = maximum(h_prev, W_xh @ x) / (1 + total(x))"])  # fmt: skip
def test_what_is_not_finite_stays_visible(line):
    spec = cell(line, params=(Param("weight", "H D", ("W_xh",)),))
    params, x, state0, *_ = given(spec)
    for bad in (np.nan, -np.nan, np.inf):
        x[1, 0, 1] = bad
        with np.errstate(all="ignore"):
            found = triton_runs.Run(spec, params, x, state0, {}).y
            y = spec.unroll(params, x, state0)["h"]
        np.testing.assert_array_equal(np.isfinite(found), np.isfinite(y))
