"""The loop and its unrolling, and the cover that is drawn from them."""

import math
from itertools import count, pairwise

from course_utils.figures.circuit import Circuit, Node, Wire
from course_utils.figures.errors import FigureError
from course_utils.figures.page import Html

CELL_Y, TOP, BOTTOM, TURN = 128, 16, 214, 66


def chain(steps=4):
    """One cell with a wire back to itself = the same cell copied ``steps`` times in a row."""
    if not 1 <= steps <= 8:
        raise FigureError(f"steps: expected 1 to 8 copies, which fit on a page, got {steps}")
    first, pitch, rolled = 292, 106, 84
    xs = [first + pitch * k for k in range(steps)]
    nodes, wires = [], []

    def cell(x, step, goes_on=True):
        h, inp = (f"h_{step}", f"x_{step}") if step else ("h", "x")
        nodes.extend(
            [
                Node(h, "layer", x, CELL_Y, "hidden", variable=h, function="tanh"),
                Node(f"{h}_fork", "tap", x, TURN, "hidden"),
                Node(f"{h}_out", "port", x, TOP, "hidden", tag=(12, 14, "start")),
                Node(inp, "port", x, BOTTOM, "x", variable=inp, tag=(13, -4, "start")),
            ]
        )
        way = [h, f"{h}_fork", f"{h}_out"] if goes_on else [h, f"{h}_out"]
        wires.append(Wire(inp, h, meaning="x"))
        wires.extend(Wire(a, b, meaning="hidden") for a, b in pairwise(way))
        return h

    h = cell(rolled, None)
    wires.append(Wire("h_fork", h, ((rolled - 62, TURN), (rolled - 62, CELL_Y)), "hidden"))
    before = "h_0"
    nodes.append(Node("h_0", "port", first - 88, CELL_Y, "hidden", variable="h_0", tag=(12, -16)))
    for k, x in enumerate(xs, start=1):
        h = cell(x, k, goes_on=k < steps)
        turn = () if k == 1 else ((x - pitch / 2, TURN), (x - pitch / 2, CELL_Y))
        wires.append(Wire(before, h, turn, "hidden"))
        before = f"{h}_fork"
    return Circuit(
        "unrolled", (xs[-1] + 60, 222), "A recurrent network, rolled and unrolled",
        "Left: one cell reads x at t and sends its result h at t back to itself. Right: the same "
        f"cell copied {steps} times in a row; each copy reads its own x, and the wire that went "
        "back now goes on to the next copy.",
        nodes, wires, signs=[(rolled + 68, CELL_Y, "=")],
    )  # fmt: skip


# -- curves ----------------------------------------------------------------------------------------


def spiral(cx, cy, inner, outer, turns, per_turn=72):
    """Points of a coil that winds outwards and leaves at its foot, heading straight right."""
    n = int(turns * per_turn)
    slope = (outer - inner) / (2 * math.pi * turns)  # growth of the radius per radian
    last = math.pi / 2 - math.atan(slope / outer)  # there the tangent is horizontal
    for k in range(n + 1):
        angle = last + 2 * math.pi * turns * (1 - k / n)
        r = inner + (outer - inner) * k / n
        yield cx + r * math.cos(angle), cy + r * math.sin(angle)


def smooth(points):
    """Catmull-Rom curve through points, as path data."""
    p = list(points)
    p = [p[0], *p, p[-1]]
    d = f"M{p[1][0]:.1f} {p[1][1]:.1f}"
    for a, b, c, e in zip(p, p[1:], p[2:], p[3:], strict=False):
        d += f"C{b[0] + (c[0] - a[0]) / 6:.1f} {b[1] + (c[1] - a[1]) / 6:.1f} "
        d += f"{c[0] - (e[0] - b[0]) / 6:.1f} {c[1] - (e[1] - b[1]) / 6:.1f} {c[0]:.1f} {c[1]:.1f}"
    return d


def along(points, spacing, start=0.0):
    """(x, y, degrees) every ``spacing`` of arc length."""
    due, gone = start, 0.0
    for (ax, ay), (bx, by) in pairwise(points):
        piece = math.hypot(bx - ax, by - ay)
        while due <= gone + piece:
            t = (due - gone) / piece
            angle = math.degrees(math.atan2(by - ay, bx - ax))
            yield ax + t * (bx - ax), ay + t * (by - ay), angle
            due += spacing
        gone += piece


