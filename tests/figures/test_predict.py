"""Figures to predict: what they hold, what they refuse, and how they answer in a browser."""

import os
import re

import numpy as np
import pytest
from tests.support.browsing import Page, drawn

from course_utils import figures
from course_utils.figures import FigureError
from course_utils.figures.predict import _text
from course_utils.files import write

from .html import Open, data

LAG = [1, 2, 5, 10, 20, 50, 100]
SHARE = np.exp(-np.array(LAG) / 20)
CURVE = {"question": "How much is left?", "xlabel": "lag", "ylabel": "share left"}
BARS = {"question": "How often?", "label": "runs", "lim": (0, 100), "unit": "%"}


def curve(**changed):
    return figures.predict_curve(
        LAG, SHARE, SHARE * 0.8, SHARE * 1.2, **CURVE | {"answer": "It fades."} | changed
    )


def bars(**changed):
    return figures.predict_bars(["RNN", "LSTM"], [31, 88], [25, 80], [38, 93], **BARS | changed)


def test_a_logarithmic_axis_names_each_of_a_few_points():
    for few, named in ((LAG, LAG), (np.arange(1, 13), [1, 10])):
        made = figures.predict_curve(few, np.ones(len(few)), xlog=True, ylim=(0, 2), **CURVE).html()
        ticks = re.findall(r'class="u-tick"[^>]*text-anchor="middle"[^>]*>([^<]*)<', made)
        assert ticks == [_text(v) for v in named], few


@pytest.mark.parametrize("make", [curve, bars])
def test_a_figure_is_whole_html_and_tells_the_answer_only_where_it_can_be_hidden(make):
    html = make().html()
    Open(html)
    head = html[: html.index("u-told")]
    head = re.sub(r'class="u-measured.*?</g>', "", head, flags=re.S)
    for told in map(_text, data(html)["measured"]):
        assert told not in re.split(r"[\s,]+", re.sub(r"<[^>]*>", " ", head))
        for attribute in re.findall(r'aria-label="([^"]*)"', head):
            assert told not in attribute
    assert all(f"<td>{_text(v)}</td>" in html for v in data(html)["measured"])


def test_the_key_of_what_was_kept_follows_the_measurement():
    assert data(curve().html())["key"] == data(curve().html())["key"]
    assert data(curve().html())["key"] != data(curve(ylim=(0, 2)).html())["key"]


@pytest.mark.parametrize("name, ink", [("forget", "--u-forget"), ("irnn", "--u-model-rnn_relu")])
def test_a_quantity_or_a_model_gives_the_measurement_its_colour(name, ink):
    for html in (curve(meaning=name).html(), bars(meanings=["neutral", name]).html()):
        assert f"--ink: var({ink});" in html


@pytest.mark.parametrize(
    "make, says",
    [
        (lambda: figures.predict_curve([1, 1], [2, 3], **CURVE), "x: expected .* increasing"),
        (lambda: figures.predict_curve([1, 2], [2], **CURVE), "x: expected"),
        (lambda: figures.predict_curve([1, 2], [2, np.nan], **CURVE), "measured: expected finite"),
        (lambda: figures.predict_curve([1, 2], [2, 3], [1, 1], **CURVE), "give both ends"),
        (lambda: figures.predict_curve([1, 2], [2, 3], [3, 3], [4, 4], **CURVE), "must hold"),
        (lambda: curve(ylim=(0, 0.5)), "ylim: 0 to 0.5 does not hold"),
        (lambda: curve(ylim=(0, 2), ylog=True), "ylim: expected two positive"),
        (lambda: curve(points=[0, 9]), "points: expected 1 to 12 increasing indices below 7"),
        (lambda: curve(meaning="red"), "meaning: 'red' is none of forget"),
        (lambda: curve(question=" "), "question: expected a sentence"),
        (lambda: bars(lim=(0, 50)), "lim: 0 to 50 does not hold"),
        (lambda: bars(meanings=["cell"]), "as many meanings"),
        (lambda: bars(log=True), "lim: expected two positive"),
    ],
)
def test_what_does_not_fit_is_named(make, says):
    with pytest.raises(FigureError, match=says):
        make()


