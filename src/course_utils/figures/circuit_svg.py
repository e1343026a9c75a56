"""A circuit as SVG.  Colours are custom properties of the page (``palette``), never literals."""

import re
from html import escape
from math import copysign, hypot

from course_utils.equations import LETTERS

SIZE = {
    "layer": (54, 40), "function": (58, 30), "linear": (34, 30), "times": (30, 30),
    "plus": (30, 30), "less": (30, 30), "over": (30, 30), "minus": (42, 30), "shift": (42, 30),
    "tap": (0, 0), "port": (0, 0),
}  # fmt: skip
GLYPH = {
    "sigmoid": "σ", "tanh": "tanh", "relu": "relu", "minus": "1−", "linear": "W", "positive": "ĝ",
    "log_sigmoid": "log σ", "maximum": "max", "exp": "exp", "concat": "join", "due": "due",
    "slower": "slow W", "affine": "W",
}  # fmt: skip


def draw(circuit, uid=None, alt="", under="", over="", lit=None):
    """SVG text of a circuit; uid: an id for the svg element; the others as in ``Circuit.svg``."""
    width, height = circuit.size
    alt = alt or escape(f"{circuit.title}. {circuit.description}")
    ground = ""
    if circuit.body:
        x, y, w, h = circuit.body
        ground = f'<rect class="u-body" x="{x}" y="{y}" width="{w}" height="{h}" rx="26"/>'
    signs = "".join(
        f'<text class="u-glyph u-{"name" if sign.isalpha() else "sign"}" x="{x}" y="{y}" '
        f'dy=".3em">{sign}</text>'
        for x, y, sign in circuit.signs
    )
    nodes = "".join(_node(circuit, n) for n in circuit.nodes.values())
    own = f'id="{escape(uid)}" ' if uid else ""
    drawn = f"{ground}{under}{_wires(circuit)}{over}{nodes}{signs}"
    stepping = ""
    if lit is not None:
        drawn, stepping = _lit(drawn, *lit), " is-stepping"
    return (
        f'<svg {own}class="u-figure u-drawing u-circuit{stepping}" viewBox="0 0 {width} {height}" '
        f'style="max-width:{width:g}px;--w:{width:g}" role="img" aria-label="{alt}" '
        f'xmlns="http://www.w3.org/2000/svg">{drawn}</svg>'
    )


def _lit(drawn, nodes, wires):
    """The parts that a path goes through get the class that a step of a stepper gives them."""
    for name in nodes:
        drawn = re.sub(rf'class="([^"]*)"( data-node="{name}")', r'class="\1 is-on"\2', drawn)
    for source, target in wires:
        place = f'data-from="{source}" data-to="{target}"'
        drawn = re.sub(rf'class="([^"]*)" ({place})', r'class="\1 is-on" \2', drawn)
    return drawn


def name_svg(variable):
    """c -> c with subscript t, c_prev -> t−1, c_3 -> 3, as tspans."""
    base, *rest = variable.split("_")
    if base.isdigit() or len(base) > 3:  # a number, or a word
        return f'<tspan font-style="normal">{escape(variable)}</tspan>'
    base = LETTERS.get(base, base)
    when = "t−1" if "prev" in rest else "" if rest and rest[-1].isdigit() else "t"
    sub = ",".join([*(r for r in rest if r != "prev"), *([when] if when else [])])
    return f'{base}<tspan class="u-sub" dy=".32em">{sub}</tspan>'


# -- geometry --------------------------------------------------------------------------------------


def edge_point(node, towards):
    """Where a line from ``towards`` to the centre meets its outline, if it comes along an axis."""
    w, h = SIZE[node.kind]
    dx, dy = towards[0] - node.x, towards[1] - node.y
    if abs(dx) > w / 2 and abs(dx) > abs(dy):
        return node.x + copysign(w / 2, dx), towards[1]
    return towards[0], node.y + copysign(h / 2, dy)


