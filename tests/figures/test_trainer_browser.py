"""The page that trains, in a browser: its numbers are NumPy's, its language is Python's."""

import json
import random
import warnings
from importlib.util import module_from_spec, spec_from_file_location

import letters
import numpy as np
import pytest
import torch
import vectors
from matrix_cells import MATRIX
from odd_cells import ODD, states_of
from problems import KEYS, B, D, H, T, make
from tests.support.browsing import Page, chromium

from course_utils import compiled, equations, figures, numpy_nn
from course_utils.figures.training_page import cell_facts
from course_utils.figures.two_networks import typable
from course_utils.files import write
from course_utils.lab import numpy_models
from course_utils.numpy_nn import losses, optim
from course_utils.specs import SPECS

from .test_trainer import preset, record

pytestmark = pytest.mark.browser
UPDATES, BATCHES, OUT = 100, 4, 3

# What the tests hand over and read back; nets run in the page itself, as they do in the worker.
HARNESS = """
const arrays = (o) => Object.fromEntries(Object.entries(o).map(([k, v]) => [k, Float64Array.from(v)]));
const plain = (o) => Object.fromEntries(Object.entries(o).map(([k, v]) => [k, Array.from(v)]));
const interpreted = ({ key, ...facts }) => facts;
window.layers = (p, printed) => {
  const params = arrays(p.params), grads = arrays(p.params);
  const facts = printed ? p.facts : interpreted(p.facts);
  const layer = unrolled.use("nets").layer(facts, params, grads, p.sizes);
  let y, dx;
  for (let k = 0; k < 2; k++) {                                // the second time with used buffers
    Object.values(grads).forEach((g) => g.fill(0));
    y = layer.forward(Float64Array.from(p.x), { state0: arrays(p.state0), inputs: arrays(p.inputs) });
    dx = layer.backward(Float64Array.from(p.dy), arrays(p.dlast));
  }
  return { y: Array.from(y), dx: Array.from(dx), grads: plain(grads), last: plain(layer.last()), dstate0: plain(layer.dstate0()) };
};
window.trained = (p, printed) => {
  const net = unrolled.use("nets").net(printed ? p.facts : interpreted(p.facts), { ...p.sizes, N: p.N, params: arrays(p.params) });
  const batches = p.batches.map(({ x, target }) => ({ ...p.sizes, N: p.N, x: Float64Array.from(x), target: Float64Array.from(target),
    asked: Int32Array.from(target, (_, k) => k), allowed: new Uint8Array(target.length * p.N) }));
  const losses = [];
  for (let k = 0; k < p.updates; k++) losses.push(net.update(batches[k % batches.length], p).loss);
  return { params: plain(net.params), losses };
};
"""  # noqa: E501


@pytest.fixture(scope="module")
def browser():
    with chromium() as running:
        yield running


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    """The page alone, with what it loads."""
    folder = tmp_path_factory.mktemp("trainer")
    names, more = figures.write_assets(folder), figures.write_training(folder)
    head = "".join(f'<link rel="stylesheet" href="{n}">' for n in names["css"] + more["css"])
    scripts = "".join(f'<script src="{n}"></script>' for n in names["js"] + more["js"])
    look = "<style>body { background: var(--u-page); color: var(--u-text) }</style>"
    body = figures.trainer(record(Two=preset(), Shut=preset(b=("gru", 0.9, None)))).html()
    write(
        folder / "page.html",
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>Train</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"{head}{look}<body><main><h1>Train</h1>{body}</main>{scripts}",
    )
    return folder / "page.html"


@pytest.fixture(scope="module")
def window(browser, path):
    window = Page(browser)
    window.open(path).add_script_tag(content=HARNESS)
    yield window
    window.context.close()


def flat(arrays):
    return {name: np.ravel(a).tolist() for name, a in arrays.items()}


