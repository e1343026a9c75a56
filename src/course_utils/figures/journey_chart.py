"""The picture of the gradient's journey, drawn here so that a page without script has it too.

``assets/journey.js`` draws the same; a browser test compares the two.
"""

import math

from course_utils.figures.charts import path, power, tag
from course_utils.figures.journey import GATE

WIDTH, HEIGHT, LEFT, RIGHT = 640, 470, 66, 16
FLAG, CELL, TALL, BELT, LAYERS = 24, 58, 60, 74, 104  # the chain: loss, cells, and two lanes
TOP, BOTTOM, HIGH, LOW = 142, 306, 2, -6  # the chart, in powers of ten
BARS, BAR = 372, 48  # the line that the bars of the weights stand on, and the tallest
ZERO, HALF, MOST = 414, 24, 3  # the inputs
FOOT = 462
BAND = 14  # of the thickest message


def x_of(t, steps):
    """Middle of time step t."""
    return LEFT + (WIDTH - LEFT - RIGHT) * (t - 0.5) / steps


def height_of(value):
    """Where a norm stands in the chart; None below it or where nothing arrives."""
    if value <= 10.0**LOW:
        return None
    return TOP + (BOTTOM - TOP) * (HIGH - min(HIGH, math.log10(value))) / (HIGH - LOW)


def amount(value):
    """A norm as a reader sees it: 0.052, 3.2, 1.8 × 10⁻³; 0 only where nothing is."""
    if value == 0:
        return "0"
    if 0.01 <= value < 0.0995:
        return f"{value:.3f}"
    return power(math.log10(value)).replace(" ", "\N{NO-BREAK SPACE}")


def journey_chart(settings, found, at):
    """Inside of the svg.  found: a ``Journey``; at: the step that the message has come back to."""
    steps, loss = len(found.arrives), settings["loss"]
    column = (WIDTH - LEFT - RIGHT) / steps
    x = {t: x_of(t, steps) for t in range(steps + 1)}
    out = [tag("rect", {"class": "u-now", "x": x[at] - column / 2, "y": 44, "width": column,
                        "height": FOOT - 60, "rx": 6})]  # fmt: skip
    out.append(_frame(x, steps, column, settings))
    out.append(_cells(x, column, settings, found))
    out.append(_bands(x, column, settings, found, at))
    flag = tag("path", {"class": "u-line", "d": f"M{x[loss]:.2f} {FLAG}V{CELL}"})
    flag += tag("circle", {"cx": x[loss], "cy": FLAG, "r": 15})
    flag += tag("text", {"class": "u-glyph", "x": x[loss], "y": FLAG, "dy": ".34em"}, "L")
    out.append(tag("g", {"class": "u-flag u-gradient"}, flag))
    out.append(_lines(x, settings, found, at))
    out.append(_bars(x, column, settings, found, at))
    out.append(_inputs(x, column, settings))
    return "".join(out)


def lanes(settings):
    """{height: name} of the lanes, by what a message is multiplied with on them."""
    gate = GATE[settings["cell"]]
    return {LAYERS: "W"} | ({BELT: gate} if gate else {})


def _frame(x, steps, column, settings):
    """Rules, ticks and cuts."""
    out = []
    for v in range(HIGH, LOW, -2):
        y = height_of(10.0**v)
        tick = {"class": "u-tick", "x": LEFT - 8, "y": y, "dy": ".33em", "text-anchor": "end"}
        out.append(tag("text", tick, {2: "100", 0: "1"}.get(v) or power(v).replace("1.0 × ", "")))
        rule = {"class": "u-rule u-one" if v == 0 else "u-rule"}
        out.append(tag("path", rule | {"d": path([(LEFT, y), (WIDTH - RIGHT, y)])}))
    for t in range(1, steps):
        if t % settings["chunk"] == 0:
            cut = {"class": "u-theory u-neutral u-cut"}
            out.append(tag("path", cut | {"d": f"M{x[t] + column / 2:.2f} 44V{BARS}"}))
    for y in lanes(settings):
        end = x[steps] + column / 2
        out.append(tag("path", {"class": "u-rule", "d": f"M{LEFT} {y}H{end:.2f}"}))
    names = [*lanes(settings).values(), "dW", "x"]
    for name, y in zip(names, (*lanes(settings), BARS - 16, ZERO), strict=True):
        at = {"class": "u-name", "x": LEFT - 12, "y": y, "dy": ".3em", "text-anchor": "end"}
        out.append(tag("text", at, name))
    every = 1 if steps <= 8 else 4
    for t in range(1, steps + 1):
        if t == 1 or t % every == 0:
            at = {"class": "u-tick", "x": x[t], "y": FOOT - 6, "text-anchor": "middle"}
            out.append(tag("text", at, str(t)))
    last = {"class": "u-name", "x": LEFT - 12, "y": FOOT - 6, "text-anchor": "end"}
    out.append(tag("text", last, "t"))
    out.append(
        tag("path", {"class": "u-rule u-one", "d": path([(LEFT, BARS), (WIDTH - RIGHT, BARS)])})
    )
    return "".join(out)


