"""The LSTM explorer: its arithmetic, what it refuses, its widget.  In a browser: test_browser."""

import re
import sys

import numpy as np
import pytest

from course_utils import equations, figures
from course_utils.figures import FigureError, gauges, live, reading
from course_utils.figures.charts import GATES
from course_utils.figures.labels import number
from course_utils.figures.unit import WEIGHTS, lstm_run
from course_utils.specs import SPECS

from .gallery import PRESETS
from .html import Open, data, plates
from .units import by_numpy, random_unit

# -- its arithmetic --------------------------------------------------------------------------------


def test_a_run_is_numpys_lstm_with_inputs_and_a_state_to_start_from():
    unit = random_unit(np.random.default_rng(7))
    c, h = by_numpy(unit)
    run = lstm_run(unit)
    np.testing.assert_allclose([s["c"] for s in run], c, rtol=0, atol=1e-13)
    np.testing.assert_allclose([s["h"] for s in run], h, rtol=0, atol=1e-13)
    np.testing.assert_allclose([s["c_prev"] for s in run], [-1.3, *c[:-1]], rtol=0, atol=1e-13)
    np.testing.assert_allclose([s["h_prev"] for s in run], [0.4, *h[:-1]], rtol=0, atol=1e-13)


def test_gates_set_by_hand_need_no_weights():
    rng = np.random.default_rng(5)
    scores = {k: 3 * rng.standard_normal(7) for k in "figo"}
    c = 0.9
    for t, step in enumerate(lstm_run(scores | {"c_0": c})):
        f, i, o = (1 / (1 + np.exp(-scores[k][t])) for k in "fio")
        kept, written = f * c, i * np.tanh(scores["g"][t])
        c = kept + written
        assert step["kept"] == pytest.approx(kept, rel=1e-12)
        assert step["written"] == pytest.approx(written, rel=1e-12)
        assert step["c"] == pytest.approx(c, rel=1e-12)
        assert step["h"] == pytest.approx(o * np.tanh(c), rel=1e-12)


def test_a_gate_that_is_held_stands_against_the_weights_at_that_step_only():
    unit = random_unit(np.random.default_rng(8))
    free, held = lstm_run(unit), lstm_run(unit | {"f": [None] * 3 + [-6] + [None] * 5})
    assert [s["f"] for s in held[:3]] == [s["f"] for s in free[:3]]
    assert held[3]["a_f"] == -6 and held[3]["i"] == free[3]["i"]
    assert held[3]["c"] == pytest.approx(held[3]["c_prev"] / (1 + np.exp(6)) + held[3]["written"])
    assert held[4]["f"] != free[4]["f"], "the step after reads another h"


# -- its picture -----------------------------------------------------------------------------------


def test_the_circuit_under_the_numbers_is_still_the_spec():
    board = gauges.circuit()
    assert board.edges() == equations.edges(SPECS["lstm"].equations)
    assert board.expressions() == reading.expressions(SPECS["lstm"].equations)


def test_every_number_of_a_step_stands_on_a_wire():
    step = lstm_run(PRESETS["Through h"])[5]
    svg = gauges.gauged(step, 2, 6)
    Open(svg)
    assert plates(svg) == {k: number(step[k]) for k in gauges.PLATE}
    assert 'visibility="hidden"' not in svg
    by_hand = gauges.gauged(lstm_run(PRESETS["Count"])[0], 2, 1)
    assert plates(by_hand)["x"] == "" and by_hand.count('visibility="hidden"') == 1


