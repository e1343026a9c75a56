"""A drawing may not differ from the equations it stands beside."""

from dataclasses import replace
from itertools import pairwise
from xml.etree import ElementTree

import pytest

from course_utils import equations, figures
from course_utils.figures import FigureError, automatic, cell_diagram, chain, cover, reading
from course_utils.figures.circuit_svg import SIZE, rounded
from course_utils.figures.layouts import LAYOUTS
from course_utils.figures.lighting import PATHS
from course_utils.specs import SPECS

DRAWN = sorted(SPECS)


def written(key):
    """What the equations of a cell say; a line of parameters alone draws nothing."""
    return {v: e for v, e in reading.expressions(SPECS[key].equations).items() if e}


def test_every_cell_is_drawn_and_every_layout_is_of_a_cell():
    assert set(LAYOUTS) <= set(SPECS)
    assert [cell_diagram(key).name for key in DRAWN] == DRAWN


@pytest.mark.parametrize("key", DRAWN)
def test_drawn_edges_are_those_of_the_spec(key):
    assert cell_diagram(key).edges() == equations.edges(SPECS[key].equations)


@pytest.mark.parametrize("key", DRAWN)
def test_drawn_operators_are_those_of_the_spec(key):
    assert cell_diagram(SPECS[key]).expressions() == written(key)


@pytest.mark.parametrize("key", sorted(LAYOUTS))
def test_a_layout_from_the_equations_says_what_the_one_by_hand_says(key):
    assert automatic.circuit(SPECS[key]).expressions() == cell_diagram(key).expressions()


@pytest.mark.parametrize("key", DRAWN)
def test_losing_any_inner_wire_is_noticed(key):
    circuit, whole = cell_diagram(key), written(key)
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
    with pytest.raises(FigureError, match=r"'nosuch' is not drawn; choose from rnn, lstm"):
        cell_diagram("nosuch")


@pytest.mark.parametrize("key", DRAWN)
def test_a_story_lights_every_wire_that_computes(key):
    circuit = cell_diagram(key)
    lit = set().union(*(circuit.trace(v)[1] for v in circuit.computed()))
    assert lit == {(w.source, w.target) for w in circuit.wires}


@pytest.mark.parametrize("key", DRAWN)
def test_the_drawing_of_a_cell_is_repeatable_and_well_formed(key):
    one, two = cell_diagram(key).svg(), cell_diagram(key).svg()
    assert one == two
    root = ElementTree.fromstring(one)
    assert root.get("role") == "img" and len(root.get("aria-label")) > 60
    assert "#" not in one, "a colour of its own would not follow the theme"
    assert root.get("id") is None
    assert ElementTree.fromstring(cell_diagram(key).svg("here")).get("id") == "here"


@pytest.mark.parametrize("key", DRAWN)
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


@pytest.mark.parametrize("key", [k for k in DRAWN if k not in LAYOUTS])
def test_nodes_and_names_of_a_layout_from_equations_keep_apart(key):
    circuit = cell_diagram(key)
    boxes = [(n.name, n.x, n.y, *SIZE[n.kind]) for n in circuit.nodes.values() if SIZE[n.kind][0]]
    for k, (a, x, y, w, h) in enumerate(boxes):
        for b, u, v, p, q in boxes[k + 1 :]:
            assert abs(x - u) >= (w + p) / 2 or abs(y - v) >= (h + q) / 2 + 20, (a, b)
    for wire in circuit.wires:  # a way between nodes crosses none
        for (ax, ay), (bx, by) in pairwise(wire.via):
            for name, x, y, w, h in boxes:
                beside = max(ax, bx) <= x - w / 2 or min(ax, bx) >= x + w / 2
                above = max(ay, by) <= y - h / 2 or min(ay, by) >= y + h / 2
                assert beside or above, (wire, name)


def test_order_matters_where_it_does():
    """h = a - b and h = b - a are two drawings."""
    assert reading.expressions(["h = a - b"]) != reading.expressions(["h = b - a"])
    circuit, whole = cell_diagram("lru"), written("lru")
    node = next(n for n in circuit.nodes.values() if n.kind == "less")
    one, two = [w for w in circuit.wires if w.target == node.name]
    circuit.wires = [{one: two, two: one}.get(w, w) for w in circuit.wires]
    assert circuit.expressions() != whole
    circuit = cell_diagram("minlstm")
    node = next(n for n in circuit.nodes.values() if n.kind == "over")
    circuit.nodes[node.name] = replace(node, kind="times")
    assert circuit.expressions() != written("minlstm")


def test_a_lone_path_is_lit_and_the_whole_row_tells_each():
    for key in ("lstm", "gru", "mut1"):
        for path in figures.paths(key):
            root = ElementTree.fromstring(figures.lit(key, path).html())
            on = [e.get("data-to") for e in root.iter() if "is-on" in e.get("class", "")]
            assert on and "is-stepping" in root.get("class") and path
        assert figures.lit(key).html().count("<svg") == len(figures.paths(key))
    wires = {w for _, lit in PATHS["lstm"].values() for w in lit}
    assert wires == {(w.source, w.target) for w in cell_diagram("lstm").wires}
    with pytest.raises(FigureError, match="path: 'memory' is none of cell, forget, write, output"):
        figures.lit("lstm", "memory")


def test_what_is_taken_away_and_may_be_set_is_drawn():
    assert reading.expressions(["f = sigmoid(a - beta)"])["f"] == "sigmoid((a)-beta)"
    assert reading.expressions(["f = sigmoid(a - b_f)"])["f"] == "sigmoid(a)"
    (shift,) = [n for n in cell_diagram("janet").nodes.values() if n.kind == "shift"]
    assert shift.function == "beta" and "−β" in cell_diagram("janet").svg()


def test_two_corners_on_a_short_piece_share_it():
    """Each takes half, or the line goes back on itself."""
    path = rounded([(0, 0), (20, 0), (20, 6), (40, 6)], 7)
    assert path == "M0 0L17 0A3 3 0 0 1 20 3L20 3A3 3 0 0 0 23 6L40 6"
    assert rounded([(0, 0), (5, 0), (5, 20)], 7) == "M0 0L0 0A5 5 0 0 1 5 5L5 20"
