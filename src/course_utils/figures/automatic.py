"""A circuit made of a cell's equations alone, for cells whose nodes no hand has placed.

The lines become nodes and wires; ``layering`` finds their places.  Signals run from left to right:
what a step reads enters on the left, states leave on the right.  Each signal has one way point in a
column that it passes and one channel between columns, so that no two run on each other.
"""

import ast
from itertools import pairwise

from course_utils.equations import is_parameter, parse
from course_utils.figures.circuit import Circuit, Node, Wire
from course_utils.figures.circuit_svg import SIZE
from course_utils.figures.endings import spread
from course_utils.figures.layering import arrange, layers, ways
from course_utils.figures.palette import LETTERS
from course_utils.figures.reading import affine, constant, is_one, setting, summands

_KIND = {ast.Add: "plus", ast.Mult: "times", ast.Sub: "less", ast.Div: "over"}
ROOM = {"port": 42, "way": 18, "layer": 76}  # height that a node takes, its name above it
MARGIN, CHANNEL = 22, 9
LIFT = 13  # of a name above its node: a subscript hangs below the line, and further on a phone
LEFT = 64  # where names of what enters stand


def circuit(spec):
    """The Circuit of a CellSpec."""
    graph = Graph(spec)
    return graph.drawn(spec.key, f"The cell {spec.key}", _description(graph, spec))


def _description(graph, spec):
    reads = ", ".join(n.replace("_prev", " at t−1") for n in graph.inputs)
    return (
        f"Laid out from its {len(spec.equations)} equations. It reads {reads} on the left; on the "
        f"right leave {', '.join(spec.states)}."
    )