def as_numpy_does(p):
    y, last, tape = numpy_nn.unroll(p.key, p.params, p.x, p.state0, **p.inputs)
    return y, last, *numpy_nn.unroll_backward(tape, p.dy, p.dlast)


def close(found, expected, tolerance, what):
    expected = np.ravel(expected)
    scale = max(1.0, np.abs(expected).max(initial=0))
    np.testing.assert_allclose(found, expected, rtol=0, atol=tolerance * scale, err_msg=what)


def compare(found, y, last, dx, dstate0, grads, states, what):
    close(found["y"], y, 1e-10, f"{what}: y")
    close(found["dx"], dx, 1e-10, f"{what}: dx")
    for name, g in grads.items():
        if name in found["grads"]:  # the gradient of an input besides x is not kept
            close(found["grads"][name], g, 1e-10, f"{what}: {name}")
    for name, state, d in zip(states, last, dstate0, strict=True):
        close(found["last"][name], state, 1e-10, f"{what}: {name}")
        if np.issubdtype(np.asarray(state).dtype, np.floating):
            close(found["dstate0"][name], d, 1e-10, f"{what}: d{name}")


@pytest.mark.parametrize("printed", [True, False], ids=["printed", "interpreted"])
def test_outputs_and_all_gradients_are_numpys(window, printed):
    for key in KEYS:
        p, spec = make(key), SPECS[key]
        given = {
            "facts": cell_facts(spec), "params": flat(p.params), "x": p.x.ravel().tolist(),
            "dy": p.dy.ravel().tolist(),
            "state0": flat(dict(zip(spec.states, p.state0, strict=True))),
            "dlast": flat(dict(zip(spec.states, p.dlast, strict=True))), "inputs": flat(p.inputs),
            "sizes": {"T": T, "B": B, "D": D, "H": H},
        }  # fmt: skip
        found = window.page.evaluate("a => layers(...a)", [given, printed])
        assert set(p.params) == set(found["grads"])
        compare(found, *as_numpy_does(p), spec.states, key)


@pytest.mark.parametrize("retention", [None, 0.9])
def test_every_cell_begins_as_numpys_does(window, retention):
    """Parameter by parameter: zeros at the same places, the same spread of the other numbers."""
    units, seeds = 8, range(40)
    for key, spec in SPECS.items():
        facts, cell = cell_facts(spec), numpy_nn.get_cell(key)
        kept = retention if spec.retention or hasattr(cell, "retain") else None
        expected = [
            numpy_nn.init_params(key, D, units, np.random.default_rng(s), retention=kept)
            for s in seeds
        ]
        given = [facts, {"D": D, "H": units}, list(seeds), {"retention": kept, "input": None}]
        found = window.page.evaluate(
            """([facts, sizes, seeds, start]) => seeds.map((seed) =>
              plain(unrolled.use("nets").draw(facts, sizes, 1, seed, start)))""",
            given,
        )
        shapes = spec.shapes(D, units)
        found = [{n: np.reshape(run[n], shape) for n, shape in shapes.items()} for run in found]
        for symbol in spec.symbol_values(found[0]):
            here, there = (
                np.stack([spec.symbol_values(run)[symbol] for run in runs])
                for runs in (found, expected)
            )
            what = f"{key}: {symbol}"
            assert ((here == 0).all(0) == (there == 0).all(0)).all(), what
            if np.ptp(there) == 0:
                np.testing.assert_allclose(here, there, rtol=1e-12, err_msg=what)
            assert furthest_apart(here.ravel(), there.ravel()) < 0.2, what  # 320 draws or more


def furthest_apart(one, other):
    """Kolmogorov and Smirnov's: by how much two samples' shares below a number differ at most."""
    numbers = np.concatenate([one, other])
    below = [np.searchsorted(np.sort(a), numbers, side="right") / a.size for a in (one, other)]
    return np.abs(below[0] - below[1]).max()


