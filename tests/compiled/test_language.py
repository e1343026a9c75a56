"""The equation language: shared vectors hold its readers equal, and mistakes name their place."""

import contextlib
import json
import shutil
import subprocess

import numpy as np
import pytest
import vectors
from matrix_cells import MATRIX
from odd_cells import ODD, cell, states_of
from problems import close

from course_utils import compiled, equations
from course_utils.compiled import print_javascript
from course_utils.compiled.program import Program
from course_utils.equations import EquationError
from course_utils.figures.page import asset
from course_utils.spec import NUMPY, Param
from course_utils.specs import SPECS

VECTORS = vectors.load()
CELLS = ODD | MATRIX
NODE = shutil.which("node")


def test_the_vectors_cover_the_language():
    said = set().union(*(equations.calls(v["line"]) for v in VECTORS))
    assert said == set(equations.FUNCTIONS)
    assert [v["line"] for v in VECTORS] == list(vectors.LINES)


@pytest.mark.parametrize("vector", VECTORS, ids=lambda v: v["line"])
def test_python_gives_the_shared_numbers(vector):
    line, given = vector["line"], {n: np.array(v) for n, v in vector["values"].items()}
    assert json.loads(json.dumps(equations.tree(line))) == vector["tree"]
    given |= vectors.CONFIG
    y = equations.evaluate([line], given, NUMPY)["y"]
    close(y, np.array(vector["y"]), 1e-14)
    for name in vector["gradients"]:  # complex step along a random direction
        direction = np.random.default_rng(0).standard_normal(given[name].shape)
        moved = given | {n: given[n].astype(complex) for n in vector["gradients"]}
        moved[name] = given[name] + 1e-30j * direction
        slope = equations.evaluate([line], moved, NUMPY)["y"].imag / 1e-30
        expected = (np.array(vector["gradients"][name]) * direction).sum()
        close((slope * np.array(vector["dy"])).sum(), expected, 1e-12)


def as_cell(vector):
    """A line as a cell: it reads inputs, parameters and the last C and t; y is a state.

    C is a matrix, t counts steps.
    """
    names = list(vector["values"])
    line = vector["line"].replace("C", "C_prev").replace("(t,", "(t_prev,")
    params = [Param(n, "H H" if n == "W" else "H 2H", (n,)) for n in names if n in ("W", "V")]
    params.append(Param("size", "H", ("b_y",)))  # the number of units
    lines, states, matrices = [line, "h = 0 * a"], ["h", "y"], []
    if "C" in names:
        lines, states, matrices = [*lines, "C = C_prev"], [*states, "C"], ["C"]
    if "t" in names:
        lines, states = [*lines, "t = t_prev + 1"], [*states, "t"]
    if np.ndim(vector["y"]) == 3:
        matrices.append("y")
    inputs = tuple(n for n in names if n not in ("W", "V", "C", "t"))
    return cell(
        *lines, states=tuple(states), matrices=tuple(matrices), params=tuple(params),
        inputs=inputs if "a" in inputs else (*inputs, "a"),
        config=vectors.CONFIG if vector["line"] in vectors.CLOCKS else {},
        initial={"t": 0} if "t" in names else {},
    )  # fmt: skip


@pytest.mark.parametrize("vector", VECTORS, ids=lambda v: v["line"])
def test_generated_python_gives_the_shared_numbers(vector):
    spec, B, H = as_cell(vector), vectors.B, vectors.H
    given = {n: np.array(v) for n, v in vector["values"].items()}
    inputs = {n: given.get(n, np.zeros((B, H)))[None] for n in spec.inputs}
    params = {p.name: given[p.name] for p in spec.params[:-1]} | {"size": np.zeros(H)}
    blank = spec.initial_state(np.zeros((1, B, 0)), H)
    state0 = tuple(given.get(s, v) for s, v in zip(spec.states, blank, strict=True))
    dlast = tuple(np.array(vector["dy"]) if s == "y" else None for s in spec.states)
    with compiled.uncompiled():
        y, last, tape = compiled.unroll(spec, params, np.zeros((1, B, 0)), state0, **inputs)
        _, dstate0, grads = compiled.unroll_backward(tape, np.zeros_like(y), dlast)
    close(last.y, np.array(vector["y"]), 1e-14)
    for name, expected in vector["gradients"].items():
        found = dstate0.C if name == "C" else grads[name] if name in params else grads[name][0]
        close(found, np.array(expected), 1e-13)