class Graph:
    """Nodes {name: (kind, variable, function)} and wires [(source, target)] of a cell's lines."""

    def __init__(self, spec):
        self.nodes, self.wires, self.inputs = {}, [], []
        self.holder = {}  # variable -> node that computes it
        self.made = {}  # expression -> its node
        for line in spec.equations:
            name, tree = parse(line)
            made = self._node(tree)
            if made is None:
                continue  # a parameter by another name
            if self.nodes[made][1] not in ("", name):
                made = self._new("tap", name, "", [made])
            self.nodes[made] = (self.nodes[made][0], name, self.nodes[made][2])
            self.holder[name] = made
        read = {source for source, _ in self.wires}
        unread = [v for v, node in self.holder.items() if node not in read]
        for leaving in dict.fromkeys([*spec.states, *unread]):
            self._new("port", "", "", [self.holder[leaving]], f"{leaving}_out")

    def _new(self, kind, variable, function, sources, name=None):
        name = name or f"{kind}_{len(self.nodes)}"
        self.nodes[name] = (kind, variable, function)
        self.wires += [(s, name) for s in sources]
        return name

    def _leaf(self, name):
        if name in self.holder:
            return self.holder[name]
        if name not in self.nodes:
            self.inputs.append(name)
            self._new("port", name, "", [], name)
        return name

    def _node(self, tree):
        """Name of the node that computes an expression; None for one of parameters alone."""
        if isinstance(tree, ast.Name):
            return None if is_parameter(tree.id) else self._leaf(tree.id)
        if isinstance(tree, ast.Constant):
            return self._leaf(f"{tree.value:g}")
        if isinstance(tree, ast.UnaryOp):
            return self._node(tree.operand)
        text = ast.unparse(tree)
        if text not in self.made:  # what stands twice in the lines is drawn once
            make = self._call if isinstance(tree, ast.Call) else self._operator
            self.made[text] = make(tree)
        return self.made[text]

    def _call(self, tree):
        arguments = summands(tree.args[0]) if len(tree.args) == 1 else tree.args
        parts = [self._bare(a) for a in arguments]
        weighted = any(isinstance(n, ast.MatMult) for a in arguments for n in ast.walk(a))
        parts = [p for p in parts if p]
        if not parts:
            return None
        return self._new("layer" if weighted else "function", "", tree.func.id, parts)

    def _bare(self, tree):
        """A summand inside a layer: the layer's own weights need no box."""
        if isinstance(tree, ast.BinOp) and isinstance(tree.op, (ast.Mult, ast.MatMult)):
            sides = [s for s in (tree.left, tree.right) if not constant(s)]
            if len(sides) == 1:
                return self._node(sides[0])
        return self._node(tree)

    def _operator(self, tree):
        if isinstance(tree.op, ast.Sub) and is_one(tree.left):
            inside = self._node(tree.right)
            return inside and self._new("minus", "", "", [inside])
        if affine(tree):
            parts = [p for p in map(self._bare, summands(tree)) if p]
            return self._new("layer", "", "affine", parts)
        if isinstance(tree.op, ast.Add):
            parts = [p for p in map(self._node, summands(tree)) if p]
            if len(parts) < 2:
                return parts[0] if parts else None
            return self._new("plus", "", "", parts)
        if isinstance(tree.op, ast.Sub) and constant(tree.right):
            inside = self._node(tree.left)  # less a bias: nothing to draw, as where one is added
            if inside and setting(tree.right):
                return self._new("shift", "", tree.right.id, [inside])
            return inside
        left, right = self._node(tree.left), self._node(tree.right)
        if left and right:
            return self._new("times" if isinstance(tree.op, ast.MatMult) else _KIND[type(tree.op)],
                             "", "", [left, right])  # fmt: skip
        one = left or right
        return one and self._new("linear", "", "", [one])

    # -- places ------------------------------------------------------------------------------------

    def drawn(self, key, title, description):
        """The Circuit, laid out."""
        sources = {n: [a for a, b in self.wires if b == n] for n in self.nodes}
        targets = {n: [b for a, b in self.wires if a == n] for n in self.nodes}
        layer = layers(sources)
        last = max(layer.values())
        for name in self.nodes:
            if name.endswith("_out"):
                layer[name] = last
        points = ways(layer, targets)
        columns = [[n for n in self.nodes if layer[n] == k] for k in range(last + 1)]
        for source, k in sorted(points, key=lambda p: list(self.nodes).index(p[0])):
            columns[k].append((source, k))
        heights = {item: self._height(item) for column in columns for item in column}
        links = list(dict.fromkeys(
            pair for a, b in self.wires for pair in _links(a, b, layer)))  # fmt: skip
        y = {k: round(v + MARGIN, 1) for k, v in arrange(columns, links, heights).items()}
        x, channel = self._columns(columns, layer, targets)
        nodes = [self._placed(n, x, y, layer) for n in self.nodes]
        wires = self._wired(sources, layer, y, channel)
        height = max(y[k] + heights[k] / 2 for k in y) + MARGIN
        width = x[last]
        body = (LEFT, 4, width - LEFT - 46, height - 8)
        return Circuit(key, (width, height), title, description, nodes, wires, body=body)

    def _height(self, item):
        """Room of a way point, which is a pair, or of a node with its name above it."""
        if isinstance(item, tuple):
            return ROOM["way"]
        return ROOM.get(self.nodes[item][0], ROOM["layer"])

    def _columns(self, columns, layer, targets):
        """({column: x of its centre}, {(source, gap before a column): x of its channel})."""
        x, channel, right = {}, {}, 0.0
        for k, column in enumerate(columns):
            if k:
                crossing = [s for s in self.nodes if layer[s] < k
                            and any(layer[t] >= k for t in targets[s])]  # fmt: skip
                for j, s in enumerate(crossing):
                    channel[s, k] = right + 12 + CHANNEL * j
                right += 24 + CHANNEL * max(0, len(crossing) - 1) + 12
            kinds = [self.nodes[n][0] for n in column if isinstance(n, str)]
            width = max((SIZE[kind][0] for kind in kinds), default=0)
            if k == 0:
                width = LEFT + 10
                x[k], right = 0.0, width
            elif k == len(columns) - 1:
                x[k] = right + 52
            else:
                x[k] = right + width / 2
                right += width
        return x, channel

    def _placed(self, name, x, y, layer):
        kind, variable, function = self.nodes[name]
        shown = variable or name.removesuffix("_out")
        meaning = LETTERS.get(shown.split("_")[0], "neutral")
        if kind == "port":
            leaves = name.endswith("_out")
            tag = (-6, -12, "end") if leaves else (8, -12, "start")
            return Node(name, kind, x[layer[name]], y[name], meaning,
                        variable="" if leaves else variable, tag=tag)  # fmt: skip
        named = bool(variable)
        lift = SIZE[kind][1] / 2 + LIFT
        return Node(name, kind, x[layer[name]], y[name], meaning if named else "neutral",
                    variable=variable, function=function,
                    tag=(0, -lift) if named else ())  # fmt: skip

    def _wired(self, sources, layer, y, channel):
        wires = []
        for target, fed in sources.items():
            tall = SIZE[self.nodes[target][0]][1] or 0
            reach = max(0, tall / 2 - 6.5)  # of a disc, too, an arrow meets the edge there
            comes = [self._last(s, target, layer, y) - y[target] for s in fed]
            aims = dict(zip(fed, spread(comes, [min(9.0, 2 * reach / max(1, len(fed)))] * len(fed),
                                        -reach, reach), strict=True))  # fmt: skip
            for source in fed:
                via = []
                for k in range(layer[source] + 1, layer[target]):
                    here = via[-1][1] if via else y[source]
                    via += [(channel[source, k], here), (channel[source, k], y[source, k])]
                here = via[-1][1] if via else y[source]
                aim = aims[source]
                turn = channel[source, layer[target]]
                via += [(turn, here), (turn, y[target] + aim)]
                wires.append(Wire(source, target, _straight(via),
                                  self._meaning(source), bend=7, aim=(0, aim)))  # fmt: skip
        return wires

    def _last(self, source, target, layer, y):
        k = layer[target] - 1
        return y[source] if k == layer[source] else y[source, k]

    def _meaning(self, source):
        variable = self.nodes[source][1]
        return LETTERS.get((variable or source).split("_")[0], "neutral")


def _straight(via):
    """Way points without those at which nothing turns."""
    kept = []
    for k in range(0, len(via), 2):
        (x, before), (_, after) = via[k], via[k + 1]
        if abs(before - after) > 0.05:
            kept += [(x, before), (x, after)]
    return tuple(kept)


def _links(a, b, layer):
    """Pairs of items in neighbouring columns along a wire."""
    way = [a, *((a, k) for k in range(layer[a] + 1, layer[b])), b]
    return list(pairwise(way))
