"""Where a hand put each part of each cell.

Grid: belt y 72, products 150, gates 228, lanes 290 and 302.  x and h are two lanes, not one
"concatenate" wire, so that each edge of the equations is one drawn wire and can be checked.  A new
cell is one function in ``LAYOUTS`` under its spec's key; the tests pick it up from there.
"""

from dataclasses import replace
from itertools import pairwise

from course_utils.figures import automatic
from course_utils.figures.circuit import Circuit, Node, Wire
from course_utils.figures.errors import FigureError
from course_utils.figures.palette import LETTERS

BELT, PRODUCT, GATES, LANES = 72, 150, 228, (290, 302)
X_ENTRY, HALF = 100, 6


def cell_diagram(key):
    """The circuit of a cell; key: a key of ``SPECS``, or a CellSpec.

    A cell of ``LAYOUTS`` was placed by hand, any other is laid out from its equations.  The result
    shows itself in a notebook and has ``.svg(uid=None)``, ``.expressions()`` and ``.edges()``.
    FigureError lists the cells that are drawn.
    """
    from course_utils.specs import SPECS

    name = getattr(key, "key", key)
    if name in LAYOUTS:
        return LAYOUTS[name]()
    if name not in SPECS and not hasattr(key, "equations"):
        known = ", ".join(dict.fromkeys([*LAYOUTS, *SPECS]))
        raise FigureError(f"key: {name!r} is not drawn; choose from {known}")
    return automatic.circuit(SPECS.get(name, key))


def layer(name, x, y=GATES, function="sigmoid", tag=(-15, -34, "end")):
    return Node(name, "layer", x, y, LETTERS[name], variable=name, function=function, tag=tag)


def feed(gate, x, lanes=LANES, h_from="h_prev", h_start=(), x_entry=X_ENTRY):
    """Two parallel lanes turning up into a layer: h on the left, and x, which bridges h."""
    h_lane, x_lane = lanes
    h_way, x_way = (*h_start, (x - HALF, h_lane)), ((x_entry, x_lane), (x + HALF, x_lane))
    return [
        Wire(h_from, gate, h_way, "hidden", bend=10, aim=(-HALF, 0)),
        Wire("x", gate, x_way, "x", bend=9, aim=(HALF, 0), over=True),
    ]


def belt(*names, meaning="cell"):
    """Pieces of conveyor from node to node; only the last has a head."""
    pairs = list(pairwise(names))
    return [Wire(a, b, meaning=meaning, belt=True, head=(a, b) == pairs[-1]) for a, b in pairs]


def ports(size, at, x_entry=X_ENTRY):
    """States enter on the left and leave on the right at the heights ``at``; x enters below."""
    width, height = size
    return [
        *(
            Node(f"{v}_prev", "port", 0, y, LETTERS[v], variable=f"{v}_prev", tag=(30, -18))
            for v, y in at.items()
        ),
        *(Node(f"{v}_out", "port", width, y, LETTERS[v], tag=(-28, -18)) for v, y in at.items()),
        Node("x", "port", x_entry, height, "x", variable="x", tag=(14, -6, "start")),
    ]


def rnn():
    size, lanes = (400, 234), (150, 162)
    nodes = [*ports(size, {"h": lanes[0]}), layer("h", 200, 88, "tanh", tag=())]
    out = Wire("h", "h_out", ((288, 88), (288, lanes[0])), "hidden")
    return Circuit(
        "rnn", size, "The plain recurrent cell",
        "One tanh layer reads x at t and h at t−1; its result is h at t.",
        nodes, [*feed("h", 200, lanes), out], body=(60, 22, 280, 168),
    )  # fmt: skip


def lstm_nodes(f, i, g, o, out, size):
    """The parts that every LSTM here shares, by name; arguments are x coordinates."""
    nodes = [
        *ports(size, {"c": BELT, "h": LANES[0]}),
        layer("f", f),
        layer("i", i),
        layer("g", g, function="tanh"),
        layer("o", o, tag=(44, -12, "middle")),
        Node("keep", "times", f, BELT),
        Node("write", "times", g, PRODUCT),
        Node("add", "plus", g, BELT),
        Node("c", "tap", out, BELT, "cell", variable="c"),
        Node("squash", "function", out, PRODUCT, function="tanh"),
        Node("show", "times", out, GATES),
        Node("h", "tap", out, LANES[0] - 16, "hidden", variable="h"),
    ]
    return {n.name: n for n in nodes}


def lstm_wires(at, gates="figo"):
    """Wires between those parts; ``gates`` lists the layers that read x and h."""
    out = at["show"].x
    return [
        *(w for k in gates for w in feed(k, at[k].x)),
        *belt("c_prev", "keep", "add", "c", "c_out"),
        Wire("f", "keep", meaning="forget"),
        Wire("i", "write", ((at["i"].x, PRODUCT),), "input"),
        Wire("g", "write", meaning="candidate"),
        Wire("write", "add", meaning="cell"),
        Wire("c", "squash", meaning="cell"),
        Wire("squash", "show", meaning="cell"),
        Wire("o", "show", meaning="output"),
        Wire("show", "h", meaning="hidden"),
        Wire("h", "h_out", ((out, LANES[0]),), "hidden"),
    ]