def test_the_interpreter_runs_cells_that_no_page_has(window):
    rng = np.random.default_rng(8)
    for name, spec in (ODD | MATRIX).items():
        params = {n: rng.normal(0, 0.5, shape) for n, shape in spec.shapes(H, H).items()}
        x, dy = rng.standard_normal((2, T, B, H))
        state0, dlast = states_of(spec, rng, B, H), states_of(spec, rng, B, H)
        given = {
            "facts": cell_facts(spec), "params": flat(params), "x": x.ravel().tolist(),
            "dy": dy.ravel().tolist(), "state0": flat(dict(zip(spec.states, state0, strict=True))),
            "dlast": flat(dict(zip(spec.states, dlast, strict=True))), "inputs": {},
            "sizes": {"T": T, "B": B, "D": H, "H": H},
        }  # fmt: skip
        found = window.page.evaluate("a => layers(...a)", [given, False])
        with compiled.uncompiled():
            y, last, tape = compiled.unroll(spec, params, x, state0)
            back = compiled.unroll_backward(tape, dy, dlast)
        compare(found, y, last, *back, spec.states, name)


def training_problem(key, optimiser="adam"):
    rng = np.random.default_rng([7, *key.encode()])
    params = numpy_models.init_model(key, D, H, OUT, rng)
    batches = [(rng.standard_normal((T, B, D)), rng.integers(0, OUT, (T, B)))
               for _ in range(BATCHES)]  # fmt: skip
    how = {"optimiser": optimiser, "rate": 0.01 if optimiser == "adam" else 0.2, "clip": 0.5}
    return params, batches, how


def trained_by_numpy(key, params, batches, how):
    """Parameters and losses after ``UPDATES`` updates."""
    optimiser = (optim.Adam if how["optimiser"] == "adam" else optim.SGD)(how["rate"])
    state, found = optimiser.init(params), []
    for k in range(UPDATES):
        x, target = batches[k % BATCHES]
        y, _, tape = numpy_nn.unroll(key, numpy_models.layer_of(params), x)
        loss, d = losses.cross_entropy(numpy_models.read(params, y), target)
        dy, grads = numpy_models.read_backward(params, y, d)
        *_, more = numpy_nn.unroll_backward(tape, dy)
        grads |= {name: g for name, g in more.items() if name in params}
        grads, _ = optim.clip_norm(grads, how["clip"])
        params, state = optimiser.update(params, grads, state)
        found.append(loss)
    return params, found


@pytest.mark.parametrize("optimiser, keys", [("adam", KEYS), ("sgd", ("lstm", "gru"))])
def test_a_hundred_updates_are_numpys(window, optimiser, keys):
    for key in keys:
        params, batches, how = training_problem(key, optimiser)
        given = {
            "facts": cell_facts(SPECS[key]), "params": flat(params), "N": OUT, "updates": UPDATES,
            "batches": [{"x": x.ravel().tolist(), "target": t.ravel().tolist()}
                        for x, t in batches],
            "sizes": {"T": T, "B": B, "D": D, "H": H}, **how,
        }  # fmt: skip
        expected, found_losses = trained_by_numpy(key, params, batches, how)
        assert sum(found_losses[-BATCHES:]) < sum(found_losses[:BATCHES]), f"{key} learned nothing"
        for printed in (True, False):
            found = window.page.evaluate("a => trained(...a)", [given, printed])
            close(found["losses"], found_losses, 1e-10, f"{key}: losses")
            for name, p in expected.items():
                close(found["params"][name], p, 1e-10, f"{key}: {name}")


# -- what is typed ---------------------------------------------------------------------------------

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


CELL = "h = tanh(W_x @ x + W_h @ h_prev + b_h)"
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


# -- the page itself -------------------------------------------------------------------------------


def say(page):
    return page.locator(".u-say").inner_text()


def done(page, updates):
    """Wait until both networks have made so many updates."""
    page.wait_for_function(
        f"Number((document.querySelector('.u-say').textContent.match(/After (\\d+)/) || [])[1]) >= "
        f"{updates}",
        timeout=60_000,
    )