def rounded(points, radius):
    """Path data of a polyline whose corners are arcs; two that share a short piece halve it."""
    d = f"M{points[0][0]:g} {points[0][1]:g}"
    last = len(points) - 2
    for k in range(1, last + 1):
        (ax, ay), (bx, by), (cx, cy) = points[k - 1 : k + 2]
        p, q = hypot(bx - ax, by - ay), hypot(cx - bx, cy - by)
        r = min(radius, p if k == 1 else p / 2, q if k == last else q / 2)
        sweep = int((bx - ax) * (cy - by) - (by - ay) * (cx - bx) > 0)
        d += f"L{bx - (bx - ax) * r / p:g} {by - (by - ay) * r / p:g}"
        d += f"A{r:g} {r:g} 0 0 {sweep} {bx + (cx - bx) * r / q:g} {by + (cy - by) * r / q:g}"
    return d + f"L{points[-1][0]:g} {points[-1][1]:g}"


def _points(circuit, wire):
    source, target = circuit.nodes[wire.source], circuit.nodes[wire.target]
    end = (target.x + wire.aim[0], target.y + wire.aim[1])
    middle = list(wire.via)
    after, before = [*middle, end][0], [(source.x, source.y), *middle][-1]
    start = edge_point(source, after) if SIZE[source.kind][0] else (source.x, source.y)
    stop = edge_point(target, before) if SIZE[target.kind][0] else end
    return [start, *middle, stop]


def _strokes(circuit, wire):
    """(line, head): path data of a wire and of its arrowhead."""
    points = _points(circuit, wire)
    if not wire.head or circuit.nodes[wire.target].kind == "tap":
        return rounded(points, wire.bend), ""
    (ax, ay), (bx, by) = points[-2:]
    long, half = (14, 8) if wire.belt else (9, 4.25)
    n = hypot(bx - ax, by - ay)
    ux, uy = (bx - ax) / n, (by - ay) / n
    tip, back = (bx - 1.5 * ux, by - 1.5 * uy), (bx - (1.5 + long) * ux, by - (1.5 + long) * uy)
    points[-1] = back
    head = (
        f"M{back[0] - half * uy:g} {back[1] + half * ux:g}L{tip[0]:g} {tip[1]:g}"
        f"L{back[0] + half * uy:g} {back[1] - half * ux:g}{'' if wire.belt else 'Z'}"
    )
    return rounded(points, wire.bend), head


def _is_fork(circuit, node):
    return sum(w.source == node.name for w in circuit.wires) > 1


def _margin(circuit, name):
    """Room that a belt's chevrons leave to a node."""
    node = circuit.nodes[name]
    if node.kind == "port":
        return 12
    return 0 if node.kind == "tap" and not _is_fork(circuit, node) else 14


# -- wires -----------------------------------------------------------------------------------------


def _wires(circuit):
    """One group per signal: its trunk as a single path, then each branch.

    Branches share lanes, and drawing them on top of each other would darken those; so the trunk
    shows, and a branch only when a step of the story lights it.
    """
    out = []
    for source in dict.fromkeys(w.source for w in circuit.wires):
        group = [w for w in circuit.wires if w.source == source]
        plain = [w for w in group if not w.belt]
        out += [_belt(circuit, w) for w in group if w.belt]
        out += [_casing(circuit, w) for w in group if w.over]
        if plain:
            trunk = "".join(_strokes(circuit, w)[0] for w in plain)
            heads = "".join(_strokes(circuit, w)[1] for w in plain)
            out.append(
                f'<g class="u-trunk u-{plain[0].meaning}"><path class="u-line" d="{trunk}"/>'
                f'<path class="u-head" d="{heads}"/></g>'
            )
            out += [_branch(circuit, w) for w in plain]
    return "".join(out)


def _group(kind, wire, inside):
    return (
        f'<g class="u-{kind} u-{wire.meaning}" data-from="{wire.source}" '
        f'data-to="{wire.target}">{inside}</g>'
    )


