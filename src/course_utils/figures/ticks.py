"""Tick labels that keep off each other: wrapped, turned or thinned where they would touch."""

import re
from itertools import pairwise

MARGIN = 3  # pixels that labels keep from each other


def _touch(boxes, axis):
    """Whether neighbours along an axis overlap, or nearly."""
    low, high = ("x0", "x1") if axis == 0 else ("y0", "y1")
    boxes = sorted(boxes, key=lambda b: getattr(b, low))
    margin = MARGIN if axis == 0 else 0
    return any(getattr(a, high) + margin > getattr(b, low) for a, b in pairwise(boxes))


def tick_labels(ax, axis):
    """Labels of the major ticks that the axes show."""
    side = ax.xaxis if axis == 0 else ax.yaxis
    lim = sorted(ax.get_xlim() if axis == 0 else ax.get_ylim())
    found = []
    for tick in side.get_major_ticks():
        label = tick.label1
        if label.get_text() and label.get_visible() and lim[0] <= tick.get_loc() <= lim[1]:
            found.append(label)
    return found


def fit_ticks(ax, axis):
    """Wrap, turn or thin the tick labels of an axis where they touch; whether it did."""
    side = ax.xaxis if axis == 0 else ax.yaxis
    minor = [t.label1 for t in side.get_minor_ticks() if t.label1.get_text()]
    labels = tick_labels(ax, axis)
    if minor and touching(labels + minor, axis):
        from matplotlib.ticker import NullFormatter

        side.set_minor_formatter(NullFormatter())
    if not touching(labels, axis) or any(t.get_rotation() for t in labels):
        return False
    words, places = [t.get_text() for t in labels], [t.get_position()[axis] for t in labels]
    if axis == 0 and any(re.search(r"[^\W\d]{3}", w) for w in words):
        if not any(" " in w for w in words) or not _wrapped(ax, places, words):
            _turned(ax, places, words)
    else:
        kept = next(k for k in range(2, 99) if not touching(labels[::k], axis))
        side.set_ticks(places[::kept], words[::kept])
    return True


def _wrapped(ax, places, words):
    """A word a line; whether that is enough."""
    ax.set_xticks(places, ["\n".join(w.split()) for w in words])
    ax.figure.draw_without_rendering()
    return not touching(tick_labels(ax, 0), 0)


def _turned(ax, places, words):
    ax.set_xticks(places, [" ".join(w.split()) for w in words], rotation=55, ha="right",
                  rotation_mode="anchor")  # fmt: skip


def touching(labels, axis):
    """Whether labels along an axis overlap, or nearly."""
    return len(labels) > 1 and _touch([t.get_window_extent() for t in labels], axis)
