"""The gradient's journey: its numbers are back-propagation's, in Python and in the page."""

import re

import numpy as np
import pytest
from tests.support.browsing import Page, chromium

from course_utils import figures, numpy_nn
from course_utils.figures import FigureError
from course_utils.figures.journey import CELLS, CLIPS, chain, journey, parameters, settled
from course_utils.figures.journey_explorer import journey_says, reach
from course_utils.files import write

from .gallery import JOURNEYS
from .html import Open, data

STEPS, UNITS = 9, 3
CHAIN = chain(UNITS, STEPS, seed=5)


def draw(rng, key):
    """Settings that no slider stands at."""
    low, high = rng.uniform(0.3, 3), rng.uniform(-2, 5)
    given = {"cell": key, "scale": low, "bias": high, "loud": rng.uniform(0.2, 3),
             "loss": int(rng.integers(5, STEPS + 1)), "chunk": int(rng.integers(1, STEPS + 1)),
             "clip": CLIPS[rng.integers(len(CLIPS))], "draw": int(rng.integers(3)),
             "x": rng.uniform(-3, 3, STEPS).tolist()}  # fmt: skip
    return settled("drawn", given, CHAIN)


def norm(arrays):
    return np.sqrt(sum((a**2).sum() for a in arrays))


def backward(settings, first):
    """States before step ``first``, and what ``numpy_nn`` sends back to them from the loss."""
    key, params, loss = settings["cell"], parameters(CHAIN, settings), settings["loss"]
    x = settings["loud"] * np.array(settings["x"])[:loss, None, None]
    before = None
    if first > 1:
        _, before, _ = numpy_nn.unroll(key, params, x[: first - 1])
    y, _, tape = numpy_nn.unroll(key, params, x[first - 1 :], before)
    dy = np.zeros_like(y)
    dy[-1] = CHAIN["push"]
    _, dstate, grads = numpy_nn.unroll_backward(tape, dy)
    return dstate, grads, tape


@pytest.mark.parametrize("key", CELLS)
def test_what_arrives_and_what_is_added_are_back_propagations(key):
    settings = draw(np.random.default_rng(1), key) | {"chunk": STEPS}
    found = journey(CHAIN, settings)
    for t in range(1, settings["loss"]):
        dstate, _, _ = backward(settings, t + 1)  # to the state after step t
        np.testing.assert_allclose(found.arrives[t - 1], norm(dstate), rtol=1e-10)
    _, grads, _ = backward(settings, 1)
    np.testing.assert_allclose(found.length, norm(grads.values()), rtol=1e-10)
    assert found.arrives[settings["loss"] :] == [0] * (STEPS - settings["loss"])


@pytest.mark.parametrize("key", CELLS)
def test_a_cut_leaves_the_states_and_takes_the_gradient(key):
    settings = draw(np.random.default_rng(2), key) | {"loss": 8, "chunk": 3}
    found, first = journey(CHAIN, settings), reach(settings)
    assert first == 7 and found.arrives[:6] == [0] * 6 and min(found.arrives[6:8]) > 0
    _, grads, _ = backward(settings, first)
    np.testing.assert_allclose(found.length, norm(grads.values()), rtol=1e-10)
    assert found.opens == journey(CHAIN, settings | {"chunk": STEPS}).opens


def test_the_parts_of_the_lstm_are_the_two_halves_of_its_state():
    settings = draw(np.random.default_rng(3), "lstm") | {"loss": STEPS, "chunk": STEPS}
    found = journey(CHAIN, settings)
    for t in range(1, STEPS):
        dstate, _, tape = backward(settings, t + 1)
        np.testing.assert_allclose(found.belt[t - 1], norm([dstate.c]), rtol=1e-10)
        np.testing.assert_allclose(found.layers[t - 1], norm([dstate.h]), rtol=1e-10)
        o, tanh_c = tape.caches[-1].o, tape.caches[-1].tanh_c
        kept = np.prod([cache.f for cache in tape.caches], axis=0)
        direct = np.array(CHAIN["push"]) * o * (1 - tanh_c**2) * kept
        np.testing.assert_allclose(found.never[t - 1], norm([direct]), rtol=1e-10)


def test_along_the_state_of_a_gru_stands_its_update_gate():
    settings = draw(np.random.default_rng(4), "gru") | {"loss": 5, "chunk": STEPS}
    found = journey(CHAIN, settings)
    dstate, _, tape = backward(settings, 5)
    along = np.array(CHAIN["push"]) * tape.caches[0].z
    np.testing.assert_allclose(found.belt[3], norm([along]), rtol=1e-10)
    np.testing.assert_allclose(found.layers[3], norm([dstate.h - along]), rtol=1e-10)
    np.testing.assert_allclose(found.opens[4], tape.caches[0].z.mean(), rtol=1e-10)


def test_clipping_shortens_the_sum_and_nothing_else():
    settings = settled("one", {"cell": "lstm", "bias": 3, "clip": 0.1}, CHAIN)
    clipped, free = journey(CHAIN, settings), journey(CHAIN, settings | {"clip": len(CLIPS) - 1})
    assert clipped.clipped == 0.1 < clipped.length == free.length == free.clipped
    assert clipped[:-2] == free[:-2]


def test_it_is_complete_without_script():
    html = figures.gradient_journey(JOURNEYS).html()
    Open(html)
    given, first = data(html), settled("first", next(iter(JOURNEYS.values())), data(html))
    found = journey(given, first)
    assert html.count("<tr>") == 1 + first["loss"]
    assert journey_says(first, found, 1) in html.replace("&#x27;", "'")