def test_limits_left_out_are_round_and_leave_room():
    scale = data(curve().html())["scale"]
    assert scale["low"] == 0 and scale["high"] >= 1.2 * max(SHARE * 1.2)
    log = data(curve(ylog=True).html())["scale"]
    assert np.log10([log["low"], log["high"]]) == pytest.approx([-3, 1])


def test_a_long_curve_is_drawn_at_twelve_points_with_both_ends():
    x = np.arange(100.0)
    points = data(figures.predict_curve(x, x, **CURVE).html())["x"]
    assert len(points) == 12 and (points[0], points[-1]) == (0, 99)


# -- in a browser ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    """Both figures as a notebook's output has them: each with its own style and scripts."""
    folder = tmp_path_factory.mktemp("predict")
    before = os.environ.pop("UNROLLED_BOOK", None)
    powers = {"ylog": True, "xlog": True, "ylim": (1e-4, 10)}
    parts = [curve(), curve(question="And in powers of ten?", **powers), bars()]
    body = "".join(part._repr_html_() for part in parts)
    if before is not None:
        os.environ["UNROLLED_BOOK"] = before
    look = "<style>body { background: var(--u-page); color: var(--u-text) }</style>"
    write(
        folder / "page.html",
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>Predict</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"{look}<body><main><h1>Predict</h1>{body}</main>",
    )
    return folder / "page.html"


@pytest.fixture
def window(browser, path):
    window = Page(browser)
    window.open(path)
    yield window
    assert window.errors == [] and window.requests == []
    window.context.close()


def seen(figure):
    """Whether measurement, words and table show."""
    parts = (figure.locator(".u-measured").first, figure.locator("details"))
    return [part.is_visible() for part in parts]


@pytest.mark.browser
def test_keys_draw_a_curve_and_it_is_compared_and_kept_and_cleared(window, path):
    page, figure = window.page, window.page.locator(".u-predict-curve").first
    assert seen(figure) == [False, False]
    knobs = figure.locator("[role=slider]")
    assert [k.get_attribute("tabindex") for k in knobs.all()] == ["0", *["-1"] * 6]
    knobs.first.focus()
    page.keyboard.press("PageUp")
    for _ in range(6):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    assert knobs.nth(6).get_attribute("tabindex") == "0"
    high = data(curve().html())["scale"]["high"]
    assert knobs.first.get_attribute("aria-valuetext") == _text(0.6 * high)
    assert knobs.nth(6).get_attribute("aria-valuetext") == _text(0.48 * high)
    assert knobs.nth(3).get_attribute("aria-valuetext") == "not set"
    figure.get_by_text("Show what was measured").click()
    assert seen(figure) == [True, True] and figure.locator("p.u-told").is_visible()
    off = [0.6 * high - SHARE[0], 0.48 * high - SHARE[6]]
    worst = int(abs(off[1]) > abs(off[0]))
    told = figure.locator(".u-say").inner_text()
    assert told.startswith(f"On average yours are {_text(np.mean(np.abs(off)))} from")
    assert f"lag {(1, 100)[worst]}: you said" in told
    page.reload()
    assert seen(figure) == [True, True] and figure.locator(".u-say").inner_text() == told
    figure.get_by_text("Clear mine").click()
    assert seen(figure) == [False, False]
    page.reload()
    assert seen(figure) == [False, False]
    assert page.evaluate("localStorage.length") == 0


@pytest.mark.browser
def test_a_drag_draws_every_point_that_it_passes_and_factors_compare_logarithms(window):
    page, figure = window.page, window.page.locator(".u-predict-curve").nth(1)
    figure.scroll_into_view_if_needed()
    box = figure.locator(".u-pad").bounding_box()
    page.mouse.move(box["x"] + 5, box["y"] + 40)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] - 5, box["y"] + box["height"] - 40, steps=2)
    page.mouse.up()
    assert figure.locator(".is-set").count() == 7
    values = page.evaluate("JSON.parse(localStorage.getItem(localStorage.key(0))).mine")
    assert values == sorted(values, reverse=True)
    figure.get_by_text("Show what was measured").click()
    factor = np.exp(np.mean(np.abs(np.log(np.array(values) / SHARE))))
    told = figure.locator(".u-say").inner_text()
    assert told.startswith(f"On average yours are a factor of {_text(factor)} from")
    inside = np.sum((values >= SHARE * 0.8) & (values <= SHARE * 1.2))
    verb = "lies" if inside == 1 else "lie"
    assert told.endswith(f"{inside} of your 7 {verb} in the measured interval.")


