"""A directed graph, drawn by hand: circles at given places, arrows with a symbol on them."""

import numpy as np

from course_utils.figures.looks import GREY, known
from course_utils.figures.palette import BOTH

RADIUS = 0.16


def graph(ax, places, edges, meanings=None):
    """places {node: (x, y)}; edges [(from, to, symbol)] or [(from, to, symbol, bend)].

    bend, in units of the distance, moves the middle of an arrow to the left of its way; an arrow
    to its own node is a loop above it, below it for a negative bend.  meanings {symbol: meaning}
    colours arrows; the others are grey.  Returns ax.
    """
    from matplotlib.patches import Circle

    meanings = {symbol: known(m) for symbol, m in (meanings or {}).items()}
    for edge in edges:
        start, end, symbol, bend = (*edge, 0.0)[:4]
        ink = BOTH[meanings[symbol]] if symbol in meanings else GREY
        a, b = np.array(places[start], float), np.array(places[end], float)
        if start == end:
            _loop(ax, a, -1 if bend < 0 else 1, symbol, ink)
        else:
            _arrow(ax, a, b, bend, symbol, ink)
    for place in places.values():
        ax.add_patch(Circle(place, RADIUS, fill=False, edgecolor=GREY, linewidth=1.6))
    low, high = np.min([*places.values()], axis=0), np.max([*places.values()], axis=0)
    ax.set(xlim=(low[0] - 0.3, high[0] + 0.3), ylim=(low[1] - 1.0, high[1] + 1.0))
    ax.set_aspect("equal")
    ax.axis("off")
    return ax


def _arrow(ax, a, b, bend, symbol, ink):
    along = b - a
    left = np.array([-along[1], along[0]])
    middle = (a + b) / 2 + bend * left
    _path(ax, _edge(a, middle), [2 * middle - (a + b) / 2], _edge(b, middle), ink)
    beside = left / np.linalg.norm(left) * (-0.17 if bend < 0 else 0.17)
    ax.text(*(middle + beside), symbol, ha="center", va="center", fontsize=14, fontweight="bold")


def _loop(ax, a, side, symbol, ink):
    spread, height = np.array([0.5, 0]), np.array([0, side * 0.62])
    control = a + height
    start, end = _edge(a, control - spread * 0.6), _edge(a, control + spread * 0.6)
    _path(ax, start, [control - spread, control + spread], end, ink)
    ax.text(*(a + height * 1.2), symbol, ha="center", va="center", fontsize=14, fontweight="bold")


def _edge(a, towards):
    """The point of the circle around a that looks ``towards``."""
    way = towards - a
    return a + way / np.linalg.norm(way) * RADIUS * 1.12


def _path(ax, start, inner, end, ink):
    """A Bézier curve of two or three degrees, with an arrow at its end."""
    from matplotlib.patches import FancyArrowPatch
    from matplotlib.path import Path

    curve = Path.CURVE3 if len(inner) == 1 else Path.CURVE4
    path = Path([start, *inner, end], [Path.MOVETO] + [curve] * (len(inner) + 1))
    arrow = "-|>,head_width=4,head_length=7"
    ax.add_patch(FancyArrowPatch(path=path, arrowstyle=arrow, color=ink, linewidth=1.8))
