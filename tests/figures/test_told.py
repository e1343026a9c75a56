"""Steppers, explorers and frames: their numbers, their limits, their errors."""

import re

import matplotlib
import numpy as np
import pytest

matplotlib.use("agg")
from matplotlib import pyplot as plt

from course_utils import figures
from course_utils.figures import FigureError, frames, live
from course_utils.figures.cell_stepper import EXAMPLE
from course_utils.figures.layouts import LAYOUTS
from course_utils.specs import SPECS

from .gallery import decay, wave
from .html import Open, data

DRAWN = sorted(set(LAYOUTS) & set(SPECS))


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


# -- steppers --------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", DRAWN)
def test_a_stepper_has_one_step_for_each_equation(key):
    html = figures.stepper(key).html()
    Open(html)
    story = data(html)
    assert len(story) == 1 + len(SPECS[key].equations)
    assert html == figures.stepper(SPECS[key]).html()


def test_a_stepper_prints_the_numbers_of_the_cell():
    v = EXAMPLE | {"x": -2.0}
    a = {k: v[f"W_x{k}"] * v["x"] + v[f"W_h{k}"] * v["h_prev"] + v[f"b_{k}"] for k in "ifgo"}
    c = sigmoid(a["f"]) * v["c_prev"] + sigmoid(a["i"]) * np.tanh(a["g"])
    h = sigmoid(a["o"]) * np.tanh(c)
    story = data(figures.stepper("lstm", v).html())
    assert [s["known"][-1] for s in story[1:]] == list("ifgoch")
    for name, value in (("c", c), ("h", h), ("f", sigmoid(a["f"]))):
        told = next(s for s in story[1:] if s["known"][-1] == name)
        printed = f"{value:.2f}".replace("-", "−")
        assert f"{name} = {printed}," in told["say"] and f"<strong>{printed}<" in told["numbers"]
    assert "(−2.00)" in story[1]["numbers"], "a negative factor stands in brackets"


def test_a_stepper_names_the_values_it_misses():
    some = {k: v for k, v in EXAMPLE.items() if k not in ("W_xf", "c_prev")}
    with pytest.raises(FigureError, match="values: no number for W_xf, c_prev"):
        figures.stepper("lstm", some)


# -- explorers -------------------------------------------------------------------------------------


def test_the_decay_explorer_is_complete_without_script_and_starts_near_0_9():
    html = figures.decay_explorer(decay()).html()
    Open(html)
    assert data(html)["start"] == 2 and "u-theory u-neutral" in html and html.count("<tr>") == 6
    assert data(html)["lag"][data(html)["told"]] == 60


def test_the_decay_explorer_checks_its_shapes():
    measured = decay() | {"gain": [0.1]}
    with pytest.raises(FigureError, match=r"\(5, 1, 26\), got \(5, 2, 26\)"):
        figures.decay_explorer(measured)


# -- explore ---------------------------------------------------------------------------------------


def test_frames_come_in_the_order_of_their_sliders():
    seen = []

    def draw(a, b):
        seen.append((a, b))
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"><text>{a}{b}</text></svg>'
        )

    page = figures.explore(draw, alt="a {a}, b {b}", live=False, a=[1, 2], b="xyz")
    Open(page.html())
    assert seen == [(a, b) for a in (1, 2) for b in "xyz"]
    assert page.alts == [f"a {a}, b {b}" for a, b in seen]
    assert data(page.html()) == [["1", "2"], ["x", "y", "z"]]
    assert [f'aria-label="{alt}"' in page.html() for alt in page.alts] == [True] * 6


SVG = '<svg xmlns="http://www.w3.org/2000/svg"/>'


def told(**given):
    return figures.explore(lambda **v: SVG, alt="a frame", live=False, **given).html()


def test_numbers_come_in_order_and_the_first_frame_is_chosen():
    html = told(w=[0.0, 0.5, 2.0, -0.5, -1.5])
    assert data(html) == [["−1.5", "−0.5", "0", "0.5", "2"]]
    assert 'max="4" step="1" value="2"' in html, "the first that was listed"
    assert 'value="4"' in told(w=[0.0, 0.5, 2.0, -0.5, -1.5], start=2.0)
    assert data(told(w=[3, 2, 1])) == [["3", "2", "1"]], "falling is an order too"
    with pytest.raises(FigureError, match="start: w = 7 is no value of w"):
        told(w=[1, 2, 3], start={"w": 7})
    with pytest.raises(FigureError, match="start: expected a value for each of a, b"):
        told(a=[1, 2], b=[1, 2], start=1)
    with pytest.raises(FigureError, match="w: a value stands in it twice"):
        told(w=[1, 1, 2])


