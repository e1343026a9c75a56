"""The equation language: shared vectors hold its readers equal, and mistakes name their place."""

import contextlib
import json
import shutil
import subprocess

import numpy as np
import pytest
import vectors
from odd_cells import ODD, cell
from problems import close

from course_utils import compiled, equations
from course_utils.compiled import print_javascript
from course_utils.compiled.plan import Plan
from course_utils.compiled.program import FUNCTIONS, Program
from course_utils.equations import EquationError
from course_utils.spec import NUMPY, Param

VECTORS = vectors.load()
NODE = shutil.which("node")


def test_the_vectors_cover_the_language():
    said = set().union(*(equations.calls(v["line"]) for v in VECTORS))
    assert said == set(equations.FUNCTIONS) - {"due", "slower"}  # those: the clockwork cell
    assert [v["line"] for v in VECTORS] == list(vectors.LINES)


@pytest.mark.parametrize("vector", VECTORS, ids=lambda v: v["line"])
def test_python_gives_the_shared_numbers(vector):
    line, given = vector["line"], {n: np.array(v) for n, v in vector["values"].items()}
    assert json.loads(json.dumps(equations.tree(line))) == vector["tree"]
    y = equations.evaluate([line], given, NUMPY)["y"]
    close(y, np.array(vector["y"]), 1e-14)
    for name, value in given.items():  # complex step along a random direction
        direction = np.random.default_rng(0).standard_normal(value.shape)
        moved = given | {n: v.astype(complex) for n, v in given.items()}
        moved[name] = value + 1e-30j * direction
        slope = equations.evaluate([line], moved, NUMPY)["y"].imag / 1e-30
        expected = (np.array(vector["gradients"][name]) * direction).sum()
        close((slope * np.array(vector["dy"])).sum(), expected, 1e-12)


@pytest.mark.skipif(NODE is None, reason="needs Node on the PATH")
def test_javascript_gives_the_shared_numbers(tmp_path):
    """Lines that are compiled run as cells without a memory, whose inputs are what they read."""
    scripts, shared = [], []
    for vector in VECTORS:
        if equations.calls(vector["line"]) <= FUNCTIONS:
            params = [Param(n, "H H" if n == "W" else "H 2H", (n,))
                      for n in vector["values"] if n in ("W", "V")]  # fmt: skip
            inputs = tuple(n for n in vector["values"] if n not in ("W", "V"))
            spec = cell(vector["line"], states=("y",), inputs=inputs, params=tuple(params))
            shared.append((vector, params))
            given = {n: np.ravel(v).tolist() for n, v in vector["values"].items()}
            scripts.append(
                f"(function () {{\n{print_javascript.source(spec)}\n"
                f"const given = Object.fromEntries(Object.entries({json.dumps(given)})"
                ".map(([k, v]) => [k, Float64Array.from(v)]));\n"
                f"const sizes = {{ T: 1, B: {vectors.B}, D: 0, H: {vectors.H} }};\n"
                "const run = unroll(cell, given, new Float64Array(0), sizes, { inputs: given });\n"
                f"const dy = Float64Array.from({np.ravel(vector['dy']).tolist()});\n"
                "const { grads } = unrollBackward(run, dy);\n"
                "console.log(JSON.stringify([Array.from(run.y), Object.fromEntries("
                "Object.entries(grads).map(([k, v]) => [k, Array.from(v)]))]));\n})();\n"
            )
    path = tmp_path / "vectors.js"
    path.write_text("\n".join(scripts), "utf-8")
    done = subprocess.run([NODE, str(path)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    for (vector, _), line in zip(shared, done.stdout.splitlines(), strict=True):
        y, grads = json.loads(line)
        close(np.array(y), np.ravel(vector["y"]), 1e-14)
        for name, expected in vector["gradients"].items():
            close(np.array(grads[name]), np.ravel(expected), 1e-13)


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (["h = sigmod(W_xh @ x + b_h)"], ["sigmod", "W_xh @ x + b_h"]),
        (["h = tanh(x @ W_xh)"], ["'x'", "no matrix", "tanh(x @ W_xh)"]),
        (["h = tanh(W_xh)"], ["W_xh", "only stands before @"]),
        (["h = tanh(W_xh @ x, b_h)"], ["tanh", "1 argument", "tanh(W_xh @ x, b_h)"]),
        (["h = softmax(W_xh @ x)"], ["softmax", "not compiled"]),
        (["h = tanh(a)", "a = W_xh @ x"], ["'a'", "before it is read", "h = tanh(a)"]),
        (["h = W_xh @ b_h"], ["W_xh", "every sample shares"]),
        (["h = slower(W_hh, periods) @ x"], ["periods"]),
    ],
)
def test_an_error_names_the_line_and_the_symbol(lines, words):
    with pytest.raises(EquationError) as error:
        Program(cell(*lines))
    for word in words:
        assert word in str(error.value)


