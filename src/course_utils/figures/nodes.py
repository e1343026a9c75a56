"""A directed graph, drawn by hand: circles at given places, arrows with a symbol on them."""

from itertools import pairwise

import numpy as np

from course_utils.figures.looks import GREY, known
from course_utils.figures.palette import shades

RADIUS = 0.16
ROOM = 0.3  # from other arrows, beyond which more is no better


def graph(ax, places, edges, meanings=None):
    """places {node: (x, y)}; edges [(from, to, symbol)] or [(from, to, symbol, bend)].

    bend, in units of the distance, moves the middle of an arrow to the left of its way; an arrow
    to its own node is a loop above it, below it for a negative bend.  meanings {symbol: quantity or
    model} colours arrows; the others are grey.  A symbol interrupts its own arrow, where that is
    farthest from every other.  Returns ax.
    """
    from matplotlib.patches import Circle

    meanings = {symbol: known(m) for symbol, m in (meanings or {}).items()}
    curves = [_curve(places, *(*edge, 0.0)[:4]) for edge in edges]
    for points, (_, _, symbol, *_) in zip(curves, edges, strict=True):
        _path(ax, points, shades(meanings[symbol], 1)[0] if symbol in meanings else GREY)
    for place in places.values():
        ax.add_patch(Circle(place, RADIUS, fill=False, edgecolor=GREY, linewidth=1.6))
    for x, y, symbol in _symbols(curves, [edge[2] for edge in edges]):
        ax.text(x, y, symbol, ha="center", va="center", fontweight="bold",
                bbox={"facecolor": "#ffffff", "edgecolor": "none", "pad": 1.5})  # fmt: skip
    every = np.concatenate([*map(_sampled, curves), [*places.values()]])
    low, high = every.min(axis=0), every.max(axis=0)
    ax.set(xlim=(low[0] - 0.3, high[0] + 0.3), ylim=(low[1] - 0.3, high[1] + 0.3))
    ax.set_aspect("equal")
    ax.axis("off")
    return ax


def _curve(places, start, end, symbol, bend):
    """Control points of an arrow: a Bézier curve of two degrees, of three for a loop."""
    a, b = np.array(places[start], float), np.array(places[end], float)
    if start == end:
        spread, height = np.array([0.5, 0]), np.array([0, -0.75 if bend < 0 else 0.75])
        inner = [a + height - spread, a + height + spread]
        return np.array([_edge(a, inner[0]), *inner, _edge(a, inner[1])])
    along = b - a
    middle = (a + b) / 2 + bend * np.array([-along[1], along[0]])
    return np.array([_edge(a, middle), 2 * middle - (a + b) / 2, _edge(b, middle)])


def _edge(a, towards):
    """The point of the circle around a that looks ``towards``."""
    way = towards - a
    return a + way / np.linalg.norm(way) * RADIUS * 1.12


def _sampled(points, count=41):
    """Points of a Bézier curve, (count, 2)."""
    t, rest = np.linspace(0, 1, count)[:, None], points
    for _ in range(len(points) - 1):  # de Casteljau
        rest = [(1 - t) * p + t * q for p, q in pairwise(rest)]
    return rest[0]


def _symbols(curves, symbols):
    """(x, y, symbol): each on its own curve, far from the other curves and from symbols so far."""
    ways, placed = [_sampled(points) for points in curves], []
    for k, (way, symbol) in enumerate(zip(ways, symbols, strict=True)):
        others = np.concatenate([*(w for j, w in enumerate(ways) if j != k), *placed, [[99, 99]]])
        middle = way[10:31]  # not where arrows meet in a node
        room = np.linalg.norm(middle[:, None] - others, axis=2).min(axis=1)
        best = middle[np.argmax(np.minimum(room, ROOM) - 0.01 * np.abs(np.arange(-10, 11)))]
        placed.append(best[None])
        yield *best, symbol


def _path(ax, points, ink):
    """A Bézier curve with an arrow at its end."""
    from matplotlib.patches import FancyArrowPatch
    from matplotlib.path import Path

    curve = Path.CURVE3 if len(points) == 3 else Path.CURVE4
    path = Path(points, [Path.MOVETO] + [curve] * (len(points) - 1))
    arrow = "-|>,head_width=4,head_length=7"
    ax.add_patch(FancyArrowPatch(path=path, arrowstyle=arrow, color=ink, linewidth=1.8))
