"""The nets of a recorded random search, to look through: one dot a net, its loss up.

``assets/searches.js`` computes and draws the same; a browser test holds the two equal.
"""

import math
from html import escape

import numpy as np

from course_utils.figures.charts import path, tag
from course_utils.figures.controls import choice
from course_utils.figures.errors import FigureError
from course_utils.figures.looks import known
from course_utils.figures.page import Html, embedded
from course_utils.figures.palette import variable
from course_utils.figures.words import minus

AXES = {"rate": "learning rate", "bias": "forget bias at the start", "size": "hidden size"}
WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 520, 380, 92, 28, 40, 318
PARTS = 6  # of an axis, each with a median of its own


def search_view(task, cell, axis):
    """Where the nets of one cell stand, and their medians from part to part of the axis.

    task, as in ``search_explorer``; cell, a key of its "nets"; axis, one of ``AXES``.  Returns
    points (N, 2) and line, both in the drawing's units, and median, least, at (the learning rate of
    the least) and idle, how many nets are not below chance.
    """
    losses, across, up = task["nets"][cell], _across(task, axis), _up(task)
    nets = len(losses) // len(task[axis])  # a draw
    values = [v for v in task[axis] for _ in range(nets)]
    if axis == "size":
        sizes = sorted(set(task["size"]))
        parts = [sizes.index(v) for v in values]
        places = [across(p + (k % 24 - 11.5) / 40) for k, p in enumerate(parts)]
        middles = [across(p) for p in range(len(sizes))]
    else:
        low, high = task["limits"][axis]
        log = math.log if axis == "rate" else float
        shares = [(log(v) - log(low)) / (log(high) - log(low)) for v in values]
        parts = [max(0, min(PARTS - 1, math.floor(PARTS * s))) for s in shares]
        places = [across(v) for v in values]
        step = (across(high) - across(low)) / PARTS
        middles = [across(low) + step * (p + 0.5) for p in range(PARTS)]
    line = []
    for p, middle in enumerate(middles):
        inside = [loss for loss, part in zip(losses, parts, strict=True) if part == p]
        if inside:
            line.append([middle, up(_median(inside))])
    best = min(range(len(losses)), key=losses.__getitem__)
    return {
        "points": [[x, up(loss)] for x, loss in zip(places, losses, strict=True)],
        "line": line,
        "median": _median(losses),
        "least": losses[best],
        "at": task["rate"][best // nets],
        "idle": sum(loss >= task["chance"] for loss in losses),
    }


def _median(values):
    values, half = sorted(values), len(values) // 2
    return values[half] if len(values) % 2 else (values[half - 1] + values[half]) / 2


def _up(task):
    low, high = (math.log(v) for v in task["losses"])

    def y(loss):
        share = (math.log(max(loss, 1e-300)) - low) / (high - low)
        return BOTTOM + (TOP - BOTTOM) * max(0.0, min(1.0, share))

    return y


def _across(task, axis):
    if axis == "size":
        room = (WIDTH - LEFT - RIGHT) / len(set(task["size"]))
        return lambda k: LEFT + room * (k + 0.5)
    log = math.log if axis == "rate" else float
    low, high = (log(v) for v in task["limits"][axis])
    return lambda v: LEFT + (WIDTH - RIGHT - LEFT) * (log(v) - low) / (high - low)


def search_chart(task, cells, axis):
    """Inside of the svg: axes, then the first cell's dots in grey and the chosen one's on top."""
    up, across = _up(task), _across(task, axis)
    out = []
    for loss in task["ticks"]:
        rule = {"class": "u-rule", "d": path([(LEFT, up(loss)), (WIDTH - RIGHT, up(loss))])}
        at = {"class": "u-tick", "x": LEFT - 8, "y": up(loss), "dy": ".33em", "text-anchor": "end"}
        out += [tag("path", rule), tag("text", at, _plain(loss))]
    level = up(task["chance"])
    out.append(tag("path", {"class": "u-rule u-one", "stroke-dasharray": "4 4",
                            "d": path([(LEFT, level), (WIDTH - RIGHT, level)])}))  # fmt: skip
    sizes = sorted(set(task["size"]))
    marks = {"rate": [0.001, 0.01, 0.1], "bias": range(6), "size": range(len(sizes))}[axis]
    for v in marks:
        low, high = (0, len(sizes)) if axis == "size" else task["limits"][axis]
        if low <= v <= high:
            at = {"class": "u-tick", "x": across(v), "y": BOTTOM + 24, "text-anchor": "middle"}
            out.append(tag("text", at, _plain(sizes[v] if axis == "size" else v)))
    out.append(tag("text", {"class": "u-key", "x": 0, "y": 18}, "test loss"))
    at = {"class": "u-key", "x": WIDTH - RIGHT, "y": HEIGHT - 8, "text-anchor": "end"}
    out.append(tag("text", at, AXES[axis]))
    for cell, css in zip(cells, ("u-first", "u-second"), strict=True):
        view = search_view(task, cell, axis)
        dots = "".join(tag("circle", {"cx": x, "cy": y, "r": 4}) for x, y in view["points"])
        line = tag("path", {"class": "u-medians", "d": path(view["line"])})
        out.append(tag("g", {"class": css}, dots + line))
    return "".join(out)


def _plain(value):
    """Two digits, without a power of ten: 0.00034, 0.1, 16."""
    return np.format_float_positional(float(f"{value:.2g}"), trim="-")


def search_says(name, task, label, cell):
    """The sentence below the picture."""
    view = search_view(task, cell, "rate")
    return (
        f"{name}, {label}: median loss {_plain(view['median'])}, lowest {_plain(view['least'])} "
        f"at a learning rate of {_plain(view['at'])}; {view['idle']} of "
        f"{len(task['nets'][cell])} nets are no better than chance."
    )


def search_explorer(tasks, cells, *, task=0, cell=1, axis="rate"):
    """A recorded random search: the reader chooses task, cell and hyper-parameter.

    tasks: {name: {"rate", "bias", "size": each (D,), "limits": {"rate": (low, high), "bias": …},
    "chance": loss, "nets": {cell: losses, as many for each draw, draw after draw}}}; cells:
    {cell: (label, model that gives its colour)}, the first drawn in grey behind the others; task,
    cell and axis: what is shown first.  FigureError names what does not fit.
    """
    if axis not in AXES:
        raise FigureError(f"axis: expected one of {', '.join(AXES)}, got {axis!r}")
    names, labels = list(tasks), [label for label, _ in cells.values()]
    data = {
        "tasks": [{"name": name} | _checked(name, each, cells) for name, each in tasks.items()],
        "cells": [
            {"key": key, "label": label, "ink": variable(known(model))}
            for key, (label, model) in cells.items()
        ],
        "axes": [{"key": key, "label": label} for key, label in AXES.items()],
    }
    for name, value, of in (("task", task, names), ("cell", cell, labels)):
        if not 0 <= value < len(of):
            raise FigureError(f"{name}: expected 0 to {len(of) - 1}, got {value!r}")
    shown, key = data["tasks"][task], list(cells)[cell]
    says = minus(search_says(names[task], shown, labels[cell], key))
    controls = choice("task", "task", names, task, "search-task", "u-wide")
    controls += choice("variant", "cell", labels, cell, "search-cell", "u-wide")
    controls += choice("across", "axis", AXES.values(), list(AXES).index(axis), "search-axis",
                       "u-wide")  # fmt: skip
    inks = f"--first: {variable('neutral')}; --second: {data['cells'][cell]['ink']}"
    rows = "".join(
        f'<tr><th scope="row">{escape(label)}</th>'
        + "".join(f"<td>{_plain(_median(t['nets'][k]))}</td>" for t in data["tasks"]) + "</tr>"
        for k, label in zip(cells, labels, strict=True)
    )  # fmt: skip
    head = "".join(f'<th scope="col">{escape(n)}</th>' for n in names)
    body = f"""<section class="u-widget u-searches" style="{inks}" aria-label="Nets of the search"
><svg class="u-figure u-drawing u-chart" viewBox="0 0 {WIDTH} {HEIGHT}" role="img"
style="max-width:{WIDTH}px" aria-label="{escape(says)}"
>{search_chart(shown, (next(iter(cells)), key), axis)}</svg>
<p class="u-legend"><span><svg viewBox="0 0 16 14" aria-hidden="true"><g class="u-first"><circle
cx="8" cy="7" r="5"></circle></g></svg> {escape(labels[0])}</span> <span><svg viewBox="0 0 16 14"
aria-hidden="true"><g class="u-second"><circle cx="8" cy="7" r="5"></circle></g></svg>
<span class="u-chosen">{escape(labels[cell])}</span>; lines: medians</span></p>
<div class="u-story" hidden>
<p class="u-say" aria-live="polite">{escape(says)}</p>
<div class="u-grid">{controls}</div>
</div>
<details class="u-table" open><summary>Median losses, as a table</summary>
<div class="u-scroll" tabindex="0" role="group" aria-label="Table of medians"><table>
<thead><tr><td></td>{head}</tr></thead><tbody>{rows}</tbody></table></div></details>
{embedded(data)}
</section>"""
    return Html(body, ("svg.js", "searches.js"), f"figure: {says}")


def _checked(name, task, cells):
    """What the page keeps of a task; FigureError where its arrays do not fit together."""
    draws = {axis: [float(v) for v in task[axis]] for axis in AXES}
    nets = {key: [float(v) for v in np.ravel(task["nets"][key])] for key in cells}
    count = len(draws["rate"])
    for what, values, whole in [(a, v, 1) for a, v in draws.items()] + [
        (key, values, None) for key, values in nets.items()
    ]:
        fits = len(values) == count if whole else values and len(values) % count == 0
        if not fits:
            raise FigureError(f"{name}: {what} has {len(values)} numbers for {count} draws")
    every = [loss for losses in nets.values() for loss in losses]
    if min(every) <= 0:
        raise FigureError(f"{name}: losses are drawn on a logarithmic axis; expected positive ones")
    chance = float(task["chance"])
    top = max(chance * 1.3, sorted(every)[int(0.98 * len(every))])
    low = math.floor(math.log10(min(every)) * 3) / 3
    ticks = [m * 10.0**k for k in range(math.floor(low) - 1, 2) for m in (1, 2, 5)]
    if math.log10(top) - low > 1.4:
        ticks = [t for t in ticks if f"{t:e}".startswith("1.")]
    return draws | {
        "limits": {a: [float(v) for v in task["limits"][a]] for a in ("rate", "bias")},
        "chance": chance,
        "nets": nets,
        "losses": [10**low, top],
        "ticks": [float(f"{t:.2g}") for t in ticks if 10**low <= t <= top],
    }