def _cells(x, column, settings, found):
    """A box a step, filled as far as the step lets a message pass along the state."""
    wide = 0.5 * column
    css = "u-hidden" if settings["cell"] == "rnn" else "u-forget"
    out = []
    for t, opens in enumerate(found.opens, start=1):
        box = {"x": x[t] - wide / 2, "width": wide}
        size = (TALL - 4) * opens
        out.append(tag("rect", {"class": "u-cup", **box, "y": CELL, "height": TALL, "rx": 4}))
        fill = {"class": "u-fill", "x": x[t] - wide / 2 + 2, "width": wide - 4, "rx": 3}
        out.append(tag("rect", fill | {"y": CELL + TALL - 2 - size, "height": size}))
    return tag("g", {"class": f"u-bars u-gates {css}"}, "".join(out))


def _bands(x, column, settings, found, at):
    """What crosses each border, as a band of its norm; the largest is as thick as ``BAND``."""
    most = max(1, *found.belt, *found.layers)
    lanes = (("u-cell", BELT, found.belt), ("u-hidden", LAYERS, found.layers))
    out = []
    for css, y, values in lanes:
        bands = ""
        for t in range(settings["loss"] - 1, at - 1, -1):
            if values[t - 1] > 0:
                thick = max(0.75, BAND * values[t - 1] / most)
                start, end = x[t + 1] - column / 4, x[t] + column / 4
                head = min(7, (start - end) / 2)
                bands += tag("path", {"class": "u-band", "stroke-width": thick,
                                      "d": f"M{start:.2f} {y}H{end + head:.2f}"})  # fmt: skip
                half = thick / 2 + 3
                bands += tag(
                    "path",
                    {
                        "class": "u-tip",
                        "d": f"M{end:.2f} {y}l{head:.2f} {-half:.2f}v{2 * half:.2f}z",
                    },
                )
        out.append(tag("g", {"class": f"u-bands {css}"}, bands))
    return "".join(out)


def traces(settings, found):
    """(class, norms by time step) of each line."""
    layers = ("u-trace u-hidden", found.layers)
    if settings["cell"] == "rnn":
        powers = [settings["scale"] ** max(0, settings["loss"] - t - 1)
                  for t in range(len(found.layers))]  # fmt: skip
        radius = [v if v <= 10**HIGH else 0 for v in powers]  # it ends where it leaves the chart
        return [layers, ("u-trace u-never u-neutral", radius)]
    return [("u-trace u-cell", found.belt), layers, ("u-trace u-never u-cell", found.never)]


def _lines(x, settings, found, at):
    """The norms on a logarithmic scale."""
    first, last = settings["loss"], at
    out = []
    for css, values in traces(settings, found):
        points = [(x[t], height_of(values[t - 1])) for t in range(first - 1, last - 1, -1)]
        points = points[: next((k for k, p in enumerate(points) if p[1] is None), len(points))]
        if points:
            out.append(tag("g", {"class": css}, tag("path", {"d": path(points)})))
    dots = ""
    for t in range(first, last - 1, -1):
        y = height_of(found.arrives[t - 1])
        if y is not None:
            dots += tag("circle", {"cx": x[t], "cy": y, "r": 7 if t == at else 4.5})
    out.append(tag("g", {"class": "u-dots u-gradient"}, dots))
    return "".join(out)


def _bars(x, column, settings, found, at):
    """What each step adds to dL/dW: outlined before clipping, full after."""
    most = max(max(found.adds), 1e-12)
    share = found.clipped / max(found.length, 1e-12)
    out = ""
    for t in range(settings["loss"], at - 1, -1):
        if found.adds[t - 1] > 0:
            size, box = (
                BAR * found.adds[t - 1] / most,
                {"x": x[t] - 0.3 * column, "width": 0.6 * column},
            )
            if share < 1:
                out += tag(
                    "rect", {"class": "u-cup u-held", **box, "y": BARS - size, "height": size}
                )
            size = max(1.5, size * share)
            out += tag("rect", {"class": "u-fill", **box, "y": BARS - size, "height": size})
    return tag("g", {"class": "u-bars u-shares u-gradient"}, out)


def _inputs(x, column, settings):
    out = ""
    for t, value in enumerate(settings["x"], start=1):
        size, box = HALF * value / MOST, {"x": x[t] - 0.35 * column, "width": 0.7 * column}
        out += tag("rect", {"class": "u-cup", **box, "y": ZERO - HALF, "height": 2 * HALF, "rx": 3})
        out += tag("rect", {"class": "u-fill", **box, "y": min(ZERO, ZERO - size),
                            "height": max(1.5, abs(size))})  # fmt: skip
    return tag("g", {"class": "u-bars u-x"}, out)
