"""The interactive figures in a real browser, from file://: keys move them, their sums are right."""

import re
from xml.etree import ElementTree

import numpy as np
import pytest
from tests.figures import gallery
from tests.figures.gallery import LOOKING, PRESETS, decay
from tests.figures.html import plates
from tests.figures.units import by_numpy, random_unit
from tests.support.browsing import Page
from tests.support.letters import small, texts, touching

from course_utils import figures, numpy_nn
from course_utils.figures.labels import number
from course_utils.figures.lstm_parts import lstm_picture, lstm_say
from course_utils.figures.unit import checked, lstm_run
from course_utils.files import write

pytestmark = pytest.mark.browser
SLIDERS = {
    "stepper": (".u-stepper input[type=range]", ".u-stepper .u-say"),
    "lstm": (".u-lstm input[name=t]", ".u-lstm .u-say"),
    "decay": (".u-decay input[name=radius]", ".u-decay .u-say"),
    "looking": (".u-looking input[name=q1]", ".u-looking .u-say"),
    "newton": (".u-newton input[name=scale]", ".u-newton .u-say"),
    "frames": (".u-frames input[type=range]", ".u-frames"),
}


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    """A page with one figure of each kind."""
    folder = tmp_path_factory.mktemp("figures")
    names = figures.write_assets(folder)
    frames = figures.explore(
        lambda k: f"<svg viewBox='0 0 9 9'><text>{k}</text></svg>",
        alt="the number {k}",
        live=False,
        k=range(4),
    )
    parts = [figures.stepper("lstm"), figures.lstm_explorer(PRESETS),
             figures.decay_explorer(decay()), figures.attention_explorer(**LOOKING),
             gallery.newton(),
             frames]  # fmt: skip
    head = "".join(f'<link rel="stylesheet" href="{n}">' for n in names["css"])
    scripts = "".join(f'<script src="{n}"></script>' for n in names["js"])
    body = "".join(f'<div class="output">{p.html()}</div>' for p in parts)  # as the book has it
    look = (
        "<style>body { background: var(--u-page); color: var(--u-text); margin: 1rem }"
        ".output { overflow: auto }</style>"
    )
    write(
        folder / "page.html",
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>Figures</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"{head}{look}<body><main><h1>Figures</h1>{body}</main>{scripts}",
    )
    return folder / "page.html"


@pytest.fixture(scope="module")
def seen(browser, path):
    """The open page, its complaints, and what it asked for."""
    window = Page(browser)
    wrong, asked = window.errors, []
    window.page.on("console", lambda m: m.type == "warning" and wrong.append(m.text))
    window.page.on("request", lambda r: asked.append(r.url))
    yield window.open(path), wrong, asked
    window.context.close()


@pytest.mark.parametrize("kind", sorted(SLIDERS))
def test_an_arrow_key_moves_the_figure(seen, kind):
    page, _, _ = seen
    slider, told = SLIDERS[kind]
    before = page.input_value(slider), page.inner_html(told)
    page.locator(slider).first.focus()
    page.keyboard.press("ArrowRight")
    after = page.input_value(slider), page.inner_html(told)
    assert after[0] != before[0]
    assert after[1] != before[1]


def test_the_explorers_arithmetic_is_numpys(seen):
    page, _, _ = seen
    rng = np.random.default_rng(0)
    scores = rng.uniform(-6, 6, (4, 24))  # rows i, f, g, o, as the weights are stacked
    script = "a => unrolled.lstmRun({i: a[0], f: a[1], g: a[2], o: a[3]})"
    ours = page.evaluate(script, scores.tolist())
    params = {"weight_ih": np.eye(4), "weight_hh": np.zeros((4, 1)),
              "bias_ih": np.zeros(4), "bias_hh": np.zeros(4)}  # fmt: skip
    state = numpy_nn.get_cell("lstm").State(np.zeros((1, 1)), np.zeros((1, 1)))
    for found, x in zip(ours, scores.T, strict=True):
        state, _ = numpy_nn.step("lstm", params, x[None], state)
        np.testing.assert_allclose(
            [found["c"], found["h"]], [state.c.item(), state.h.item()], rtol=0, atol=1e-9
        )


def test_inputs_weights_and_the_state_before_are_numpys_too(seen):
    page, _, _ = seen
    rng = np.random.default_rng(1)
    for T in (2, 24):
        unit = random_unit(rng, T)
        run = page.evaluate("unit => unrolled.lstmRun(unit)", checked("random", unit))
        c, h = by_numpy(unit)
        np.testing.assert_allclose([s["c"] for s in run], c, rtol=0, atol=1e-12)
        np.testing.assert_allclose([s["h"] for s in run], h, rtol=0, atol=1e-12)