@pytest.mark.skipif(NODE is None, reason="needs Node on the PATH")
def test_javascript_gives_the_shared_numbers(tmp_path):
    scripts = []
    for vector in VECTORS:
        spec = as_cell(vector)
        given = {n: np.ravel(v).tolist() for n, v in vector["values"].items()}
        given["size"] = [0.0] * vectors.H
        scripts.append(
            f"(function () {{\n{print_javascript.source(spec)}\n"
            f"const given = Object.fromEntries(Object.entries({json.dumps(given)})"
            ".map(([k, v]) => [k, Float64Array.from(v)]));\n"
            f"const sizes = {{ T: 1, B: {vectors.B}, D: 0, H: {vectors.H} }};\n"
            "const run = unroll(cell, given, new Float64Array(0), sizes,\n"
            "  { inputs: given, state0: given });\n"
            f"const y = Float64Array.from({np.ravel(vector['dy']).tolist()});\n"
            f"const dy = new Float64Array({vectors.B * vectors.H});\n"
            "const { grads, dstate0 } = unrollBackward(run, dy, { y });\n"
            "console.log(JSON.stringify([Array.from(run.last.y), Object.fromEntries("
            "Object.entries({ ...dstate0, ...grads }).map(([k, v]) => [k, Array.from(v)]))]));\n"
            "})();\n"
        )
    printed = by_node("\n".join(scripts), tmp_path)
    for vector, line in zip(VECTORS, printed, strict=True):
        y, grads = json.loads(line)
        close(np.array(y), np.ravel(vector["y"]), 1e-14)
        for name, expected in vector["gradients"].items():
            close(np.array(grads[name]), np.ravel(expected), 1e-13)


def by_node(script, folder):
    """The lines that Node prints."""
    path = folder / "vectors.js"
    path.write_text(script, "utf-8")
    done = subprocess.run([NODE, str(path)], capture_output=True, text=True, encoding="utf-8")
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout.splitlines()


def of_the_page(expression, folder):
    """What an expression of JavaScript gives, among the scripts that read what is typed."""
    names = ("train_parts.js", "train_language.js", "train_design.js")
    script = "\n".join(["globalThis.window = globalThis;", *map(asset, names)])
    (found,) = by_node(f"{script}\nconsole.log(JSON.stringify({expression}));\n", folder)
    return json.loads(found)


@pytest.mark.skipif(NODE is None, reason="needs Node on the PATH")
def test_javascript_reads_the_shared_trees(tmp_path):
    lines = json.dumps([v["line"] for v in VECTORS])
    found = of_the_page(f'{lines}.map(unrolled.use("language").parse)', tmp_path)
    for vector, tree in zip(VECTORS, found, strict=True):
        assert tree == vector["tree"], vector["line"]


@pytest.mark.skipif(NODE is None, reason="needs Node on the PATH")
@pytest.mark.parametrize("function", ["due", "slower"])
def test_a_typed_cell_has_no_clocks(function, tmp_path):
    """The page says so at the function, whatever else the line reads."""
    line = next(line for line in SPECS["clockwork"].equations if function in line)
    found = of_the_page(f'unrolled.use("design")({json.dumps(line)})', tmp_path)
    assert found["facts"] is None
    first = found["mistakes"][0]
    assert first["message"].startswith(f"{function} needs the periods of clocks")
    assert "choose the Clockwork RNN" in first["message"]
    assert (first["at"], first["length"]) == (line.index(function), len(function))


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (["h = sigmod(W_xh @ x + b_h)"], ["sigmod", "W_xh @ x + b_h"]),
        (["h = tanh(x @ W_xh)"], ["'x'", "no matrix", "tanh(x @ W_xh)"]),
        (["h = tanh(W_xh)"], ["W_xh", "only stands before @"]),
        (["h = tanh(W_xh @ x, b_h)"], ["tanh", "1 argument", "tanh(W_xh @ x, b_h)"]),
        (["h = softmax(b_h)"], ["softmax", "vector of every sample", "softmax(b_h)"]),
        (["h = total(outer(x, x))"], ["total", "vector of every sample", "outer(x, x)"]),
        (["h = read(x, x)"], ["read", "matrix", "argument 1", "read(x, x)"]),
        (["h = read(outer(x, x), total(x))"], ["read", "vector", "argument 2"]),
        (["h = diag(x, x)"], ["diag", "matrix", "argument 2"]),
        (["h = read(outer(b_h, b_h), x)"], ["outer", "every sample"]),
        (["h = read(outer(x, x) + x, x)"], ["joins a matrix and a vector", "outer(x, x) + x"]),
        (["h = W_hh @ outer(x, x)"], ["W_hh", "multiplied by a matrix"]),
        (["h = W_hh @ total(x)"], ["W_hh", "one number of each sample"]),
        (["h = W_hh @ concat(x, total(x))"], ["concat", "every sample"]),
        (["h = outer(x, x)"], ["h is a matrix", "a vector"]),
        (["h = softmax(x, x)"], ["softmax", "1 argument", "not 2"]),
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
@pytest.mark.parametrize("spec", CELLS.values(), ids=CELLS)
def test_a_cell_that_nobody_wrote_by_hand_runs_from_its_equations_alone(
    spec, jit, tmp_path, monkeypatch
):
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path))
    rng, (T, B, H) = np.random.default_rng(5), (4, 2, 3)
    states = spec.states
    params = {n: rng.normal(0, 0.5, shape) for n, shape in spec.shapes(H, H).items()}
    x, dy = rng.standard_normal((2, T, B, H))
    state0, dlast = states_of(spec, rng, B, H), states_of(spec, rng, B, H)

    def loss(params, x, state0):
        values = spec.unroll(params, x, state0)
        last = sum((values[s][-1] * d).sum() for s, d in zip(states, dlast, strict=True))
        return (values[spec.output] * dy).sum() + last

    with contextlib.nullcontext() if jit else compiled.uncompiled():
        y, last, tape = compiled.unroll(spec, params, x, state0)
        dx, dstate0, grads = compiled.unroll_backward(tape, dy, dlast)
    values = spec.unroll(params, x, state0)
    close(y, values[spec.output], 1e-12)
    for name, state in zip(states, last, strict=True):
        close(state, values[name][-1], 1e-12)
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


