"""Batches of sequences of several lengths, drawn: padded, packed, and where last states stand."""

import numpy as np

from course_utils.figures.errors import FigureError
from course_utils.figures.looks import GREY
from course_utils.figures.palette import quantities

INKS = ("hidden", "gradient", "input", "output", "candidate", "forget")  # one for each sequence
SOFT = 0.3  # of the ink, below a letter
BACK = "\u2011"  # a hyphen, as in code: ``show`` would make a minus of another one
LINE = 2.8  # from one line of a packed batch to the next, in cells


def padded(ax, sequences):
    """The rectangle of a padded batch: a row for each sequence, padding as hatched cells.

    sequences: 1 to 6 strings or lists of short words, one a step.  Returns ax.
    """
    T = max(_lengths(sequences))
    for row, sequence in enumerate(sequences):
        for t in range(T):
            if t < len(sequence):
                _cell(ax, t, -row, sequence[t], INKS[row])
            else:
                _cell(ax, t, -row, "", None)
    _steps(ax, T)
    _frame(ax, T, len(sequences), top=0.9)
    return ax


def packed(ax, sequences, width=9):
    """The same batch as a PackedSequence stores it: step after step, longest sequence first.

    Above each run of entries stands the step it belongs to, below it how many sequences are still
    there (``batch_sizes``).  After at most width entries, or one step, a new line begins.  Returns
    ax.
    """
    lengths = np.array(_lengths(sequences))
    order = np.argsort(-lengths, kind="stable")
    at, y, widest = 0, 0.0, 0
    for t in range(lengths.max()):
        there = [k for k in order if lengths[k] > t]
        if at and at + len(there) > width:
            at, y = 0, y - LINE
        for place, k in enumerate(there):
            _cell(ax, at + place, y, sequences[k][t], INKS[k])
        middle = at + (len(there) - 1) / 2
        ax.text(middle, y + 0.8, str(t), ha="center", va="center", color=GREY)
        ax.text(middle, y - 0.95, str(len(there)), ha="center", va="center", fontweight="bold")
        ax.plot([at - 0.4, at + len(there) - 0.6], [y - 0.6] * 2, color=GREY, linewidth=1.5)
        at += len(there)
        widest = max(widest, at)
    _frame(ax, widest, 1, top=0.9, bottom=y - 1.3)
    return ax


def last_states(ax, steps, directions=2):
    """Outputs of a top layer over time: which cells ``output[-1]`` takes, and which ``h_n`` holds.

    steps: T, 2 to 12; directions: 1 or 2.  Filled cells are the last states of ``h_n``; the frame
    is ``output[-1]``.  Returns ax.
    """
    from matplotlib.patches import Rectangle

    if directions not in (1, 2) or not 2 <= steps <= 12:
        raise FigureError(
            f"steps, directions: expected 2 to 12 and 1 or 2, got {steps, directions}"
        )
    for t in range(steps):
        _cell(ax, t, 0, "", "hidden" if t == steps - 1 else None, hatch=False)
        if directions == 2:
            _cell(ax, t, -1.6, "", "gradient" if t == 0 else None, hatch=False)
    _arrow(ax, -0.3, steps - 0.7, 0)
    if directions == 2:
        _arrow(ax, steps - 0.7, -0.3, -1.6)
    low, high = (-2.2 if directions == 2 else -0.6), 0.6
    ax.add_patch(
        Rectangle((steps - 1.6, low), 1.2, high - low, fill=False, edgecolor=quantities["x"],
                  linewidth=2.2)
    )  # fmt: skip
    ax.text(steps - 1, low - 0.45, f"output[{BACK}1]", ha="center", va="center", fontweight="bold")
    ax.text(steps - 0.2, 0, f" h_n[{BACK}{directions}]", va="center",
            color=quantities["hidden"], fontweight="bold")  # fmt: skip
    if directions == 2:
        ax.text(-0.75, -1.6, f"h_n[{BACK}1] ", ha="right", va="center", fontweight="bold",
                color=quantities["gradient"])  # fmt: skip
    for t in range(steps):
        ax.text(t, 1.05, str(t), ha="center", va="center", color=GREY)
    ax.set(xlim=(-3.2, steps + 2.2), ylim=(-3.1, 1.5))  # one scale, for one direction or two
    ax.set_aspect("equal")
    ax.axis("off")
    return ax


def _lengths(sequences):
    """Lengths of 1 to 6 sequences that hold something."""
    lengths = [len(sequence) for sequence in sequences]
    if not 1 <= len(lengths) <= len(INKS) or min(lengths) < 1:
        raise FigureError(
            f"sequences: expected 1 to {len(INKS)}, none of them empty, got lengths {lengths}"
        )
    return lengths


def _cell(ax, x, y, word, ink, hatch=True):
    """A square with a word; without an ink an empty one."""
    from matplotlib.patches import Rectangle

    box = (x - 0.46, y - 0.46), 0.92, 0.92
    if ink is None:
        ax.add_patch(Rectangle(*box, fill=False, edgecolor=GREY, linewidth=0.8, alpha=0.7,
                               hatch="////" if hatch else None))  # fmt: skip
        return
    ax.add_patch(Rectangle(*box, facecolor=quantities[ink], alpha=SOFT, linewidth=0))
    ax.add_patch(Rectangle(*box, fill=False, edgecolor=quantities[ink], linewidth=1.4))
    bare = {"facecolor": "none", "edgecolor": "none", "pad": 0}  # the cell is the ground
    ax.text(x, y, word, ha="center", va="center", fontweight="bold", bbox=bare)


def _arrow(ax, start, end, y):
    """The way of a direction, through the cells."""
    ax.annotate(
        "", (end, y), (start, y), arrowprops={"arrowstyle": "->", "color": GREY, "linewidth": 1.6}
    )


def _steps(ax, T):
    """The number of each step above its column."""
    for t in range(T):
        ax.text(t, 0.8, str(t), ha="center", va="center", color=GREY)


def _frame(ax, columns, rows, top, bottom=None):
    """Limits around so many cells, square, without axes."""
    bottom = -(rows - 1) - 0.6 if bottom is None else bottom
    ax.set(xlim=(-0.7, columns - 0.3), ylim=(bottom, top + 0.2))
    ax.set_aspect("equal")
    ax.axis("off")