@pytest.mark.parametrize(
    ("name", "value"),
    [("cell", "mgu"), ("loss", 17), ("loss", 0), ("chunk", 0), ("clip", 3), ("draw", 3),
     ("scale", 7), ("bias", -3), ("loud", 5), ("x", "music"), ("x", [0, 1]), ("x", [4] * 16)],
)  # fmt: skip
def test_what_it_cannot_show_is_refused_by_name(name, value):
    with pytest.raises(FigureError, match=rf"^presets\['odd'\]: {name}: expected"):
        figures.gradient_journey({"odd": {name: value}})


def test_an_unknown_setting_and_an_impossible_chain_are_refused():
    with pytest.raises(FigureError, match=r"unknown speed; it knows cell"):
        figures.gradient_journey({"odd": {"speed": 1}})
    with pytest.raises(FigureError, match=r"^presets: expected"):
        figures.gradient_journey({})
    with pytest.raises(FigureError, match=r"^steps, units: expected 6 to 24"):
        figures.gradient_journey({"a": {}}, steps=25)


PARTS = """svg => Array.from(svg.querySelectorAll('*')).map(e => [e.tagName,
  e.getAttribute('class'), e.childElementCount ? '' : e.textContent,
  ...['x', 'y', 'width', 'height', 'cx', 'cy', 'r', 'stroke-width', 'd']
    .map(a => e.getAttribute(a) || '')].join(' '))"""
PLAIN = """html => { const d = document.createElement('div'); d.id = 'plain'; d.innerHTML = html;
  d.firstChild.dataset.awake = ''; document.body.append(d); }"""
NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e-\d+)?")


def alike(mine, theirs):
    """Whether two drawings have the same parts at the same places."""
    assert [NUMBER.sub("#", p) for p in mine] == [NUMBER.sub("#", p) for p in theirs]
    numbers = [[float(n) for p in parts for n in NUMBER.findall(p)] for parts in (mine, theirs)]
    np.testing.assert_allclose(*numbers, rtol=0, atol=0.02)


@pytest.mark.browser
def test_the_page_computes_and_draws_what_python_does(tmp_path):
    figure = figures.gradient_journey(JOURNEYS)
    write(tmp_path / "page.html", f'<meta charset="utf-8"><body>{figure._repr_html_()}')
    rng = np.random.default_rng(0)
    drawn = [draw(rng, key) for key in (*CELLS, *CELLS)]
    with chromium() as browser:
        seen = Page(browser, width=390)
        page = seen.open(tmp_path / "page.html")
        for settings in drawn:
            ours = page.evaluate(
                "([d, s]) => unrolled.journey(d, s)", [CHAIN | {"clips": CLIPS}, settings]
            )
            for name, expected in journey(CHAIN, settings)._asdict().items():
                np.testing.assert_allclose(ours[name], expected, rtol=1e-10, atol=1e-12)
        given = data(figure.html())
        for name, preset in JOURNEYS.items():
            page.get_by_role("button", name=name, exact=True).click()
            mine = page.locator(".u-journey svg.u-chart").evaluate(PARTS)
            plain = figures.gradient_journey({name: preset}).html()
            page.evaluate(PLAIN, plain)
            theirs = page.locator("#plain svg.u-chart").evaluate(PARTS)
            page.evaluate("document.getElementById('plain').remove()")
            alike(mine, theirs)
            settings = settled(name, preset, given)
            told = journey_says(settings, journey(given, settings), reach(settings))
            assert page.locator(".u-journey .u-say").inner_text() == told
        assert not seen.errors and not seen.requests and seen.overflow() <= 0


@pytest.mark.browser
def test_the_loss_the_message_and_the_inputs_are_the_readers(tmp_path):
    figure = figures.gradient_journey(JOURNEYS, question="How much comes back?")
    write(tmp_path / "page.html", f'<meta charset="utf-8"><body>{figure._repr_html_()}')
    with chromium() as browser:
        seen = Page(browser)
        page = seen.open(tmp_path / "page.html")
        say, svg = page.locator(".u-journey .u-say"), page.locator(".u-journey svg.u-chart")

        def at(name):
            return float(page.locator(f".u-journey input[name={name}]").input_value())

        assert say.inner_text() == "How much comes back?" and at("at") == at("loss") == 16
        page.get_by_role("button", name="Loud").click()
        assert say.inner_text().endswith("nothing has been sent back yet.")
        page.get_by_role("button", name="Plain cell").click()
        page.emulate_media(reduced_motion="reduce")
        page.get_by_role("button", name="Send it back").click()
        assert at("at") == 1 and say.inner_text().startswith("Step 1, 15 steps back:")
        page.locator(".u-journey input[name=loss]").focus()
        page.keyboard.press("ArrowLeft")
        assert at("loss") == 15 and say.inner_text().startswith("Step 1, 14 steps back:")
        page.locator(".u-journey input[name=at]").focus()
        page.keyboard.press("ArrowRight")
        assert say.inner_text().startswith("Step 2, 13 steps back:")
        box = svg.bounding_box()
        unit = box["width"] / 640

        def press(x, y):
            page.mouse.move(box["x"] + x * unit, box["y"] + y * unit)

        press(600, 24), page.mouse.down(), press(66 + 558 / 16 * 9.5, 24), page.mouse.up()
        assert at("loss") == 10
        press(66 + 558 / 16 * 2.5, 414 - 12), page.mouse.down(), page.mouse.up()
        assert at("x3") == pytest.approx(1.5, abs=0.15)
        for key, cut in (("Home", True), ("End", False)):  # chunks of one step: nowhere to go
            page.locator(".u-journey input[name=chunk]").focus()
            page.keyboard.press(key)
            assert page.locator(".u-journey input[name=at]").is_disabled() == cut
        assert not seen.errors
