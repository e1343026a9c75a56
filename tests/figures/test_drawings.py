"""A drawing may not differ from the equations it stands beside."""

from dataclasses import replace
from xml.etree import ElementTree

import pytest

from course_utils import equations
from course_utils.figures import FigureError, cell_diagram, chain, cover, layouts, reading
from course_utils.figures.layouts import LAYOUTS
from course_utils.specs import SPECS

DRAWN = sorted(set(LAYOUTS) & set(SPECS))


@pytest.mark.parametrize("key", DRAWN)
def test_drawn_edges_are_those_of_the_spec(key):
    assert cell_diagram(key).edges() == equations.edges(SPECS[key].equations)


@pytest.mark.parametrize("key", DRAWN)
def test_drawn_operators_are_those_of_the_spec(key):
    assert cell_diagram(SPECS[key]).expressions() == reading.expressions(SPECS[key].equations)


@pytest.mark.parametrize("key", DRAWN)
def test_losing_any_inner_wire_is_noticed(key):
    circuit, whole = cell_diagram(key), reading.expressions(SPECS[key].equations)
    every = circuit.wires
    for wire in every:
        if wire.target.endswith("_out"):
            continue
        circuit.wires = [w for w in every if w != wire]
        try:
            assert circuit.expressions() != whole, wire
        except ValueError:  # an operator left with nothing to work on
            pass


def test_a_wrong_operator_is_noticed():
    circuit = cell_diagram("lstm")
    circuit.nodes["add"] = replace(circuit.nodes["add"], kind="times")
    assert circuit.expressions() != reading.expressions(SPECS["lstm"].equations)


def test_the_reading_tells_torchs_gru_from_the_one_of_2014():
    after = "n = tanh(W_xn @ x + b_xn + r * (W_hn @ h_prev + b_hn))"
    before = "n = tanh(W_xn @ x + W_hn @ (r * h_prev) + b_n)"
    drawn = cell_diagram("gru").expressions()["n"]
    assert drawn == reading.expressions([after])["n"] == "tanh(*(linear(h_prev), r), x)"
    assert reading.expressions([before])["n"] == "tanh(*(h_prev, r), x)"


def test_the_reading_of_coupled_gates_needs_no_variable_for_one_minus_f():
    lines = ["c = f * c_prev + (1 - f) * g"]
    assert cell_diagram("lstm_coupled").expressions()["c"] == reading.expressions(lines)["c"]


def test_what_cannot_be_drawn_is_refused_by_name():
    with pytest.raises(FigureError, match=r"cannot draw 'a / b'"):
        reading.expressions(["h = a / b"])
    with pytest.raises(FigureError, match=r"'nosuch' is not drawn; choose from rnn, lstm"):
        cell_diagram("nosuch")


@pytest.mark.parametrize("key", LAYOUTS)
def test_a_story_lights_every_wire_that_computes(key):
    circuit = cell_diagram(key)
    lit = set().union(*(circuit.trace(v)[1] for v in circuit.computed()))
    assert lit == {(w.source, w.target) for w in circuit.wires}


@pytest.mark.parametrize("key", LAYOUTS)
def test_the_drawing_of_a_cell_is_repeatable_and_well_formed(key):
    one, two = cell_diagram(key).svg(), cell_diagram(key).svg()
    assert one == two
    root = ElementTree.fromstring(one)
    assert root.get("role") == "img" and len(root.get("aria-label")) > 60
    assert "#" not in one, "a colour of its own would not follow the theme"
    assert root.get("id") is None
    assert ElementTree.fromstring(cell_diagram(key).svg("here")).get("id") == "here"


@pytest.mark.parametrize("key", LAYOUTS)
def test_nothing_of_a_cell_lies_outside_its_picture(key):
    circuit = cell_diagram(key)
    width, height = circuit.size
    for x, y in [(n.x, n.y) for n in circuit.nodes.values()] + [
        p for w in circuit.wires for p in w.via
    ]:
        assert 0 <= x <= width and 0 <= y <= height


def test_the_chain_unrolls_the_loop():
    copies = {(s, f"h_{k}") for k in range(1, 6) for s in (f"x_{k}", f"h_{k - 1}")}
    assert chain(5).edges() == {("x", "h"), ("h", "h")} | copies


@pytest.mark.parametrize("steps", [0, 9])
def test_a_chain_that_does_not_fit_is_refused(steps):
    with pytest.raises(FigureError, match=f"got {steps}"):
        chain(steps)


def heights(svg, meaning):
    root = ElementTree.fromstring(svg)
    return [
        float(c.get("cy")) for c in root.iter() if c.tag.endswith("circle") and
        c.get("class") == f"u-{meaning}"
    ]  # fmt: skip


def test_the_cover_shows_its_states_and_inputs_to_scale():
    states, inputs = [-1.0, 0.0, 0.5, 1.0], [1.0, 0.5, 0.0, -1.0]
    svg = cover(states, inputs).svg()
    h, x = heights(svg, "hidden"), heights(svg, "x")
    assert len(h) == len(x) == 4
    rise = [(a - h[1]) / (h[3] - h[1]) for a in h]
    assert rise == pytest.approx(states, abs=0.01)
    sink = [(a - x[2]) / (x[0] - x[2]) for a in x]
    assert sink == pytest.approx(inputs, abs=0.01)


def test_the_cover_refuses_what_it_cannot_scale():
    with pytest.raises(FigureError, match=r"\[-1, 1\]"):
        cover([2.0], [0.0])
    with pytest.raises(FigureError, match="each of the 2 states, got 1"):
        cover([0.1, 0.2], [0.0])


def test_every_public_layout_has_its_key_as_name():
    assert all(layouts.LAYOUTS[key]().name == key for key in LAYOUTS)
