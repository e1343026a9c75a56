"""At which steps a network reads and at which it answers: the shape of a task."""

from course_utils.figures.errors import FigureError
from course_utils.figures.palette import quantities

SIDE = 0.62  # of a state's box; inputs and outputs are circles of that diameter


def in_and_out(ax, title, steps, reads, answers, *, back=False, fed=False):
    """Draw the states of a network in a row, what it reads below them and its answers above.

    steps: how many; reads, answers: at which steps, numbers from 0; back: a second row of arrows,
    from the right; fed: each answer is what the next step reads.  Returns ax.
    """
    for name, places in (("reads", reads), ("answers", answers)):
        wrong = sorted(set(places) - set(range(steps)))
        if wrong:
            raise FigureError(f"{name}: expected steps from 0 to {steps - 1}, got {wrong}")
    for t in range(steps):
        _box(ax, t)
        if t:
            _arrow(ax, (t - 1 + SIDE / 2, 0.12 * back), (t - SIDE / 2, 0.12 * back))
            if back:
                _arrow(ax, (t - SIDE / 2, -0.12), (t - 1 + SIDE / 2, -0.12))
        if t in reads:
            _circle(ax, t, -1.1, "x")
            _arrow(ax, (t, -1.1 + SIDE / 2), (t, -SIDE / 2))
        if t in answers:
            _circle(ax, t, 1.1, "output")
            _arrow(ax, (t, SIDE / 2), (t, 1.1 - SIDE / 2))
        if fed and t and t - 1 in answers:
            _arrow(ax, (t - 1 + 0.25, 1.1 - 0.25), (t - 0.12, -1.1 + SIDE / 2), dashed=True)
    ax.set(xlim=(-0.5, 5.5), ylim=(-1.6, 1.6), aspect="equal")
    ax.set_title(title)
    ax.axis("off")
    return ax


def _box(ax, t):
    from matplotlib.patches import Rectangle

    ink = quantities["hidden"]
    corner = (t - SIDE / 2, -SIDE / 2)
    ax.add_patch(Rectangle(corner, SIDE, SIDE, facecolor="none", edgecolor=ink, linewidth=1.6))


def _circle(ax, t, y, name):
    from matplotlib.patches import Circle

    ax.add_patch(Circle((t, y), SIDE / 2, color=quantities[name], linewidth=0))


def _arrow(ax, start, end, dashed=False):
    look = {"arrowstyle": "-|>", "color": quantities["neutral"], "shrinkA": 1, "shrinkB": 1}
    look["linestyle"] = "--" if dashed else "-"
    ax.annotate("", end, start, arrowprops=look)