# -- the cover -------------------------------------------------------------------------------------

_BEADS = "".join(
    f'<rect class="u-{m}" x="{dx}" y="{dy}" width="10" height="10" rx="2.5"/>'
    for m, dx, dy in (
        ("forget", -11.5, -11.5), ("input", 1.5, -11.5),
        ("candidate", -11.5, 1.5), ("output", 1.5, 1.5),
    )
)  # fmt: skip
_ALT = (
    "A recurrent network unrolls. A coil of identical cells unwinds into a straight conveyor belt. "
    "On the straight part each cell takes an input from below and lifts a hidden state above, and "
    "the hidden states trace a wave."
)


def _cell(k, x, y, degrees):
    return (
        f'<g transform="translate({x:.1f} {y:.1f}) rotate({degrees:.1f})">'
        f'<g class="u-bead" style="--k:{k}"><rect class="u-plate" x="-17" y="-17" width="34" '
        f'height="34" rx="8"/>{_BEADS}</g></g>'
    )


def _stem(k, x, y, top, low):
    return (
        f'<g class="u-stem" style="--k:{k}">'
        f'<path class="u-hidden" d="M{x:.1f} {y - 21:.1f}V{top + 6:.1f}"/>'
        f'<circle class="u-hidden" cx="{x:.1f}" cy="{top:.1f}" r="6"/>'
        f'<path class="u-x" d="M{x:.1f} {y + 21:.1f}V{low:.1f}"/>'
        f'<circle class="u-x" cx="{x:.1f}" cy="{low:.1f}" r="4.5"/></g>'
    )


class Cover(Html):
    """The cover, with ``.svg()`` like a circuit."""

    def svg(self):
        return self.body


def cover(states, inputs):
    """The course in one picture: a coil of cells unrolls along its belt.

    states, inputs (N,): numbers in [-1, 1], one for each cell on the straight part from its left;
    h rises above its cell and x enters below, both to scale.  There is room for ten cells; further
    numbers are not drawn.
    """
    states, inputs = [float(v) for v in states], [float(v) for v in inputs]
    if not states or len(states) != len(inputs):
        raise FigureError(
            f"inputs: expected one for each of the {len(states)} states, got {len(inputs)}"
        )
    if max(map(abs, states + inputs)) > 1:
        raise FigureError("states, inputs: expected numbers in [-1, 1]; scale them first")
    cx, cy, outer, width, height, spacing = 170, 164, 132, 980, 404, 62
    coil = list(spiral(cx, cy, 30, outer, turns=2))
    leave, y = coil[-1]
    end = width - 30
    track = smooth([*coil[::2], (leave + 10, y), (leave + 20, y)]) + f"L{end} {y:.1f}"
    every = along([*coil, (end, y)], spacing, start=14)
    placed = [p for p in every if p[0] < end - 30]
    straight = [k for k, p in enumerate(placed) if abs(p[2]) < 0.01 and p[0] > cx + outer + 30]
    read = [
        (k, placed[k][0], y - 116 - 84 * h, y + 56 + 24 * x)
        for k, h, x in zip(straight, states, inputs, strict=False)
    ]
    stems = "".join(_stem(k, x, y, top, low) for k, x, top, low in read)
    cells = "".join(_cell(k, *p) for k, p in zip(count(), placed, strict=False))
    wave = smooth((x, top) for _, x, top, _ in read)
    tip = f"M{end - 1} {y - 8:.1f}l14 8l-14 8"
    return Cover(
        f'<svg class="u-figure u-drawing u-cover" viewBox="0 0 {width} {height}" role="img" '
        f'aria-label="{_ALT}" xmlns="http://www.w3.org/2000/svg"><g class="u-cell">'
        f'<path class="u-edge" pathLength="1" d="{track}"/>'
        f'<path class="u-core" pathLength="1" d="{track}"/><path class="u-tip" d="{tip}"/></g>'
        f'<path class="u-wave u-hidden" d="{wave}"/>{stems}{cells}</svg>',
        words=f"figure: {_ALT}",
    )