def _branch(circuit, wire):
    line, head = _strokes(circuit, wire)
    head = f'<path class="u-head" d="{head}"/>' if head else ""
    return _group("wire", wire, f'<path class="u-line" d="{line}"/>{head}')


def _belt(circuit, wire):
    (left, y), (right, _) = _points(circuit, wire)
    head = _strokes(circuit, wire)[1]
    head = f'<path class="u-head" d="{head}"/>' if head else ""
    low = left + _margin(circuit, wire.source)
    high = right - (20 if wire.head else _margin(circuit, wire.target))
    marks = [x for x in range(12, round(right), 24) if low <= x <= high]
    chevrons = "".join(f"M{x - 2:g} {y - 4:g}l4 4l-4 4" for x in marks)
    end = right - 15.5 if wire.head else right
    rails = f"M{left:g} {y - 8:g}H{end:g}M{left:g} {y + 8:g}H{end:g}"
    return _group(
        "belt",
        wire,
        f'<path class="u-core" d="M{left - 0.5:g} {y:g}H{end:g}"/>{head}'
        f'<path class="u-rail" d="{rails}"/><path class="u-chevron" d="{chevrons}"/>',
    )


def _casing(circuit, wire):
    """The gap that a bridging wire opens in those below, clear of both of its ends."""
    (ax, ay), (bx, by), *rest = _points(circuit, wire)
    skip = 60 if circuit.nodes[wire.source].kind == "port" else 14
    share = min(1, skip / hypot(bx - ax, by - ay))
    start = (ax + (bx - ax) * share, ay + (by - ay) * share)
    return f'<path class="u-casing" d="{rounded([start, (bx, by), *rest], wire.bend)}"/>'


# -- nodes -----------------------------------------------------------------------------------------


def _ems(glyph):
    """About how wide a glyph is, in ems: its box bounds its letters."""
    return sum(0.25 if c == " " else 0.85 if c in "mwW" else 0.5 for c in glyph)


def _node(circuit, node):
    w, h = SIZE[node.kind]
    x, y = node.x, node.y
    box = f'x="{x - w / 2:g}" y="{y - h / 2:g}" width="{w}" height="{h}"'
    glyph = GLYPH.get(node.function) or GLYPH.get(node.kind, "")
    if node.kind == "shift":  # what enters less a letter that somebody sets
        glyph = f"−{LETTERS[node.function]}"
    most = f"--most:{(w - 9) / _ems(glyph):.1f}px" if glyph else ""
    text = f'<text class="u-glyph" x="{x:g}" y="{y:g}" dy=".33em" style="{most}">{glyph}</text>'
    disc = f'<circle cx="{x:g}" cy="{y:g}" r="15"/>'
    shape = {
        "layer": f'<rect {box} rx="9"/>{text}',
        "function": f'<rect {box} rx="15"/>{text}',
        "minus": f'<rect {box} rx="15"/>{text}',
        "shift": f'<rect {box} rx="15"/>{text}',
        "linear": f'<rect {box} rx="4"/>{text}',
        "times": f'{disc}<path d="M{x - 5:g} {y - 5:g}l10 10m0 -10l-10 10"/>',
        "plus": f'{disc}<path d="M{x - 7:g} {y:g}h14m-7 -7v14"/>',
        "less": f'{disc}<path d="M{x - 7:g} {y:g}h14"/>',
        "over": f'{disc}<path d="M{x - 7:g} {y:g}h14m-7 -5.5v0m0 11v0"/>',
        "tap": f'<circle cx="{x:g}" cy="{y:g}" r="4.5"/>' if _is_fork(circuit, node) else "",
        "port": "",
    }[node.kind]
    if node.tag:
        dx, dy, *anchor = node.tag
        name = name_svg(node.variable or node.name.removesuffix("_out"))
        shape += (
            f'<text class="u-name" x="{x + dx:g}" y="{y + dy:g}" '
            f'text-anchor="{anchor[0] if anchor else "middle"}">{name}</text>'
        )
    return f'<g class="u-node u-{node.kind} u-{node.meaning}" data-node="{node.name}">{shape}</g>'