@pytest.mark.parametrize("jit", [False, pytest.param(True, marks=pytest.mark.slow)])
@pytest.mark.parametrize("spec", ODD.values(), ids=ODD)
def test_a_cell_that_nobody_wrote_by_hand_runs_from_its_equations_alone(
    spec, jit, tmp_path, monkeypatch
):
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path))
    rng, (T, B, H) = np.random.default_rng(5), (4, 2, 3)
    states = spec.states
    params = {n: rng.normal(0, 0.5, shape) for n, shape in spec.shapes(H, H).items()}
    x, dy = rng.standard_normal((2, T, B, H))
    state0 = tuple(rng.standard_normal((len(states), B, H)))
    dlast = tuple(rng.standard_normal((len(states), B, H)))

    def loss(params, x, state0):
        values = spec.unroll(params, x, state0)
        last = sum((values[s][-1] * d).sum() for s, d in zip(states, dlast, strict=True))
        return (values[spec.output] * dy).sum() + last

    with contextlib.nullcontext() if jit else compiled.uncompiled():
        y, _, tape = compiled.unroll(spec, params, x, state0)
        dx, dstate0, grads = compiled.unroll_backward(tape, dy, dlast)
    close(y, spec.unroll(params, x, state0)[spec.output], 1e-12)
    for name, found in {"x": dx, **grads, **dict(zip(states, dstate0, strict=True))}.items():
        step = 1e-30j * rng.standard_normal(found.shape)
        moved = {n: p.astype(complex) for n, p in params.items()}
        start = [s.astype(complex) for s in state0]
        if name in params:
            moved[name] += step
        elif name in states:
            start[states.index(name)] += step
        slope = loss(moved, x + step if name == "x" else x.astype(complex), tuple(start)).imag
        np.testing.assert_allclose((found * step.imag).sum() / 1e-30, slope / 1e-30, rtol=1e-10)


def test_a_matrix_for_a_state_runs_in_the_oracle_and_is_refused_by_name():
    """The matrix memory of mLSTM: what is written with a key is read with it."""
    spec = cell(
        "k = softmax(W_k @ x)",
        "v = W_v @ x",
        "f = sigmoid(W_f @ x)",
        "C = diag(f, C_prev) + outer(v - read(C_prev, k), k)",
        "n = total(k) * n_prev + k",
        "h = read(C, k) / maximum(total(k * k), 1 - 0 * v)",
        states=("h", "C", "n"), matrices=("C",),
        params=(Param("weight", "3H D", ("W_k", "W_v", "W_f")),),
    )  # fmt: skip
    rng = np.random.default_rng(2)
    params = {n: rng.standard_normal(s) for n, s in spec.shapes(4, 3).items()}
    values = spec.unroll({"weight": params["weight"]}, rng.standard_normal((5, 2, 4)))
    assert values["C"].shape == (5, 2, 3, 3)
    assert r"\operatorname{diag}\left(f_{t}\right)\,C" in spec.latex("C")
    with pytest.raises(EquationError, match="'C' is a matrix"):
        Plan(Program(spec))