def test_a_held_gate_is_held_as_in_the_spec(seen):
    page, _, _ = seen
    unit = random_unit(np.random.default_rng(2)) | {k: [None] * 9 for k in "figo"}
    unit |= {"f": [None, 0, *[None] * 7], "o": [*[None] * 8, -6]}
    run = page.evaluate("unit => unrolled.lstmRun(unit)", checked("held", unit))
    for found, wanted in zip(run, lstm_run(unit), strict=True):
        assert set(found) == set(wanted)
        assert found == pytest.approx(wanted, rel=0, abs=1e-12)


# -- the explorer's picture ------------------------------------------------------------------------


@pytest.fixture
def explorer(browser, path):
    """The explorer alone, as it starts, and the page around it."""
    window = Page(browser)
    yield window.open(path).locator(".u-lstm"), window
    window.context.close()


def drawn(explorer):
    """The circuit and the chart as they stand in the page."""
    kinds = (".u-circuit", ".u-chart")
    return [explorer.locator(kind).evaluate("e => e.outerHTML") for kind in kinds]


def same(one, other):
    """Two SVG trees: equal but for the second decimal of numbers."""
    assert one.tag.rpartition("}")[2] == other.tag.rpartition("}")[2]
    apart = {"xmlns", "style"}
    names = set(one.keys()) - apart
    assert names == set(other.keys()) - apart
    texts = [(one.text or "", other.text or "")]
    texts += [(one.get(name), other.get(name)) for name in names]
    for a, b in texts:
        decimal = r"-?\d+(?:\.\d+)?"
        assert re.sub(decimal, "#", a.strip()) == re.sub(decimal, "#", b.strip())
        pairs = zip(re.findall(decimal, a), re.findall(decimal, b), strict=True)
        assert all(abs(float(p) - float(q)) < 0.011 for p, q in pairs), (a, b)
    for child, twin in zip(one, other, strict=True):
        same(child, twin)


@pytest.mark.parametrize("name, t", [("Write, keep, show", 3), ("Count", 12), ("Through h", 1),
                                     ("Through h", 9)])  # fmt: skip
def test_the_script_draws_what_python_draws(explorer, name, t):
    explorer, _ = explorer
    explorer.get_by_text(name, exact=True).click()
    explorer.locator("[name=t]").fill(str(t))
    unit = checked(name, PRESETS[name])
    run = lstm_run(unit)
    wanted = ElementTree.fromstring(f"<div>{lstm_picture(unit, run, t)}</div>")
    for found, svg in zip(drawn(explorer), wanted, strict=True):
        same(ElementTree.fromstring(found), svg)
    assert explorer.locator(".u-say").inner_text() == re.sub(" +", " ", lstm_say(run[t - 1], t))


def test_every_slider_follows_the_keys_and_the_wires_follow_it(explorer):
    explorer, window = explorer
    explorer.get_by_text("Through h", exact=True).click()
    unit = checked("Through h", PRESETS["Through h"])
    explorer.locator("[name=t]").fill("4")
    for name in ("f", "i", "g", "o", "x", "c_0", "h_0"):
        slider = explorer.locator(f"[name={name}]")
        before = float(slider.input_value())
        slider.focus()
        for key in ("ArrowLeft", "PageDown", "ArrowRight", "ArrowLeft"):
            window.page.keyboard.press(key)
        value = float(slider.input_value())
        assert value < before, name
        assert slider.get_attribute("aria-valuetext")
        if name in ("c_0", "h_0"):
            unit[name] = value
        else:
            unit[name] = [value if t == 3 else v for t, v in enumerate(unit[name])]
        step = lstm_run(unit)[3]
        on_wires = plates(drawn(explorer)[0])
        assert on_wires == {k: number(step[k]) for k in on_wires}, name
    time = explorer.locator("[name=t]")
    time.focus()
    window.page.keyboard.press("ArrowRight")
    assert time.input_value() == "5"
    assert plates(drawn(explorer)[0])["c"] == number(lstm_run(unit)[4]["c"])


def test_the_box_sets_every_step_and_the_weights_take_gates_back(explorer):
    explorer, window = explorer
    explorer.get_by_text("Through h", exact=True).click()
    free = explorer.locator(".u-free")
    explorer.locator("[name=all]").focus()
    window.page.keyboard.press("Space")
    explorer.locator("[name=f]").fill("2")
    assert explorer.locator(".u-held").count() == 12 + 1, "all of f, and o at step 9"
    assert free.get_attribute("aria-disabled") == "false"
    free.focus()
    window.page.keyboard.press("Enter")
    assert explorer.locator(".u-held").count() == 0
    assert free.get_attribute("aria-disabled") == "true"
    free_run = lstm_run(PRESETS["Through h"] | {"o": [None] * 12})
    assert plates(drawn(explorer)[0])["h"] == number(free_run[2]["h"])