@pytest.mark.parametrize(
    "values, kind",
    [
        ([1, 2], "radio"),
        ("abc", "radio"),
        ([True, False], "radio"),
        ([1, 2, 3], "range"),
        ("abcdef", "range"),
    ],
)
def test_two_values_or_a_few_words_are_buttons(values, kind):
    html = told(v=values)
    Open(html)
    assert html.count(f'type="{kind}"') == (len(values) if kind == "radio" else 1)


def test_names_and_units_are_said():
    html = told(gap=[1, 2, 4], names={"gap": "gap to the cue"}, units={"gap": "steps"})
    assert data(html) == [["1 steps", "2 steps", "4 steps"]]
    assert "<figcaption>gap to the cue: 2 steps</figcaption>" in html
    assert "<span>gap to the cue</span>" in html
    with pytest.raises(FigureError, match="units: no range is called hap"):
        told(gap=[1, 2, 4], units={"hap": "steps"})


def test_frames_of_figures_are_repeatable_and_share_no_id():
    pages = [figures.explore(wave, alt="{k} halvings", live=False, k=range(3)) for _ in range(2)]
    assert pages[0].html() == pages[1].html() and not plt.get_fignums()
    ids = re.findall(r'\bid="([^"]+)"', pages[0].html())
    assert ids and len(ids) == len(set(ids))


def test_a_frame_may_be_one_of_our_own_objects_and_brings_its_script():
    page = figures.explore(figures.chain, alt="{steps} copies", live=False, steps=[1, 2])
    assert page.html().count("u-circuit") == 2
    told = figures.explore(lambda k: figures.stepper("rnn"), alt="{k}", live=False, k=[1])
    assert "stepper.js" in told.scripts and 'unrolled.each(".u-stepper"' in told._repr_html_()


def never(**values):
    raise AssertionError("drawn before the limits were looked at")


@pytest.mark.parametrize(
    "ranges, message",
    [
        ({}, "expected one or two, name=values, got 0"),
        ({"a": [1], "b": [1], "c": [1]}, r"got 3 \(a, b, c\)"),
        ({"a": range(41)}, "41 values of a make 41 frames; at most 40"),
        ({"a": range(7), "b": range(6)}, "7 values of a × 6 values of b make 42 frames"),
        ({"a": []}, "a: an empty range"),
    ],
)
def test_explore_refuses_too_much_before_drawing(ranges, message):
    with pytest.raises(FigureError, match=message):
        figures.explore(never, alt="x", **ranges)


@pytest.mark.parametrize(
    "alt, message",
    [("{oops}", "names 'oops', the ranges are k"), ("", "alt: expected a sentence"), (3, "got 3")],
)
def test_explore_checks_its_alt_text_before_drawing(alt, message):
    with pytest.raises(FigureError, match=message):
        figures.explore(never, alt=alt, k=[1])


def test_forty_frames_are_allowed():
    svg = '<svg xmlns="http://www.w3.org/2000/svg"/>'
    page = figures.explore(lambda k: svg, alt=lambda k: f"frame {k}", live=False, k=range(40))
    assert len(page.alts) == 40


def test_explore_refuses_what_it_cannot_show():
    with pytest.raises(FigureError, match="got int"):
        figures.explore(lambda k: 3, alt="{k}", live=False, k=[1])


def test_without_a_kernel_and_in_the_book_there_are_frames(monkeypatch):
    svg = '<svg xmlns="http://www.w3.org/2000/svg"/>'
    assert isinstance(figures.explore(lambda k: svg, alt="{k}", k=[1]), frames.Frames)
    monkeypatch.setattr(live, "has_kernel", lambda: True)
    monkeypatch.setenv("UNROLLED_BOOK", "1")
    assert isinstance(figures.explore(lambda k: svg, alt="{k}", k=[1]), frames.Frames)


def test_with_a_kernel_a_widget_draws_anew():
    ipywidgets = pytest.importorskip("ipywidgets")
    drawn = []

    def draw(k):
        drawn.append(k)
        return f'<svg xmlns="http://www.w3.org/2000/svg"><text>{k}</text></svg>'

    box = figures.explore(draw, alt="number {k}", live=True, k=[1.5, -2.5])
    slider, pane = box.children
    assert isinstance(pane, ipywidgets.HTML) and "<text>1.5</text>" in pane.value
    slider.value = -2.5
    assert drawn == [1.5, -2.5] and "<text>-2.5</text>" in pane.value
    assert 'aria-label="number −2.5"' in pane.value and "--u-forget:" in pane.value