def lstm(out=494):
    size = (out + 106, 376)
    at = lstm_nodes(158, 238, 322, 406, out, size)
    return Circuit(
        "lstm", size, "The LSTM cell",
        "The cell state runs along the top as a conveyor belt, from c at t−1 to c at t. It is "
        "multiplied by the forget gate f; then the product of input gate i and candidate g is "
        "added. A copy of c passes tanh, is multiplied by the output gate o, and leaves as h. "
        "All four layers read x at t and h at t−1.",
        at.values(), lstm_wires(at), body=(60, 22, out - 14, 310),
    )  # fmt: skip


def lstm_1997():
    """The places of ``lstm``, so that the two can be held side by side; nothing stands at f's."""
    size = (600, 376)
    at = lstm_nodes(158, 238, 322, 406, 494, size)
    del at["f"], at["keep"]
    wires = [w for w in lstm_wires(at, "igo") if not w.belt and w.source != "f"]
    return Circuit(
        "lstm_1997", size, "The LSTM cell of 1997",
        "The cell state runs along the top as a conveyor belt, from c at t−1 to c at t. Nothing "
        "multiplies it; the product of input gate i and candidate g is added. A copy of c passes "
        "tanh, is multiplied by the output gate o, and leaves as h. All three layers read x at t "
        "and h at t−1.",
        at.values(), [*belt("c_prev", "add", "c", "c_out"), *wires], body=(60, 22, 480, 310),
    )  # fmt: skip


def lstm_peephole():
    size = (644, 376)
    at = lstm_nodes(168, 258, 346, 446, 536, size)
    at["f"] = replace(at["f"], tag=(12, -64, "start"))
    at["last"] = replace(at["c"], name="last", variable="")
    at["c"] = replace(at["c"], x=402)
    at["peek"] = Node("peek", "tap", 104, BELT, "cell")
    wires = [
        replace(w, source="last") if (w.source, w.target) == ("c", "squash") else w
        for w in lstm_wires(at)
        if not w.belt
    ]
    wires += [
        *belt("c_prev", "peek", "keep", "add", "c", "last", "c_out"),
        Wire("peek", "f", ((104, GATES),), "cell", bend=10),
        Wire("peek", "i", ((104, 184), (212, 184), (212, GATES)), "cell", bend=10, over=True),
        Wire("c", "o", ((402, GATES),), "cell", bend=10),
    ]
    return Circuit(
        "lstm_peephole", size, "The LSTM cell with peepholes",
        "An LSTM cell with three more wires: the old cell state, tapped from the belt, enters the "
        "forget and input gates; the new cell state enters the output gate.",
        at.values(), wires, body=(60, 22, 524, 310),
    )  # fmt: skip


def lstm_coupled():
    size = (600, 376)
    at = lstm_nodes(158, 240, 322, 406, 494, size)
    at["i"] = Node("i", "minus", 240, PRODUCT, "input")  # no variable: the equations name none
    wires = [w for w in lstm_wires(at, "fgo") if w.source != "i"] + [
        Wire("f", "i", ((158, PRODUCT),), "forget"),
        Wire("i", "write", meaning="input"),
    ]
    return Circuit(
        "lstm_coupled", size, "The LSTM cell with coupled gates",
        "An LSTM cell without an input layer: one minus the forget gate f multiplies the candidate "
        "g, so what is erased is what is written.",
        at.values(), wires, body=(60, 22, 480, 310),
    )  # fmt: skip


def gru():
    size, gates, lanes, x_entry = (600, 398), 250, (312, 324), 130
    z, r, w, n, out, product, reset = 176, 262, 344, 456, 504, 134, 190
    start = ((96, lanes[0]),)
    nodes = [
        *ports(size, {"h": BELT}, x_entry),
        Node("peek", "tap", 96, BELT, "hidden"),
        layer("z", z, gates),
        layer("r", r, gates),
        Node("linear", "linear", w, gates),
        layer("n", n, gates, "tanh", tag=(15, -34, "start")),
        Node("keep", "times", z, BELT),
        Node("reset", "times", w, reset),
        Node("rest", "minus", 268, product, "input"),
        Node("write", "times", n, product),
        Node("add", "plus", n, BELT),
        Node("h", "tap", out, BELT, "hidden", variable="h"),
    ]
    wires = [
        *belt("h_prev", "peek", "keep", "add", "h", "h_out", meaning="hidden"),
        *feed("z", z, lanes, "peek", start, x_entry),
        *feed("r", r, lanes, "peek", start, x_entry),
        Wire("peek", "linear", (*start, (w, lanes[0])), "hidden", bend=10),
        Wire("x", "n", ((x_entry, lanes[1]), (n, lanes[1])), "x", bend=9),
        Wire("z", "keep", meaning="forget"),
        Wire("z", "rest", ((z, product),), "forget"),
        Wire("rest", "write", meaning="input"),
        Wire("r", "reset", ((r, reset),), "output"),
        Wire("linear", "reset", meaning="hidden"),
        Wire("reset", "n", ((400, reset), (400, gates)), "hidden"),
        Wire("n", "write", meaning="candidate"),
        Wire("write", "add", meaning="hidden"),
    ]
    return Circuit(
        "gru", size, "The gated recurrent unit, as PyTorch computes it",
        "The hidden state itself is the conveyor belt. The update gate z keeps a part of the old "
        "state and one minus z lets in the candidate n. The reset gate r multiplies the old state "
        "after its matrix W, on the way into the candidate.",
        nodes, wires, body=(60, 22, 480, 332),
    )  # fmt: skip


LAYOUTS = {
    "rnn": rnn,
    "lstm": lstm,
    "lstm_1997": lstm_1997,
    "lstm_peephole": lstm_peephole,
    "lstm_coupled": lstm_coupled,
    "gru": gru,
}
