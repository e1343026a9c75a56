"""An encoder and a decoder, drawn: one vector between them, or a decoder that looks back."""

import numpy as np

from course_utils.figures.errors import FigureError
from course_utils.figures.looks import GREY
from course_utils.figures.palette import models, quantities

DECODER, CONTEXT, SIDE = 3.0, 1.5, 0.66  # heights of two rows above the encoder's; a box
SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


def encoder_decoder(ax, read, written, weights=None, step=2):
    """Boxes below for what is read, boxes above for what is written; returns ax.

    read, written: 2 to 5 and 2 to 6 short words, one a time step.  Without weights the last state
    below is handed on; with weights (S,), what the decoder looks at in its time step ``step``,
    counted from 1: each line as thick as its weight.  FigureError for other sizes.
    """
    S, T = len(read), len(written)
    if not (2 <= S <= 5 and 2 <= T <= 6):
        raise FigureError(f"read, written: expected 2 to 5 and 2 to 6 words, got {S} and {T}")
    _row(ax, 0, [f"h{_sub(s)}" for s in range(1, S + 1)], "x", both=weights is not None)
    _row(ax, DECODER, [f"q{_sub(t)}" for t in range(1, T + 1)], "hidden")
    for s, word in enumerate(read):
        _to(ax, (s, -1.0), (s, -SIDE / 2))
        ax.text(s, -1.25, word, ha="center", va="center", fontweight="bold")
    for t, word in enumerate(written):
        _to(ax, (t, DECODER + SIDE / 2), (t, DECODER + 1.0))
        ax.text(t, DECODER + 1.25, word, ha="center", va="center", fontweight="bold")
    if weights is None:
        _to(ax, (S - 1, SIDE / 2), (0, DECODER - SIDE / 2), width=2.2)
        ax.text(S / 2 + 0.1, CONTEXT, "z", va="center", fontstyle="italic")
    else:
        _look(ax, S, T, np.asarray(weights, float), step)
    ax.text(-0.75, 0, "reads", ha="right", va="center", color=GREY)
    ax.text(-0.75, DECODER, "writes", ha="right", va="center", color=GREY)
    ax.set(xlim=(-1.9, max(S, T) - 0.4), ylim=(-1.6, DECODER + 1.6))
    ax.set_aspect("equal")
    ax.axis("off")
    return ax


def _look(ax, S, T, weights, step):
    """The context of one step: lines to it by weight, and its way to what is written."""
    if weights.shape != (S,) or (weights < 0).any() or not np.isclose(weights.sum(), 1):
        raise FigureError(f"weights: expected {S} of sum 1, one a word read, got {weights}")
    if not 1 <= step <= T:
        raise FigureError(f"step: expected 1 to {T}, got {step}")
    ink, at = models["attention"], step - 1
    for s, weight in enumerate(weights):
        ax.plot([s, at], [SIDE / 2, CONTEXT - SIDE / 2], color=ink, linewidth=0.6 + 9 * weight,
                solid_capstyle="butt")  # fmt: skip
    _box(ax, at, CONTEXT, f"c{_sub(step)}", ink)
    _to(ax, (at, CONTEXT + SIDE / 2), (at, DECODER - SIDE / 2), ink, 2.2)


def _row(ax, y, words, ink, both=False):
    """Boxes side by side, joined by arrows in the order of time; ``both``: and against it."""
    for k, word in enumerate(words):
        _box(ax, k, y, word, quantities[ink])
        if k:
            _to(ax, (k - 1 + SIDE / 2, y), (k - SIDE / 2, y), style="<->" if both else "->")


def _box(ax, x, y, word, ink):
    from matplotlib.patches import Rectangle

    corner = (x - SIDE / 2, y - SIDE / 2)
    ax.add_patch(Rectangle(corner, SIDE, SIDE, fill=False, edgecolor=ink, linewidth=1.6))
    bare = {"facecolor": "none", "edgecolor": "none", "pad": 0}  # the box is the ground
    ax.text(x, y, word, ha="center", va="center", bbox=bare)


def _to(ax, start, end, color=GREY, width=1.2, style="->"):
    arrow = {"arrowstyle": style, "color": color, "linewidth": width, "shrinkA": 0, "shrinkB": 0}
    ax.annotate("", end, start, arrowprops=arrow)


def _sub(number):
    return str(number).translate(SUBSCRIPTS)
