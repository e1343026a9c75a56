"""Equations typed into the page: language as Python's, mistakes told, cells taken away."""

import random
import warnings
from importlib.util import module_from_spec, spec_from_file_location

import numpy as np
import pytest
import torch
import vectors
from matrix_cells import MATRIX
from problems import B, D, H, T

from course_utils import compiled, equations
from course_utils.figures.two_networks import typable
from course_utils.files import write
from course_utils.specs import SPECS

from .page import CELL, close, flat

pytestmark = pytest.mark.browser

PIECES = (
    "a h_prev W tanh concat foo 1 2.5 .5 3. 1e-3 0x1f 00 01 1_0 ( ) ( ) , + - * / @ ** // = x "
    "lambda if % < [ ] . # ; é ﬁ 1j 's' : ~ not"
).split()


def some_lines(count, rng):
    """Lines of random pieces, most of them nonsense, and lines of random expressions."""
    for _ in range(count):
        yield "y = " + "".join(
            rng.choice(PIECES) + rng.choice(["", " ", "  "]) for _ in range(rng.randint(1, 9))
        )
    for _ in range(count // 2):
        yield f"{rng.choice(['y', 'W', 'y1'])} = {expression(rng, rng.randint(1, 4))}"


def expression(rng, depth):
    kind = rng.random()
    if depth == 0 or kind < 0.25:
        return rng.choice(["a", "b", "W", "h_prev", "2", "0.5"])
    if kind < 0.6:
        return f"{expression(rng, depth - 1)} {rng.choice('+-*/@')} {expression(rng, depth - 1)}"
    if kind < 0.7:
        return f"-{expression(rng, depth - 1)}"
    if kind < 0.85:
        return f"({expression(rng, depth - 1)})"
    parts = ", ".join(expression(rng, depth - 1) for _ in range(rng.randint(0, 2)))
    return f"{rng.choice(['tanh', 'maximum', 'concat'])}({parts})"


def tree_or_none(line):
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Python warns of 1if and the like
            return equations.tree(line)
    except ValueError:
        return None


def test_the_page_reads_the_language_that_python_reads(window):
    lines = [line for spec in SPECS.values() for line in spec.equations]
    lines += [v["line"] for v in vectors.load()] + list(some_lines(3000, random.Random(1)))
    expected = [tree_or_none(line) for line in lines]
    assert 600 < sum(t is None for t in expected) < len(expected) - 600
    found = window.page.evaluate(
        """lines => { const { parse, Mistake } = unrolled.use("language"); return lines.map((line) => {
        try { return parse(line); } catch (error) { if (error instanceof Mistake) return null; throw error; }
        }); }""",  # noqa: E501
        lines,
    )
    for line, mine, pythons in zip(lines, found, expected, strict=True):
        assert mine == pythons, line


MISTAKES = [
    ("h = tanh(W_x @ x + W_h @ h_prev", 1, 32, "expected , or ) after what tanh takes"),
    ("h = W_x @ x ** 2 + W_h @ h_prev", 1, 13, "there are no powers"),
    (f"{CELL}\ny = softmox(h)", 2, 5, "“softmox” is no function"),
    ("h = tanh(W_x @ x + W_h @ c_prev)", 1, 26, "c_prev is read, but no line defines c"),
    ("h = f * h_prev + W_x @ x", 1, 5, "nothing defines f"),
    ("h = k * h_prev\nk = sigmoid(W_k @ x)", 1, 5, "k is defined below; write k_prev"),
    ("h = x + h_prev", 1, 4, "bring the input to the units first: W_x @ x"),
    ("h = W @ x + W @ h_prev", 1, 5, "W is a matrix for what is as wide as the inputs and"),
    ("h = tanh(W_x @ x)", 1, 1, "this is no recurrent cell"),
    ("h = maximum(h_prev)", 1, 5, "maximum takes two quantities, not 1"),
    ("h = W @ concat(x, h_prev)", 1, 5, "write W_x @ x + W_h @ h_prev"),
    (f"{CELL}\n{CELL}", 2, 1, "h was defined above"),
    ("tanh = h_prev", 1, 1, "tanh is a function"),
    ("h = total(h_prev)", 1, 1, "must be as wide as the units"),
    ("h = outer(h_prev, h_prev)", 1, 11, "outer takes two vectors"),
    ("lambda = h_prev", 1, 1, "is a word of Python"),
    ("", 1, 1, "write an equation"),
]


@pytest.mark.parametrize("text, line, column, words", MISTAKES)
def test_a_mistake_is_told_at_its_place(window, text, line, column, words):
    found = window.page.evaluate('text => unrolled.use("design")(text)', text)
    assert found["facts"] is None
    first = found["mistakes"][0]
    assert words in first["message"], first
    if words != "outer takes two vectors":
        assert (first["line"] + 1, first["at"] + 1) == (line, column), first


TYPED = {
    "lstm": "\n".join(SPECS["lstm"].equations),
    "gru": "\n".join(SPECS["gru"].equations),
    "peepholes": "\n".join(SPECS["lstm_peephole"].equations),
    "slstm": "\n".join(SPECS["slstm"].equations),
    "matrix": "\n".join(MATRIX["mlstm: a matrix memory with exponential gates"].equations),
    "slots": (
        "s = softmax(W_s @ x + 2 * s_prev)  # where to write\n"
        "K = diag(1 - s, K_prev) + outer(s, W_k @ x)\n"
        "w = softmax(read(K, W_q @ h_prev))\n"
        "h = cos(w) - W_h @ concat(h_prev, w) / sqrt(2 + total(w * w))\n"
        "y = maximum(h, W_y @ x) + relu(h) * positive(s) - log(3 + sin(h))"
    ),
    "greek": "h = (1 - sigmoid(alpha)) * h_prev + sigmoid(alpha) * tanh(W @ x - -b_h) ;",
    "names": "np = sigmoid(W_n @ x + W_m @ params_prev)\nparams = np * params_prev + np",
}


def loaded(text, folder, name):
    """A module from the text that the page gives out."""
    write(folder / f"{name}.py", text)
    spec = spec_from_file_location(name, folder / f"{name}.py")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", TYPED)
def test_what_is_typed_can_be_taken_away(window, name, tmp_path):
    """Spec, NumPy and PyTorch from the page: one function, and the gradient of the complex step."""
    page = window.page
    found = page.evaluate('text => unrolled.use("design")(text)', TYPED[name])
    assert not found["mistakes"]
    text = {kind: page.evaluate('([f, k]) => unrolled.use("write")[k](f)', [found["facts"], kind])
            for kind in ("spec", "numpy", "torch")}  # fmt: skip
    spec = loaded(text["spec"], tmp_path, "typed").SPEC
    rng = np.random.default_rng(3)
    params = {n: rng.uniform(-0.8, 0.8, s) for n, s in spec.shapes(D, H).items()}
    x, dy = rng.standard_normal((T, B, D)), rng.standard_normal((T, B, H))
    y = spec.unroll(params, x)[spec.output]

    mine = loaded(text["numpy"], tmp_path, "by_numpy")
    outputs, cache = mine.unroll(params, x)
    dx, grads = mine.unroll_backward(params, cache, dy)
    close(outputs.ravel(), y, 1e-12, "NumPy forward")

    cell = loaded(text["torch"], tmp_path, "by_torch").Cell(D, H).double()
    assert {n: tuple(p.shape) for n, p in cell.named_parameters()} == spec.shapes(D, H)
    with torch.no_grad():
        for n, p in cell.named_parameters():
            p.copy_(torch.from_numpy(params[n]))
    told, last = cell(torch.from_numpy(x))
    assert tuple(last) == spec.states
    close(told.detach().numpy().ravel(), y, 1e-12, "PyTorch forward")
    told.backward(torch.from_numpy(dy))

    given = {"facts": found["facts"], "params": flat(params), "x": x.ravel().tolist(), "inputs": {},
             "dy": dy.ravel().tolist(), "state0": {}, "dlast": {},
             "sizes": {"T": T, "B": B, "D": D, "H": H}}  # fmt: skip
    page_ = page.evaluate("a => layers(...a)", [given, False])
    close(page_["y"], y, 1e-10, "the page")
    with compiled.uncompiled():
        theirs, _, tape = compiled.unroll(spec, params, x)
        _, _, compiled_grads = compiled.unroll_backward(tape, dy)
    close(theirs.ravel(), y, 1e-12, "compiled")
    for n, p in params.items():
        way = rng.standard_normal(p.shape)
        step = (spec.unroll(params | {n: p + 1e-30j * way}, x)[spec.output].imag / 1e-30 * dy).sum()
        torchs = cell.get_parameter(n).grad.numpy()
        for what, g in (("NumPy", grads[n]), ("page", np.reshape(page_["grads"][n], p.shape)),
                        ("PyTorch", torchs), ("compiled", compiled_grads[n])):  # fmt: skip
            close([(g * way).sum()], [step], 1e-10, f"{what}: {n}")
    way = rng.standard_normal(x.shape)
    step = (spec.unroll(params, x + 1e-30j * way)[spec.output].imag / 1e-30 * dy).sum()
    close([(dx * way).sum()], [step], 1e-10, "NumPy: x")


def test_every_cell_that_a_reader_can_begin_with_passes_the_check(window):
    for key in typable():
        found = window.page.evaluate(
            """text => { const { facts, mistakes } = unrolled.use("design")(text);
            return facts ? unrolled.use("complexStep")(facts, unrolled.use("tree").build, 2) : mistakes; }""",  # noqa: E501
            "\n".join(SPECS[key].equations),
        )
        for row in found:
            assert row.get("off", 1) < 1e-10, (key, row)


def test_the_complex_step_finds_a_wrong_gradient(window):
    """What the reader is shown can fail: an interpreter with one slope wrong is caught."""
    found = window.page.evaluate(
        """text => { const { facts } = unrolled.use("design")(text), { build } = unrolled.use("tree");
        const wrong = (facts, params, grads, sizes) => { const layer = build(facts, params, grads, sizes), { backward } = layer;
          layer.backward = (dy) => { const dx = backward(dy); grads.b_h[0] *= 1.001; return dx; }; return layer; };
        return unrolled.use("complexStep")(facts, wrong, 2); }""",  # noqa: E501
        CELL,
    )
    assert {row["name"]: row["off"] > 1e-6 for row in found} == {
        "W_x": False, "W_h": False, "b_h": True, "x": False
    }  # fmt: skip