def test_what_moves_nothing_is_not_shown(explorer):
    explorer, _ = explorer
    shown = {name: explorer.locator(f"[name={name}]").is_visible() for name in ("x", "h_0", "c_0")}
    assert shown == {"x": False, "h_0": False, "c_0": True}
    explorer.get_by_text("Through h", exact=True).click()
    assert explorer.locator("[name=x]").is_visible() and explorer.locator("[name=h_0]").is_visible()


@pytest.mark.parametrize("width, scheme", [(1300, "light"), (1300, "dark"), (390, "light"),
                                           (390, "dark")])  # fmt: skip
def test_figures_fit_and_are_accessible(browser, path, width, scheme):
    window = Page(browser, width=width, scheme=scheme)
    page = window.open(path)
    assert window.axe() == [] and window.overflow() <= 0
    page.get_by_text("Through h", exact=True).click()
    assert window.axe() == [] and window.overflow() <= 0
    assert window.errors == [] and window.requests == []
    window.context.close()


@pytest.fixture(scope="module")
def everything(tmp_path_factory):
    """The gallery: a figure of every kind, as the book shows it."""
    folder = tmp_path_factory.mktemp("gallery")
    gallery.write(folder)
    return folder / "book.html"


@pytest.mark.parametrize("width", [390, 560, 1300])
def test_letters_are_readable_and_never_on_each_other(browser, everything, width):
    window = Page(browser, width=width)
    found = texts(window.open(everything))
    assert len(found) > 200 and small(found) == [] and touching(found) == []
    assert window.overflow() <= 0
    window.context.close()


def test_a_hidden_frame_holds_no_stop_of_the_tab_key(browser, everything):
    window = Page(browser)
    page = window.open(everything)
    last = page.locator(".u-frames").last
    assert last.locator(".u-frame:not([hidden])").count() == 1
    assert last.locator(".u-frame[hidden]").evaluate_all("all => all.every(f => f.inert)")
    page.locator(".u-frames input").first.focus()
    for _ in range(12):
        page.keyboard.press("Tab")
        assert page.evaluate("!document.activeElement.closest('.u-frame')")
    window.context.close()


def test_buttons_and_sliders_of_frames_say_what_they_set(browser, everything):
    window = Page(browser)
    frames = window.open(everything).locator(".u-frames").last
    slider = frames.locator("input[type=range]")
    assert slider.get_attribute("aria-valuetext") == "halving speed = 0.5 Hz"
    one = frames.locator(".u-frame:not([hidden]) figcaption").inner_text()
    frames.locator("input[type=radio]").nth(1).check()
    assert frames.locator(".u-frame:not([hidden]) figcaption").inner_text() != one
    window.page.keyboard.press("ArrowLeft")
    assert frames.locator(".u-frame:not([hidden]) figcaption").inner_text() == one
    window.context.close()


def test_a_cell_stepper_starts_with_every_number_and_then_shows_what_is_known(browser, everything):
    window = Page(browser)
    step = window.open(everything).locator(".u-stepper:not(:has(.u-share))").first
    shown = "all => all.filter(e => e.checkVisibility({visibilityProperty: true})).length"
    counts = [step.locator("dd").evaluate_all(shown)]
    for _ in range(2):
        step.locator("[data-go='1']").click()
        counts.append(step.locator("dd").evaluate_all(shown))
    assert counts == [9, 4, 5]
    window.context.close()


def test_the_way_back_shows_a_share_when_the_walk_has_come_to_it(browser, everything):
    window = Page(browser)
    walk = window.open(everything).locator(".u-stepper:has(.u-share)")
    shown = "all => all.filter(e => e.checkVisibility({visibilityProperty: true})).length"
    for steps in range(4):
        assert walk.locator(".u-share").evaluate_all(shown) == steps
        assert walk.locator("dd").evaluate_all(shown) == steps
        walk.locator("[data-go='1']").click()
    window.context.close()


def test_on_a_phone_the_cell_stays_in_sight_of_its_sliders(browser, path):
    window = Page(browser, width=390)
    page = window.open(path)
    page.get_by_text("Through h", exact=True).click()
    page.locator(".u-lstm [name=h_0]").focus()
    for name in ("h_0", "c_0", "o", "g", "i", "f", "x", "t"):  # backwards, so the page scrolls up
        slider = page.locator(f".u-lstm [name={name}]")
        assert slider.evaluate("e => e === document.activeElement"), name
        board, traces, box = (
            e.bounding_box()
            for e in (page.locator(".u-lstm .u-circuit"), page.locator(".u-lstm .u-chart"), slider)
        )
        assert 0 <= board["y"] and board["y"] + board["height"] <= traces["y"], name
        assert traces["y"] + traces["height"] <= box["y"] <= 900 - box["height"], name
        page.keyboard.press("Shift+Tab")
    window.context.close()


def test_no_complaint_and_no_request_beyond_the_disk(seen):
    _, wrong, asked = seen
    assert wrong == []
    assert asked
    assert [url for url in asked if not url.startswith("file:")] == []
