"""Labels at the ends of lines, in place of a legend: in the line's own ink, never on each other."""

import textwrap

from course_utils.figures.errors import FigureError

GAP = 6  # pixels between a line's end and its label
_ATTRIBUTE = "_unrolled_endings"


def label_lines(ax, labels=None, *, lines=None):
    """Write the label of every line at its right end, and move labels apart that would touch.

    labels: {label of a line: words}, or one for each line, in place of those given to ``plot``.
    lines: the lines to label; by default all of ``ax`` that have a label (``axhline`` too).
    Where space is narrow, words wrap.  ``figures.show`` places them anew in each form.  Returns ax.
    FigureError where there is nothing to label.
    """
    named = [line for line in lines or ax.get_lines() if not line.get_label().startswith("_")]
    words = _words(named, labels)
    if not words:
        raise FigureError("ax: no line has a label; give label= to ax.plot, or labels= here")
    legend = ax.get_legend()
    if legend:
        legend.remove()
    made = []
    for line, text in words:
        at = ax.annotate("", (0, 0), xytext=(GAP, 0), textcoords="offset points", va="center",
                         ha="left", color=line.get_color(), annotation_clip=False)  # fmt: skip
        made.append((line, at, text))
    setattr(ax, _ATTRIBUTE, getattr(ax, _ATTRIBUTE, []) + made)
    place(ax)
    return ax


def _words(lines, labels):
    """[(line, words)] of what is to be labelled."""
    if labels is None:
        return [(line, line.get_label()) for line in lines]
    if hasattr(labels, "items"):
        unknown = set(labels) - {line.get_label() for line in lines}
        if unknown:
            raise FigureError(f"labels: no line is called {', '.join(map(repr, sorted(unknown)))}")
        return [(ln, labels[ln.get_label()]) for ln in lines if ln.get_label() in labels]
    labels = list(labels)
    if len(labels) != len(lines):
        raise FigureError(f"labels: expected one for each of {len(lines)} lines, got {len(labels)}")
    return list(zip(lines, labels, strict=True))


def labels_of(ax):
    """The texts that ``label_lines`` wrote."""
    return [at for _, at, _ in getattr(ax, _ATTRIBUTE, [])]


def place(ax, wrap=24):
    """Put the labels of ``label_lines`` where the lines now end; wrap: characters in a row."""
    made = getattr(ax, _ATTRIBUTE, [])
    if not made:
        return
    for line, at, text in made:
        at.set_text("\n".join(textwrap.wrap(text, wrap)) if "$" not in text else text)
        x, y = _end(ax, line)
        at.xy, at.xycoords = (x, y), ax.transData
        at.set_position((GAP, 0))
    fig = ax.figure
    for _ in range(2):  # the axes give way to the labels, which moves the ends
        fig.draw_without_rendering()
        boxes = [at.get_window_extent() for _, at, _ in made]
        ends = [ax.transData.transform(at.xy) for _, at, _ in made]
        box = ax.get_window_extent()
        moved = spread([y for _, y in ends], [b.height * 1.1 for b in boxes], box.y0, box.y1)
        edge = max(x for x, _ in ends)
        for (_, at, _), (x, end), y in zip(made, ends, moved, strict=True):
            aligned = edge - x if edge - x < 0.1 * box.width else 0  # one margin for all
            at.set_position((GAP + aligned * 72 / fig.dpi, (y - end) * 72 / fig.dpi))


def crowded(ax, wrap, letters, height):
    """Whether wrapped labels would need more than most of ``height`` pixels."""
    rows = [len(textwrap.wrap(text, wrap)) for _, _, text in getattr(ax, _ATTRIBUTE, [])]
    return sum(rows) * letters * 1.3 > 0.75 * height


def as_legend(ax):
    """A legend in place of labels at the ends, where those have no room."""
    made = getattr(ax, _ATTRIBUTE)
    for _, at, _ in made:
        at.remove()
    setattr(ax, _ATTRIBUTE, [])
    ax.legend([line for line, _, _ in made], [text for _, _, text in made])


def _end(ax, line):
    """(x, y) of the rightmost point of a line that the axes show, in data."""
    import numpy as np

    x, y = (np.asarray(v, float) for v in line.get_data(orig=False))
    if line.get_transform() is not ax.transData:  # axhline: x runs over the axes
        x = np.full_like(x, ax.get_xlim()[1])
    low, high = sorted(ax.get_xlim())
    seen = np.isfinite(x) & np.isfinite(y) & (x >= low) & (x <= high)
    if not seen.any():
        seen = np.ones_like(x, bool)
    rightmost = np.argmin if ax.xaxis_inverted() else np.argmax
    last = np.flatnonzero(seen)[rightmost(x[seen])]
    bottom, top = sorted(ax.get_ylim())
    return x[last], min(max(y[last], bottom), top)


def spread(wanted, heights, low, high):
    """Centres as near to ``wanted`` as they get without overlap, from ``low`` to ``high``.

    wanted, heights: one for each; the order of ``wanted`` is kept.  Boxes that meet form a pile,
    which settles at its mean (pool adjacent violators).
    """
    order = sorted(range(len(wanted)), key=lambda k: wanted[k])
    piles = []  # [sum of the wished bottoms, boxes, height so far]
    for k in order:
        piles.append([wanted[k] - heights[k] / 2, [k], heights[k]])
        while len(piles) > 1 and _foot(piles[-2], low, high) + piles[-2][2] > _foot(
            piles[-1], low, high
        ):
            total, boxes, height = piles.pop()
            below = piles[-1]
            below[0] += total - len(boxes) * below[2]
            below[1] += boxes
            below[2] += height
    centres = [0.0] * len(wanted)
    for pile in piles:
        y = _foot(pile, low, high)
        for k in pile[1]:
            centres[k] = y + heights[k] / 2
            y += heights[k]
    return centres


def _foot(pile, low, high):
    """Where a pile stands: at the mean of its wishes, within the limits if it fits."""
    total, boxes, height = pile
    return max(low, min(total / len(boxes), high - height))