@pytest.mark.parametrize("spec", CELLS.values(), ids=CELLS)
def test_it_runs_in_parts_with_ends_and_new_beginnings_and_on_nothing(spec):
    """A run in two parts is the whole run; the rows of others change nothing; T = 0 and B = 0."""
    rng, (T, B, H) = np.random.default_rng(6), (5, 3, 3)
    params = {n: rng.normal(0, 0.5, shape) for n, shape in spec.shapes(H, H).items()}
    x, dy = rng.standard_normal((2, T, B, H))
    state0, dlast = states_of(spec, rng, B, H), states_of(spec, rng, B, H)
    resets = np.zeros((T, B), bool)
    resets[2, 0] = True

    def run(t, state0, dlast, **how):
        y, last, tape = compiled.unroll(spec, params, x[t], state0, **how)
        return y, last, *compiled.unroll_backward(tape, dy[t], dlast)

    with compiled.uncompiled():
        whole = run(slice(None), state0, dlast)
        y, middle, tape = compiled.unroll(spec, params, x[:2], state0)
        second = run(slice(2, None), tuple(middle), dlast)
        dx, dstate0, grads = compiled.unroll_backward(tape, dy[:2], tuple(second[3]))
        mixed = run(slice(None), state0, dlast, lengths=[5, 5, 1], resets=resets)
        nothing = run(slice(0), state0, dlast)
        none, empty, _ = compiled.unroll(spec, params, x[:, :0])
    close(np.concatenate([y, second[0]]), whole[0], 1e-12)
    close(np.concatenate([dx, second[2]]), whole[2], 1e-12)
    for n, name in enumerate(spec.states):
        close(second[1][n], whole[1][n], 1e-12)
        close(dstate0[n], whole[3][n], 1e-12)
        close(mixed[1][n][1], whole[1][n][1], 1e-12)
        close(nothing[1][n], state0[n], 0)
        close(nothing[3][n], dlast[n], 0)
        assert empty[n].shape == (0, *(H,) * (1 + (name in spec.matrices)))
    for name, g in whole[4].items():
        close(grads[name] + second[4][name], g, 1e-12)
    close(mixed[0][:, 1], whole[0][:, 1], 1e-12)
    assert not mixed[0][1:, 2].any() and none.shape == (T, 0, H)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("spec", CELLS.values(), ids=CELLS)
def test_what_is_not_finite_stays_visible(spec, bad):
    """In its own row, wherever the printed equations show it."""
    rng, (T, B, H) = np.random.default_rng(7), (4, 3, 3)
    params = {n: rng.normal(0, 0.5, shape) for n, shape in spec.shapes(H, H).items()}
    x = rng.standard_normal((T, B, H))
    x[1, 1, 0] = bad
    with np.errstate(all="ignore"):
        values = spec.unroll(params, x)
    with compiled.uncompiled():
        y, last, _ = compiled.unroll(spec, params, x)
    assert np.isfinite(y[:, [0, 2]]).all()
    pairs = [
        (y, values[spec.output]),
        *((v, values[s][-1]) for s, v in zip(spec.states, last, strict=True)),
    ]
    for found, wanted in pairs:
        assert not (np.isfinite(found) & ~np.isfinite(wanted)).any()