ENDS = """window.ends = []; addEventListener("pointerdown", () => { ends.length = 0; }, true);
for (const type of ["pointerup", "pointercancel", "scrollend"])
  addEventListener(type, () => ends.push(type), true);"""


@pytest.mark.browser
def test_a_finger_that_scrolls_draws_nothing_and_one_that_moves_sideways_draws(browser, path):
    window = Page(browser, width=390, height=500, has_touch=True)
    page = window.open(path)
    finger = window.context.new_cdp_session(page)
    figure = page.locator(".u-predict-curve").first
    page.evaluate(ENDS)

    def swipe(dx, dy):
        """How a touch in the middle of the window ended, and the fling of the page after it."""
        figure.locator(".u-pad").evaluate("pad => pad.scrollIntoView({block: 'center'})")
        drawn(page)
        box = figure.locator(".u-pad").bounding_box()
        x, y = box["x"] + box["width"] / 2 + 12, box["y"] + box["height"] / 2 + 30
        for k in range(7):
            kind = ("touchStart", *["touchMove"] * 5, "touchEnd")[k]
            points = [] if kind == "touchEnd" else [{"x": x + dx * k / 5, "y": y + dy * k / 5}]
            finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
        page.wait_for_function("ends.some(type => type === 'pointerup' || type === 'scrollend')")
        return page.evaluate("ends")

    assert swipe(0, -120) == ["pointercancel", "scrollend"]
    assert figure.locator(".is-set").count() == 0
    assert swipe(120, 30) == ["pointerup"]
    assert figure.locator(".is-set").count() >= 2
    window.context.close()


@pytest.mark.browser
def test_bars_are_range_inputs(window):
    page, figure = window.page, window.page.locator(".u-predict-bars")
    assert seen(figure) == [False, False]
    field = figure.locator("input[type=range]").first
    assert field.get_attribute("aria-label") == "RNN"
    field.focus()
    page.keyboard.press("ArrowLeft")
    assert field.get_attribute("aria-valuetext") == "49 %"
    figure.get_by_text("Show what was measured").click()
    told = "Yours is 18 percentage points from the measured value for RNN: you said 49 %, "
    assert figure.locator(".u-say").inner_text() == told + "measured 31 % (interval 25 to 38 %)."


@pytest.mark.browser
def test_where_nothing_may_be_kept_the_figure_still_works(browser, path):
    window = Page(browser)
    window.context.add_init_script(
        "Object.defineProperty(window, 'localStorage', {get() { throw new Error('refused') }})"
    )
    page = window.open(path)
    field = page.locator("input[type=range]").first
    field.focus()
    page.keyboard.press("ArrowLeft")
    page.locator(".u-predict-bars").get_by_text("Show what was measured").click()
    assert "you said 49 %" in page.locator(".u-predict-bars .u-say").inner_text()
    assert window.errors == []
    window.context.close()


@pytest.mark.browser
def test_without_script_and_on_paper_the_measurement_is_there(browser, path):
    window = Page(browser, java_script_enabled=False)
    page = window.open(path)
    for figure in page.locator(".u-predict").all():
        assert seen(figure) == [True, True]
        assert not figure.locator("button").first.is_visible()
    window.context.close()
    window = Page(browser)
    page = window.open(path)
    page.emulate_media(media="print")
    assert all(seen(figure) == [True, True] for figure in page.locator(".u-predict").all())
    assert not page.locator("button").first.is_visible()
    window.context.close()


@pytest.mark.browser
@pytest.mark.parametrize("width, scheme", [(1300, "light"), (390, "light"), (390, "dark")])
def test_it_fits_and_is_accessible_before_and_after(browser, path, width, scheme):
    window = Page(browser, width=width, scheme=scheme)
    page = window.open(path)
    assert window.axe() == [] and window.overflow() <= 0
    for figure in page.locator(".u-predict").all():
        for field in figure.locator("[role=slider], input").all():
            field.focus()
            page.keyboard.press("ArrowUp")
        figure.get_by_text("Show what was measured").click()
    assert window.axe() == [] and window.overflow() <= 0
    window.context.close()