def status(page):
    return page.locator(".u-train-status").inner_text()


def test_it_trains_from_a_file_and_a_link_gives_the_same_run(browser, path):
    window = Page(browser, width=390)
    page = window.open(path)
    page.wait_for_function("document.querySelector('.u-say').textContent.startsWith('Ready')")
    assert window.overflow() <= 0
    page.locator("[name=units]").focus()
    page.keyboard.press("ArrowLeft")
    page.get_by_label("learning rate").select_option("0.02")
    page.get_by_role("button", name="One update").focus()
    page.keyboard.press("Enter")
    page.wait_for_function("document.querySelector('.u-train-status').textContent.includes('loss')")
    first = status(page)
    page.locator("[name=run]").click()
    done(page, 51)
    trained = status(page)
    assert trained != first and "right" in trained
    assert page.locator('[data-chart="loss"] .u-train-line').count() == 2
    assert page.locator('[data-chart="look_b"] .u-fill').count() == 6 * 8
    described = {"loss": "Loss after", "lag": "at lag 7", "norm": "and after clipping"}
    for chart, words in described.items():
        assert words in page.locator(f'[data-chart="{chart}"]').get_attribute("aria-label")
    page.get_by_role("button", name="Link to this setting").click()
    address = page.url
    assert "units=4" in address and "rate=0.02" in address
    other = Page(browser)
    other.page.goto(address)
    page = other.page
    page.wait_for_function("document.querySelector('.u-say').textContent.startsWith('Ready')")
    page.get_by_role("button", name="One update").click()
    page.wait_for_function("document.querySelector('.u-train-status').textContent.includes('loss')")
    assert status(page) == first, "one setting, one run"
    for used in (window, other):
        assert not used.errors and not used.requests
        used.context.close()


def test_a_typed_cell_trains_beside_another_and_a_mistake_stops_it(window):
    page = window.page
    page.get_by_label("begin with the equations of").select_option("gru")
    page.locator("[name=cell_a]").select_option("typed")
    page.wait_for_function("document.querySelector('.u-say').textContent.startsWith('Ready')")
    page.get_by_role("button", name="One update").click()
    page.wait_for_function("document.querySelector('.u-train-status').textContent.includes('loss')")
    assert "your cell: loss" in status(page)
    page.locator("[name=equations]").fill("h = tanh(W @ x + Q @ h_prev +)")
    assert "line 1, column 30: expected a name" in page.locator(".u-train-mistake").inner_text()
    assert "mistake" in say(page) and page.get_by_role("button", name="One update").is_disabled()
    page.locator("[name=equations]").fill(CELL)
    page.wait_for_function("document.querySelector('.u-say').textContent.startsWith('Ready')")
    told = page.locator(".u-train-checks tbody").text_content()
    assert told.count("equal") == 4, "three parameters and the input"
    page.locator(".u-train-texts summary").click()
    for language, words in (
        ("spec", "SPEC = CellSpec("), ("numpy", "def step_backward("), ("torch", "class Cell("),
        ("a", "it never becomes any"), ("b", "const h = o * tanh_c;"),
    ):  # fmt: skip
        page.locator("[name=language]").select_option(language)
        assert words in page.locator(".u-train-code").inner_text(), language
    assert not window.errors


def test_nothing_that_is_typed_becomes_code_or_markup(window):
    page = window.page
    for attempt in ("h = (0, eval)('window.hit = 1')", "h = <img src=x onerror='window.hit = 1'>",
                    "h = constructor(h_prev)", "__proto__ = h_prev"):  # fmt: skip
        page.locator("[name=equations]").fill(attempt)
        page.locator("[name=sequence]").fill(attempt)
    assert page.evaluate("window.hit") is None and not window.errors
    page.locator("[name=equations]").fill(CELL)


