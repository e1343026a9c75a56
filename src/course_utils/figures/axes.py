"""Frames of one figure on the same axes, so that what changes is seen to change."""

from typing import NamedTuple

import numpy as np

DECADES = 100  # where one frame is that many times taller than another, linear axes would hide it


class Limits(NamedTuple):
    """What frames share: xlim, ylim, and whether y became logarithmic."""

    x: tuple
    y: tuple
    log: bool


def together(figures):
    """[Limits of the k-th Axes] over Matplotlib figures; none where their Axes differ in number."""
    if len({len(fig.axes) for fig in figures}) != 1:
        return []
    return [_limits(twins) for twins in zip(*(fig.axes for fig in figures), strict=True)]


def hold(fig, limits):
    """Give a figure the limits of all; a line that leaves them is marked where it does."""
    for ax, limit in zip(fig.axes, limits, strict=False):
        if limit.log:
            ax.set_yscale("log")
        ax.set(xlim=limit.x, ylim=limit.y)
        _mark_exits(ax)
    return fig


def _limits(twins):
    log = _hides_a_frame(twins)
    y = _union([ax.get_ylim() for ax in twins])
    if log:
        heights = np.concatenate([_heights(ax) for ax in twins])
        y = (heights.min() / 1.5, heights.max() * 1.5)
    return Limits(_union([ax.get_xlim() for ax in twins]), y, log)


def _union(limits):
    low, high = float(np.min(limits)), float(np.max(limits))
    return (high, low) if limits[0][0] > limits[0][1] else (low, high)


def _hides_a_frame(twins):
    """Whether linear axes, not set by hand, would show the lowest frame of lines as nothing."""
    if any(ax.get_yscale() != "linear" or not ax.get_autoscaley_on() or ax.patches for ax in twins):
        return False
    heights = [_heights(ax) for ax in twins]
    if any(not h.size or h.min() <= 0 for h in heights):
        return False
    tops = [h.max() for h in heights]
    return max(tops) > DECADES * min(tops)


def _heights(ax):
    lines = [np.asarray(line.get_ydata(), float).ravel() for line in ax.get_lines()]
    every = np.concatenate(lines) if lines else np.empty(0)
    return every[np.isfinite(every)]


def _mark_exits(ax):
    """A triangle where a line leaves through the top or the bottom."""
    low, high = sorted(y for _, y in ax.transAxes.transform([(0, 0), (0, 1)]))
    back = ax.transData.inverted()
    for line in list(ax.get_lines()):
        points = np.column_stack([np.asarray(v, float) for v in line.get_data()])
        if line.get_transform() is not ax.transData or line.get_linestyle() == "None":
            continue
        with np.errstate(all="ignore"):  # a logarithm of what is not positive
            x, y = ax.transData.transform(points).T
        for edge, beyond, mark in ((high, y > high + 1, "^"), (low, y < low - 1, "v")):
            for k in np.flatnonzero(beyond[1:] & ~beyond[:-1] & np.isfinite(y[:-1])):
                share = (edge - y[k]) / (y[k + 1] - y[k])
                place = back.transform((x[k] + share * (x[k + 1] - x[k]), edge))
                ax.plot(*place, mark, color=line.get_color(), clip_on=False, markersize=7,
                        label="_exit", scalex=False, scaley=False)  # fmt: skip