def test_belt_and_valves_are_to_scale_and_a_sign_needs_no_colour():
    step = {"c_prev": -2.0, "kept": -0.5, "c": 0.25, "f": 0.25, "i": 0.5, "o": 0.0, "g": 1.0,
            "x": None, "h_prev": 0.0, "h": 0.0, "written": 0.75}  # fmt: skip
    svg = gauges.gauged(step, 2, 1)
    level = r'class="u-level u-cell(| is-negative)" data-level="(\w+)".*?stroke-width="([\d.]+)"'
    found = {name: (bool(css), float(w)) for css, name, w in re.findall(level, svg)}
    assert found == {"c_prev": (True, 12.0), "kept": (True, 3.0), "c": (False, 1.5)}
    opened = dict(re.findall(r'data-open="(\w)" stroke-dasharray="([\d.]+) 1"', svg))
    assert opened == {"f": "0.2500", "i": "0.5000", "o": "0.0000"}


def test_it_is_complete_without_script():
    html = figures.lstm_explorer(PRESETS).html()
    Open(html)
    assert html.count("<tr>") == 1 + 12 and "u-trace u-cell" in html
    assert data(html)["Count"]["f"] == [6.0] * 12
    step = lstm_run(PRESETS["Write, keep, show"])[2]
    for name in ("c_prev", "f", "g", "written", "c"):
        assert plates(html)[name] == number(step[name])


def test_sliders_that_would_move_nothing_are_left_out():
    plain = {k: v for k, v in PRESETS.items() if "weights" not in v}
    named = re.findall(r'type="range" name="(\w+)"', figures.lstm_explorer(plain).html())
    assert named == ["t", *GATES, "c_0"]
    named = re.findall(r'type="range" name="(\w+)"', figures.lstm_explorer(PRESETS).html())
    assert named == ["t", "x", *GATES, "c_0", "h_0"]


def test_a_units_weights_are_told_without_their_zeros():
    told = figures.lstm_explorer(PRESETS).html().split('data-preset="Through h">')[1]
    lines = re.sub("<[^>]+>", "", told.split("</p>")[0].replace("</span>", "\n")).split("\n")
    assert lines[:4] == ["af = 0.5 xt − 0.25 ht−1 − 1", "ai = 0.5 ht−1 + 3",
                         "ag = 4 xt + 4 ht−1", "ao = 0.75 xt + 4"]  # fmt: skip


# -- what it refuses -------------------------------------------------------------------------------

HAND, FREE = {k: [0.0, 0.0] for k in "figo"}, {"weights": dict.fromkeys(WEIGHTS, 1), "x": [0, 0]}


@pytest.mark.parametrize(
    "presets, message",
    [
        ({}, r"from 2 to 24, got \[\]"),
        ([HAND], r"expected \{name: preset\}, got list"),
        ({"a": {k: [0.0] for k in "figo"}}, r"from 2 to 24, got \[1\]"),
        ({"a": HAND | {"i": [0, 0, 0]}}, r"got \[2, 3\]"),
        ({"a": HAND, "b": FREE | {"x": [0, 0, 0]}}, r"got \[2, 3\]"),
        ({"a": {k: HAND[k] for k in "fig"}}, r"presets\['a'\]: no pre-activations for 'o'"),
        ({"a": HAND | {"f": [0, None]}}, r"\['a'\]: f: expected finite numbers"),
        ({"a": HAND | {"f": [0, "high"]}}, r"\['a'\]: f: expected finite numbers"),
        ({"a": HAND | {"f": [0, 6.5]}}, r"\['a'\]: f = 6.5, but its slider ends at 6"),
        ({"a": HAND | {"c_0": -4}}, r"c_0 = -4, but its slider ends at 3"),
        ({"a": HAND | {"x": [0, 0]}}, r"without weights nothing reads 'x' or 'h_0'"),
        ({"a": HAND | {"h_0": 0.5}}, r"without weights nothing reads 'x' or 'h_0'"),
        ({"a": HAND | {"C_0": 1}}, r"unknown C_0; it knows f, i, g, o, weights, x, h_0, c_0"),
        ({"a": {"weights": FREE["weights"]}}, r"weights, but no inputs 'x'"),
        ({"a": FREE | {"weights": {"W_xf": 1, "W_f": 2}}}, r"no weights W_f; there are W_xf, "),
        ({"a": FREE | {"h_0": 1.5}}, r"h_0 = 1.5, but its slider ends at 1"),
    ],
)  # fmt: skip
def test_it_says_what_is_wrong(presets, message):
    with pytest.raises(FigureError, match=message):
        figures.lstm_explorer(presets)


