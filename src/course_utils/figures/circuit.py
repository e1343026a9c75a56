"""Circuits: nodes placed by hand and wires between them, which can be read back as equations.

Shape says kind, colour says meaning.  A node that computes a variable of the equations bears its
name in ``variable``; operators between variables do not.  How it looks is in ``svg.py``.
"""

from dataclasses import dataclass
from html import escape

from course_utils.figures import circuit_svg as svg
from course_utils.figures.page import Html
from course_utils.figures.reading import join, ordered

WIDEST = 700  # a wider drawing does not shrink to a phone
OPERATOR = {"times": "*", "plus": "+"}
IN_ORDER = {"less": "-", "over": "/"}  # the first wire that arrives comes first


@dataclass(frozen=True)
class Node:
    """One thing on the board, centred at (x, y).

    kind: a key of ``circuit_svg.SIZE``.  tag: where the variable's name stands, relative to the
    centre, as (dx, dy) or (dx, dy, text-anchor); () writes none.
    """

    name: str
    kind: str
    x: float
    y: float
    meaning: str = "neutral"
    variable: str = ""
    function: str = ""
    tag: tuple = ()


@dataclass(frozen=True)
class Wire:
    """From node to node through the points ``via``.

    aim shifts the end sideways, bend rounds corners, over bridges what it crosses; a belt is the
    conveyor of a state.
    """

    source: str
    target: str
    via: tuple = ()
    meaning: str = "neutral"
    belt: bool = False
    bend: float = 14
    aim: tuple = (0, 0)
    head: bool = True
    over: bool = False


class Circuit(Html):
    """A drawing that shows itself in a notebook.

    size (width, height); body (x, y, width, height) of the rounded ground; signs: (x, y, text).
    """

    def __init__(self, name, size, title, description, nodes, wires, body=None, signs=()):
        self.name, self.size, self.body, self.signs = name, size, body, signs
        self.title, self.description = title, description
        self.nodes, self.wires = {n.name: n for n in nodes}, list(wires)
        self.words = f"figure: {title}. {description}"

    def html(self):
        if self.size[0] <= WIDEST:
            return self.svg()
        title = escape(self.title)  # on a phone it scrolls in its own box
        return (f'<div class="u-board" tabindex="0" role="group" aria-label="{title}">'
                f"{self.svg()}</div>")  # fmt: skip

    def svg(self, uid=None, **more):
        """SVG text without colours of its own; uid: an id for the svg element, to link to it.

        more: ``alt``, escaped, in place of title and description; SVG text ``under`` the wires and
        ``over`` them (the nodes stay on top); ``lit`` = ({node}, {(source, target)}) recedes the
        rest.
        """
        return svg.draw(self, uid, **more)

    # -- reading the drawing back ------------------------------------------------------------------

    def inputs(self, name):
        """Names of the nodes that feed a node, in the order of the wires."""
        return [w.source for w in self.wires if w.target == name]

    def expression(self, name, top=True):
        """Canonical expression (see ``reading``) of what arrives at a node, down to variables."""
        node = self.nodes[name]
        if node.variable and not top:
            return node.variable
        parts = [self.expression(source, top=False) for source in self.inputs(name)]
        if node.kind in ("layer", "function"):
            return join(node.function, parts)
        if node.kind in OPERATOR:
            return join(OPERATOR[node.kind], parts)
        if node.kind in IN_ORDER:
            return ordered(IN_ORDER[node.kind], parts)
        (part,) = parts
        told = {"minus": f"1-({part})", "linear": f"linear({part})",
                "shift": f"({part})-{node.function}"}  # fmt: skip
        return told.get(node.kind, part)

    def computed(self):
        """{variable: name of the node that computes it}."""
        fed = {w.target for w in self.wires}
        return {n.variable: n.name for n in self.nodes.values() if n.variable and n.name in fed}

    def expressions(self):
        """{variable: canonical expression}, to be held against ``reading.expressions(lines)``."""
        return {variable: self.expression(name) for variable, name in self.computed().items()}

    def edges(self):
        """{(source variable, computed variable)}, to be held against ``equations.edges(lines)``."""

        def sources(name):
            for s in self.inputs(name):
                yield from [self.nodes[s].variable] if self.nodes[s].variable else sources(s)

        every = ((s, v) for v, name in self.computed().items() for s in sources(name))
        return {(s, v) for s, v in every if not s.isdigit()}  # a number is no variable

    def trace(self, variable):
        """(nodes, wires) that compute a variable and carry it to where it leaves.

        wires are (source, target) pairs.
        """
        start = self.computed()[variable]
        nodes, wires, back, on = {start}, set(), [start], [start]
        while back:
            name = back.pop()
            for source in self.inputs(name):
                nodes.add(source)
                wires.add((source, name))
                back += [] if self.nodes[source].variable else [source]
        while on:
            name = on.pop()
            for w in self.wires:
                if w.source == name and self.nodes[w.target].kind in ("tap", "port"):
                    nodes.add(w.target)
                    wires.add((name, w.target))
                    on.append(w.target)
        return nodes, wires
