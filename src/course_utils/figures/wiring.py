"""How layers are connected, drawn: a stack over time, two directions, a way around every layer."""

from course_utils.figures.errors import FigureError
from course_utils.figures.looks import GREY
from course_utils.figures.palette import quantities

HALF = 0.3  # of a box
UP = 1.35  # from layer to layer


def stack(ax, steps=4, layers=3, around=None):
    """Layers over time: a box is a cell at a time step, an arrow what it hands on.

    steps 2 to 8, layers 1 to 5; around: None, "residual" (the input of a layer is added to its
    output) or "gate" (the cell state of the layer below is let in through a gate).  Returns ax.
    """
    _within(steps=(steps, 2, 8), layers=(layers, 1, 5))
    if around not in (None, "residual", "gate"):
        raise FigureError(f"around: expected None, 'residual' or 'gate', got {around!r}")
    for t in range(steps):
        _word(ax, t, -UP, f"$x_{{{t + 1}}}$", "x")
        _word(ax, t, layers * UP, f"$y_{{{t + 1}}}$", "hidden")
        for n in range(layers):
            _box(ax, t, n * UP)
            _arrow(ax, (t, n * UP - UP + HALF), (t, n * UP - HALF), "hidden" if n else "x")
            if t:
                _arrow(ax, (t - 1 + HALF, n * UP), (t - HALF, n * UP), "cell")
            if around and n:
                _round(ax, t, n * UP, around)
        _arrow(ax, (t, layers * UP - UP + HALF), (t, layers * UP - HALF), "hidden")
    for n in range(layers):
        ax.text(-1.05, n * UP, f"layer {n + 1}", ha="center", va="center", color=GREY)
    return _framed(ax, steps, layers * UP, left=1.6)


def two_directions(ax, steps=4, peek=None):
    """A layer that reads from the front and one from the end, their outputs joined.

    peek: a step from 1 to steps - 1, whose output's way back to the *next* input is lit; None
    lights nothing.  Returns ax.
    """
    _within(steps=(steps, 2, 8))
    if peek is not None and not 1 <= peek < steps:
        raise FigureError(f"peek: expected 1 to {steps - 1}, got {peek!r}")
    side = 0.2  # the forward boxes stand left of their step, the backward ones right
    for t in range(steps):
        lit = peek is not None and t == peek  # the next input, counted from 0
        last = peek is not None and t == peek - 1
        _word(ax, t, -UP, f"$x_{{{t + 1}}}$", "forget" if lit else "x")
        _word(ax, t, 2 * UP, f"$y_{{{t + 1}}}$", "forget" if last else "hidden")
        _box(ax, t - side, 0, width=0.19)
        _box(ax, t + side, UP, width=0.19)
        foot = -UP + HALF
        _arrow(ax, (t - side, foot), (t - side, -HALF), "x")
        _arrow(ax, (t + side, foot), (t + side, UP - HALF), "forget" if lit else "x")
        _arrow(ax, (t - side, HALF), (t - side, 2 * UP - HALF), "hidden")
        _arrow(ax, (t + side, UP + HALF), (t + side, 2 * UP - HALF), "forget" if last else "hidden")
        if t:
            _arrow(ax, (t - 1 - side + 0.19, 0), (t - side - 0.19, 0), "cell")
            ink = "forget" if peek == t else "cell"
            _arrow(ax, (t + side - 0.19, UP), (t - 1 + side + 0.19, UP), ink)
    ax.text(-1.15, 0, "forward", ha="center", va="center", color=GREY)
    ax.text(-1.15, UP, "backward", ha="center", va="center", color=GREY)
    return _framed(ax, steps, 2 * UP, left=1.8)


def _round(ax, t, y, kind):
    """A way past the layer at height y: around it, or through a gate into its cell state."""
    if kind == "residual":
        _arrow(ax, (t, y - UP + HALF + 0.12), (t, y + HALF + 0.22), "gradient", bend=0.75)
        return
    _arrow(ax, (t + 0.2, y - UP + HALF), (t + 0.2, y - HALF), "gradient")
    ax.plot([t + 0.2], [y - UP / 2 - 0.02], "o", markersize=8, color=quantities["gradient"])


def _box(ax, x, y, width=HALF):
    from matplotlib.patches import Rectangle

    box = (x - width, y - HALF), 2 * width, 2 * HALF
    ax.add_patch(Rectangle(*box, facecolor=quantities["cell"], alpha=0.15, linewidth=0))
    ax.add_patch(Rectangle(*box, fill=False, edgecolor=quantities["cell"], linewidth=1.4))


def _word(ax, x, y, word, ink):
    ax.text(x, y, word, ha="center", va="center", color=quantities[ink])


def _arrow(ax, start, end, ink, bend=0.0):
    ax.annotate(
        "", end, start,
        arrowprops={"arrowstyle": "-|>", "color": quantities[ink], "linewidth": 1.7,
                    "shrinkA": 0, "shrinkB": 0, "connectionstyle": f"arc3,rad={bend}"},
    )  # fmt: skip


def _framed(ax, steps, top, left):
    ax.set(xlim=(-left, steps - 0.2), ylim=(-UP - 0.4, top + 0.5))
    ax.set_aspect("equal")
    ax.axis("off")
    return ax


def _within(**ranges):
    for name, (value, low, high) in ranges.items():
        if not isinstance(value, int) or not low <= value <= high:
            raise FigureError(f"{name}: expected {low} to {high}, got {value!r}")