def test_a_reader_edits_the_sequence(window):
    page = window.page
    page.locator("[name=cell_a]").select_option("lstm")
    page.locator("[name=sequence]").fill("Babca?")
    page.wait_for_function(
        "document.querySelector('[data-chart=look_b]').getAttribute('aria-label').includes('Babca?')"
    )
    page.locator("[name=sequence]").fill("Bazca?")
    page.wait_for_function("document.querySelector('.u-train-unread').textContent !== ''")
    assert "letter 3: “z” is none of A B C D" in page.locator(".u-train-unread").inner_text()


@pytest.mark.parametrize("task", ["cue", "adding", "parity", "copy", "counting", "reber", "text"])
def test_every_task_shows_a_sequence_that_it_can_read(window, task):
    found = window.page.evaluate(
        """name => { const { all, shown, right } = unrolled.use("tasks"), random = unrolled.use("random");
        const settings = { task: name, length: all[name].length ? all[name].length[3] : 1, text: "the cat sat on the mat, the rat" };
        const batch = all[name].sample(random(3, "x"), 5, settings), text = shown(name, batch, 0, settings);
        const read = all[name].read(text, settings);
        const perfect = Float64Array.from({ length: batch.asked.length * batch.N }, (_, k) => batch.allowed ? batch.allowed[k] : batch.target[k]);
        const steps = Array.from({ length: read.T }, (_, t) => Array.from(batch.x.subarray(t * 5 * batch.D, t * 5 * batch.D + batch.D)));
        return { text, x: Array.from(read.x), steps, right: right(batch, perfect, 0.04), wrong: right(batch, perfect.map((v) => 1.5 - v), 0.04) };
        }""",  # noqa: E501
        task,
    )
    close(found["x"], found["steps"], 0.051 if task == "adding" else 0, found["text"])
    assert found["right"] == 1 and found["wrong"] == 0, json.dumps(found)[:300]


EVERY = """cells => {
  const { all } = unrolled.use("tasks"), heard = [], wrong = [], scope = { postMessage: (m) => heard.push(m) };
  unrolled.use("serve")(scope);
  const finite = (list) => list.length && list.every(isFinite);
  for (const facts of Object.values(cells)) for (const [task, { length }] of Object.entries(all)) {
    heard.length = 0;
    const send = (data) => scope.onmessage({ data }), { key, ...typed } = facts;
    send({ kind: "begin", serial: 1, specs: [facts, typed], settings: { task, length: length && length[1], units: 4, rate: 0.01,
      clip: null, optimiser: "sgd", seed: 3, text: "the cat sat on the mat", batch: 4, every: 1,
      starts: [{ retention: 0.9, input: -1 }, { retention: null, input: null }] } });
    send({ kind: "look", text: (heard.find((m) => m.kind === "begun") || {}).sequence });
    send({ kind: "step" });
    const said = heard[heard.length - 1];
    if (said.kind !== "report" || !said.rows[0].every(finite) || !said.lags.every(finite) ||
        !said.looks.every(({ values }) => values.length && values.every(({ data }) => finite(data)))) wrong.push([key, task, said]);
  }
  return wrong;
}"""  # noqa: E501


def test_every_cell_trains_on_every_task_at_its_shortest(window):
    facts = {key: cell_facts(spec) for key, spec in SPECS.items()}
    assert window.page.evaluate(EVERY, facts) == []


@pytest.mark.parametrize("width", [390, 1300])
@pytest.mark.parametrize("task", ["cue", "adding", "text"])
def test_letters_are_readable_and_nothing_is_wider_than_the_page(browser, path, width, task):
    window = Page(browser, width=width)
    page = window.open(path)
    page.locator("[name=task]").select_option(task)
    page.locator("[name=once]").click()
    page.wait_for_function("document.querySelector('.u-train-status').textContent.includes('loss')")
    page.wait_for_timeout(200)
    shown = letters.texts(page)
    assert len(shown) > 60 and not letters.small(shown) and not letters.touching(shown)
    assert window.overflow() <= 0 and window.axe() == []
    window.context.close()
