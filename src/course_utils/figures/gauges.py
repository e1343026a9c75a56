"""The LSTM's circuit with the numbers of one step on its wires.

A plate on a wire tells the number that runs there.  The belt is filled as far as its content is
large, and striped where it is negative; a ring around a product closes as its gate opens.
``assets/lstm.js`` moves the same parts; a browser test compares the two.
"""

from dataclasses import replace
from html import escape

from course_utils.figures.charts import MEANING, tag
from course_utils.figures.labels import number
from course_utils.figures.layouts import BELT, LANES, lstm

RADIUS, FULL = 20.5, 12
VALVES = {"f": "keep", "i": "write", "o": "show"}  # gate -> the product that it opens
BELTS = {"c_prev": ("c_prev", "keep"), "kept": ("keep", "add"), "c": ("add", "c_out")}
PLATE = {"c_prev": "cell", "kept": "cell", "c": "cell", "written": "cell", "h_prev": "hidden",
         "h": "hidden", "x": "x", **MEANING}  # fmt: skip


def reach(run, c_0):
    """What fills the belt, and the height of the chart: the largest |c|, rounded up."""
    return max(1, -int(-max(abs(c_0), *(abs(s["c"]) for s in run)) // 1))


TAGS = {**dict.fromkeys(MEANING, (-33, 9, "end")), "h_prev": (30, -30), "h_out": (-28, -30),
        "x": (40, -6, "start")}  # fmt: skip


def circuit():
    """The drawing of the LSTM with more room for its output gate, its names clear of the plates."""
    board = lstm(out=530)
    board.nodes |= {k: replace(board.nodes[k], tag=tag) for k, tag in TAGS.items()}
    return board


def gauged(step, full, t):
    """SVG text.  step: one entry of ``lstm_run``; full: the |c| that fills the belt; t from 1."""
    board = circuit()
    at = board.nodes
    under = "".join(_ring(at[product], gate, step[gate]) for gate, product in VALVES.items())
    over = "".join(_level(at, name, step[name], full) for name in BELTS)
    over += "".join(_plate(name, x, y, step[name]) for name, (x, y) in _places(at).items())
    return board.svg(alt=escape(told(step, t)), under=under, over=over)


def told(step, t):
    """The picture in words."""
    gates = ", ".join(f"{k} = {number(step[k])}" for k in MEANING)
    return (
        f"The LSTM cell at step {t}: {gates}; of c = {number(step['c_prev'])} it keeps "
        f"{number(step['kept'])} and writes {number(step['written'])}, so c = {number(step['c'])} "
        f"and h = {number(step['h'])}"
    )


def _places(at):
    """Where each number stands: on its wire, clear of names and nodes."""
    f, i, g, o = (at[k].x for k in MEANING)
    out, product = at["show"].x, at["write"].y
    return {
        "c_prev": (86, BELT),
        "kept": ((f + g) / 2, BELT),
        "c": ((g + out) / 2, BELT),
        "f": (f, 128),
        "i": (i, product),
        "g": (g, 186),
        "written": (g, 112),
        "o": ((o + out) / 2 + 2, at["show"].y),
        "h_prev": (60, LANES[0]),
        "x": (at["x"].x, 338),
        "h": (out + 54, LANES[0]),
    }


def _plate(name, x, y, value):
    width = 60 if PLATE[name] in ("cell", "hidden") else 50
    plate = tag("rect", {"x": -width / 2, "y": -13, "width": width, "height": 26, "rx": 6})
    text = tag("text", {"dy": ".33em", "text-anchor": "middle"},
               "" if value is None else number(value))  # fmt: skip
    hidden = {} if value is not None else {"visibility": "hidden"}
    return tag(
        "g",
        {"class": f"u-plate u-{PLATE[name]}", "data-show": name,
         "transform": f"translate({x:g} {y:g})", **hidden},
        tag("g", {}, plate + text),
    )  # fmt: skip


def _ring(node, gate, value):
    around = {"cx": node.x, "cy": node.y, "r": RADIUS}
    arc = around | {"class": "u-open", "pathLength": 1, "data-open": gate,
                    "stroke-dasharray": f"{value:.4f} 1",
                    "transform": f"rotate(-90 {node.x:g} {node.y:g})"}  # fmt: skip
    return tag(
        "g",
        {"class": f"u-ring u-{MEANING[gate]}"},
        tag("circle", around | {"class": "u-track"}) + tag("circle", arc),
    )


def _level(at, name, value, full):
    source, target = (at[n] for n in BELTS[name])
    left = source.x + (15 if source.kind != "port" else 0)
    right = target.x - (15 if target.kind != "port" else 16)
    css = "u-level u-cell" + (" is-negative" if value < 0 else "")
    return tag("path", {"class": css, "data-level": name, "d": f"M{left:g} {BELT}H{right:g}",
                        "stroke-width": FULL * min(1, abs(value) / full)})  # fmt: skip