# -- with a kernel ---------------------------------------------------------------------------------


@pytest.fixture
def player():
    pytest.importorskip("ipywidgets")
    return figures.lstm_explorer(PRESETS, live=True)


def shown(player):
    """The HTML in the widget's pane."""
    return player.children[1].value


def test_a_kernel_with_ipywidgets_gives_a_widget_and_the_book_does_not(monkeypatch):
    pytest.importorskip("ipywidgets")
    monkeypatch.setattr(live, "has_kernel", lambda: True)
    assert type(figures.lstm_explorer(PRESETS)).__name__ == "LstmPlayer"
    assert "lstm.js" in figures.lstm_explorer(PRESETS, live=False).scripts
    monkeypatch.setenv("UNROLLED_BOOK", "1")
    assert "lstm.js" in figures.lstm_explorer(PRESETS).scripts


def test_without_ipywidgets_a_notebook_gets_the_page_that_computes(monkeypatch):
    monkeypatch.setitem(sys.modules, "ipywidgets", None)
    assert not live.has_kernel()
    page = figures.lstm_explorer(PRESETS)
    assert 'unrolled.each(".u-lstm"' in page._repr_html_()


def test_the_widget_draws_what_its_sliders_say(player):
    assert plates(shown(player))["c"] == number(player.run[2]["c"])
    player.controls["t"].value = 7
    assert player.controls["g"].value == PRESETS["Write, keep, show"]["g"][6]
    player.controls["i"].value = 2.0
    player.controls["g"].value = -0.8
    player.controls["c_0"].value = 1.5
    wanted = {k: list(PRESETS["Write, keep, show"][k]) for k in GATES} | {"c_0": 1.5}
    wanted["i"][6], wanted["g"][6] = 2.0, -0.8
    assert player.run == lstm_run(wanted)
    assert plates(shown(player))["c"] == number(lstm_run(wanted)[6]["c"])
    assert "--u-forget:" in shown(player), "a notebook's output brings its own colours"
    Open(re.sub("<style>.*?</style>", "", shown(player), flags=re.S))


def test_what_was_set_in_the_widget_can_be_read_and_played_again(player):
    player.controls["all"].value = True
    player.controls["f"].value = -2.0
    assert player.preset["f"] == [-2.0] * 12
    again = figures.lstm_explorer({"mine": player.preset}, live=True)
    assert again.run == player.run
    player.preset["f"][0] = 5.0
    assert player.preset["f"] == [-2.0] * 12, "a copy"


def test_the_widgets_weights_decide_until_a_gate_is_held(player):
    controls, unit = player.controls, PRESETS["Through h"]
    assert controls["x"].layout.display == "none" == player.free.layout.display
    controls["preset"].value = "Through h"
    assert controls["x"].layout.display is None and controls["h_0"].value == 0.3
    assert player.run == lstm_run(unit)
    controls["t"].value = 6
    assert controls["x"].value == -1.5
    assert controls["g"].value == pytest.approx(lstm_run(unit)[5]["a_g"], abs=0.05)
    assert player.preset["g"] == [None] * 12, "showing a value does not hold it"
    assert "0.25" in shown(player), "the weights are told"
    controls["x"].value = 0.1 + 0.2
    controls["h_0"].value = -0.5
    x = [0.3 if t == 5 else v for t, v in enumerate(unit["x"])]
    assert player.run == lstm_run(unit | {"x": x, "h_0": -0.5})
    controls["f"].value = -6.0
    assert player.run[5]["a_f"] == -6.0 and "u-held" in shown(player)
    player.free.click()
    assert player.preset["f"] == player.preset["o"] == [None] * 12
    player.again.click()
    assert player.run == lstm_run(unit)
