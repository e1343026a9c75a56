"""A cell diagram told one equation at a time.  Without script: the whole diagram and a table."""

import ast
from html import escape

import numpy as np

from course_utils import equations
from course_utils.figures.errors import FigureError
from course_utils.figures.labels import in_numbers, in_symbols, number, symbol
from course_utils.figures.layouts import cell_diagram
from course_utils.figures.page import Html, embedded

FUNCTIONS = {
    "sigmoid": lambda a: 0.5 * (1 + np.tanh(0.5 * a)),  # does not overflow
    "tanh": np.tanh,
    "relu": lambda a: np.maximum(a, 0),
}
SAY = {
    "f": ("Forget gate", "share of the old cell state that stays"),
    "i": ("Input gate", "share of the candidate that is written"),
    "g": ("Candidate", "what could be written"),
    "c": ("Cell state", "old state kept in part, candidate added in part"),
    "o": ("Output gate", "share of the cell state that is shown"),
    "h": ("Hidden state", "what the next step and the next layer see"),
    "z": ("Update gate", "share of the old state that stays"),
    "r": ("Reset gate", "share of the old state that the candidate may read"),
    "n": ("Candidate", "what could replace the old state"),
}
_X = {"f": 0.8, "i": 1.2, "g": 1.1, "o": 0.6, "z": -0.4, "r": 0.9, "n": 1.3, "h": 0.9}
_H = {"f": 0.5, "i": -0.7, "g": 0.9, "o": 1.0, "z": 0.8, "r": -0.6, "n": 1.1, "h": 0.7}
_B = {"f": 1.0, "i": 0.0, "g": 0.1, "o": -0.2, "z": 1.0, "r": 0.2, "n": 0.0, "h": 0.1, "hn": 0.2,
      "xn": 0.0}  # fmt: skip
# numbers for a step of one unit, small enough to follow by eye
EXAMPLE = (
    {"x": 1.0, "h_prev": 0.3, "c_prev": 0.5, "p_f": 0.4, "p_i": 0.6, "p_o": -0.5}
    | {f"W_x{k}": v for k, v in _X.items()}
    | {f"W_h{k}": v for k, v in _H.items()}
    | {f"b_{k}": v for k, v in _B.items()}
)


def stepper(key, values=None):
    """The figure of one time step of a one-unit cell.

    key: a cell that has both a spec and a layout.  values: a number for every input, state and
    parameter of its equations by the names there, {"x": 1.0, "h_prev": 0.3, "W_xf": 0.8, …};
    by default small examples.  FigureError names what is missing.
    """
    circuit, lines = cell_diagram(key), _lines(key)
    values = _computed(lines, EXAMPLE if values is None else values)
    story = list(_story(circuit, lines, values))
    return Html(_html(circuit, lines, values, story), ("svg.js", "stepper.js"), circuit.words)


def _lines(key):
    from course_utils.specs import SPECS

    key = getattr(key, "key", key)
    if key not in SPECS:
        raise FigureError(f"key: {key!r} has no spec; choose from {', '.join(SPECS)}")
    lines = SPECS[key].equations
    told = {equations.target(line) for line in lines} <= set(SAY)
    if not told or not {call for line in lines for call in equations.calls(line)} <= set(FUNCTIONS):
        raise FigureError(f"key: the equations of {key!r} hold what a stepper has no words for")
    return lines


def _computed(lines, values):
    """Numbers in, numbers out: every variable of the lines, and a_v before each layer v."""
    targets = {equations.target(line) for line in lines}
    needed = dict.fromkeys(n for line in lines for n in equations.names(line))
    missing = [n for n in needed if n not in values and n not in targets]
    if missing:
        raise FigureError(f"values: no number for {', '.join(missing)}")
    ones = {n: np.array([[float(values[n])]]) for n in needed if n not in targets}  # one unit
    variables = equations.evaluate(with_scores(lines), ones, FUNCTIONS)
    return {n: v.item() for n, v in variables.items()}


def with_scores(lines):
    """``f = sigmoid(…)`` as two lines, ``a_f = …`` and ``f = sigmoid(a_f)``; others unchanged."""
    told = []
    for line in lines:
        name, tree = equations.parse(line)
        if isinstance(tree, ast.Call):
            told.append(f"a_{name} = {ast.unparse(tree.args[0])}")
            line = f"{name} = {tree.func.id}(a_{name})"
        told.append(line)
    return told


def _story(circuit, lines, values):
    """First the whole cell, then one step for each equation."""
    yield {
        "title": "The whole cell", "say": "One whole time step.", "numbers": "",
        "symbols": "Next follows it, one equation at a time.",
        "nodes": [], "wires": [], "known": [],
    }  # fmt: skip
    known = []
    for line in lines:
        name = equations.target(line)
        known.append(name)
        nodes, wires = circuit.trace(name)
        title, meaning = SAY[name]
        yield {
            "title": title,
            "say": f"{title}: {name} = {number(values[name])}, {meaning}.",
            "symbols": in_symbols(line),
            "numbers": in_numbers(line, values),
            "nodes": sorted(nodes),
            "wires": sorted(f"{a}>{b}" for a, b in wires),
            "known": list(known),
        }


def _html(circuit, lines, values, story):
    given = [n for n in ("x", "h_prev", "c_prev") if n in values]
    register = "".join(
        f'<div><dt>{symbol(n)}</dt><dd data-value="{n}">{number(values[n])}</dd></div>'
        for n in given + [equations.target(line) for line in lines]
    )
    rows = "".join(
        f'<tr><th scope="row">{s["title"]}</th><td>{s["symbols"]}</td><td>{s["numbers"]}</td></tr>'
        for s in story[1:]
    )
    title = escape(circuit.title)
    return f"""<section class="u-widget u-stepper" aria-label="{title}, step by step">
{circuit.svg()}
<div class="u-story" hidden>
<div class="u-controls"><button type="button" data-go="-1">Back</button>
<label class="u-slider"><span class="u-sr">Step of {title}</span>
<input type="range" min="0" max="{len(story) - 1}" value="0" step="1"></label>
<button type="button" data-go="1">Next</button></div>
<p class="u-say" aria-live="polite"></p>
<div class="u-equation"><div></div><div></div></div>
</div>
<dl class="u-register">{register}</dl>
<details class="u-table" open><summary>All steps as a table</summary>
<div class="u-scroll" tabindex="0" role="group" aria-label="Table of steps"><table>
<thead><tr><th scope="col">Step</th><th scope="col">Equation</th><th scope="col">Numbers</th></tr>
</thead><tbody>{rows}</tbody></table></div></details>
{embedded(story)}
</section>"""
