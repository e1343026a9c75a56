"""The first picture of each explorer, drawn here so that a page without script has it too.

``assets/lstm.js`` and ``assets/decay.js`` draw the same; a browser test compares the two.
"""

import math

from course_utils.figures.labels import number

GATES = ("f", "i", "g", "o")
MEANING = {"f": "forget", "i": "input", "g": "candidate", "o": "output"}
WIDTH = 640


def tag(name, attributes, text=None):
    """One SVG element; numbers are rounded to hundredths."""

    def value(v):
        return v if isinstance(v, str) else f"{round(v * 100) / 100:g}"

    inside = "" if text is None else text
    pairs = "".join(f' {k}="{value(v)}"' for k, v in attributes.items())
    return f"<{name}{pairs}>{inside}</{name}>"


def path(points):
    """Path data of a polyline."""
    return "M" + "L".join(f"{x:.2f} {y:.2f}" for x, y in points)


# -- the LSTM --------------------------------------------------------------------------------------

LEFT, RIGHT = 52, 40
PLOT_TOP, PLOT_HEIGHT, ROW_TOP, ROW_HEIGHT = 14, 130, 166, 31


def lstm_rows(run):
    """What has a row of bars: the gates, and above them the inputs, if the unit reads any."""
    return GATES if run[0]["x"] is None else ("x", *GATES)


def lstm_height(run):
    """Height of the chart in the units of its view box."""
    return ROW_TOP + ROW_HEIGHT * len(lstm_rows(run)) + 30


def lstm_chart(run, now, reach, held=()):
    """Inside of the svg.

    run: as from ``lstm_run``; now: index of the marked step; reach: the |c| at the plot's edge;
    held: pairs (gate, index) that a hand holds against the weights.
    """
    column, rows = (WIDTH - LEFT - RIGHT) / len(run), lstm_rows(run)

    def x(t):
        return LEFT + column * (t + 0.5)

    def y(v):
        return PLOT_TOP + PLOT_HEIGHT * (0.5 - 0.5 * v / reach)

    out = [tag("rect", {"class": "u-now", "x": LEFT + column * now, "y": 4, "width": column,
                        "height": lstm_height(run) - 34, "rx": 8})]  # fmt: skip
    for v in (reach, 0, -reach):
        rule = {"class": "u-rule", "d": path([(LEFT, y(v)), (WIDTH - RIGHT, y(v))])}
        tick = {"class": "u-tick", "x": LEFT - 10, "y": y(v), "dy": ".33em", "text-anchor": "end"}
        out += [tag("path", rule), tag("text", tick, number(v).removesuffix(".00"))]
    for state, css in (("c", "u-cell"), ("h", "u-hidden")):
        line = [(x(t), y(s[state])) for t, s in enumerate(run)]
        dots = "".join(
            tag("circle", {"cx": a, "cy": b, "r": 6 if t == now else 3.5})
            for t, (a, b) in enumerate(line)
        )
        before = [(LEFT, y(run[0][f"{state}_prev"]))]
        way = tag("path", {"d": path(before + line)})
        out.append(tag("g", {"class": f"u-trace {css}"}, way + dots))
    gap = y(run[-1]["h"]) - y(run[-1]["c"])
    push = max(0, (28 - abs(gap)) / 2) * (-1 if gap < 0 else 1)  # the two letters never touch
    for state, css, shift in (("c", "u-cell", -push), ("h", "u-hidden", push)):
        at = {"class": f"u-name {css}", "x": WIDTH - RIGHT + 6, "y": y(run[-1][state]) + shift}
        out.append(tag("text", at | {"dy": ".3em"}, state))
    out += [_bars(run, name, k, column, x, held) for k, name in enumerate(rows)]
    foot = lstm_height(run) - 8
    for t in range(len(run)):
        if t == 0 or (t + 1) % 4 == 0:
            at = {"class": "u-tick", "x": x(t), "y": foot, "text-anchor": "middle"}
            out.append(tag("text", at, str(t + 1)))
    out.append(tag("text", {"class": "u-name", "x": WIDTH - RIGHT + 6, "y": foot}, "t"))
    return "".join(out)


def _bars(run, name, k, column, x, held):
    base, inner = ROW_TOP + ROW_HEIGHT * k, ROW_HEIGHT - 7
    signed = name in ("g", "x")  # what may be negative grows from the middle
    zero, unit = (base + inner / 2, inner / 2) if signed else (base + inner, inner)
    if name == "x":
        unit /= max(1, *(abs(s["x"]) for s in run))
    at = {"class": "u-name", "x": LEFT - 12, "y": base + inner / 2, "dy": ".3em"}
    inside = tag("text", at | {"text-anchor": "end"}, name)
    for t, s in enumerate(run):
        size, room = s[name] * unit, {"x": x(t) - column / 2 + 4, "width": column - 8}
        css = "u-cup u-held" if (name, t) in held else "u-cup"
        cup = {"class": css, **room, "y": base, "height": inner, "rx": 4}
        fill = {"class": "u-fill", **room, "y": min(zero, zero - size), "rx": 2}
        fill["height"] = max(1.5, abs(size))  # a trace of ink where a gate is shut
        inside += tag("rect", cup) + tag("rect", fill)
    return tag("g", {"class": f"u-bars u-{MEANING.get(name, name)}"}, inside)


# -- fading gradients ------------------------------------------------------------------------------

FADE_LEFT, FADE_RIGHT, TOP, BOTTOM, HIGH, LOW = 72, 20, 40, 296, 9, -15
_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def power(exponent):
    """10 to that exponent in words: 0.05, 3.2, 1.8 × 10⁻³."""
    if -1 < exponent < 3:
        return f"{10**exponent:.{2 if exponent < 0 else 1}f}"
    whole = math.floor(exponent)
    mantissa = f"{10 ** (exponent - whole):.1f}"
    if mantissa == "10.0":
        mantissa, whole = "1.0", whole + 1
    return f"{mantissa} × 10{str(whole).translate(_RAISED)}"


def decay_chart(lags, log10, radius):
    """Inside of the svg.  lags (K,), log10 (K,): measured norms; radius: the predicted base."""
    last = lags[-1]

    def x(lag):
        return FADE_LEFT + (WIDTH - FADE_LEFT - FADE_RIGHT) * lag / last

    def y(v):
        return TOP + (BOTTOM - TOP) * (HIGH - v) / (HIGH - LOW)

    out = []
    for v in (9, 3, 0, -3, -9, -15):
        css = "u-rule" if v else "u-rule u-one"
        label = power(v).replace("1.0 × ", "") if v else "1"
        tick = {"class": "u-tick", "x": FADE_LEFT - 10, "y": y(v), "dy": ".33em",
                "text-anchor": "end"}  # fmt: skip
        rule = {"class": css, "d": path([(FADE_LEFT, y(v)), (WIDTH - FADE_RIGHT, y(v))])}
        out += [tag("text", tick, label), tag("path", rule)]
    for k in range(6):
        at = {"class": "u-tick", "x": x(last * k / 5), "y": 321, "text-anchor": "middle"}
        out.append(tag("text", at, f"{round(last * k / 5)}"))
    slope = math.log10(radius)
    stop = min(last, HIGH / slope if slope > 0 else LOW / slope if slope < 0 else last)
    line = path([(x(0), y(0)), (x(stop), y(stop * slope))])
    out.append(tag("path", {"class": "u-theory u-neutral", "d": line}))
    if stop < last:  # it leaves the picture: say so
        down = 1 if slope < 0 else -1
        tip = f"M{x(stop) - 7:.2f} {y(stop * slope) - 11 * down:.2f}l14 0l-7 {11 * down}z"
        out.append(tag("path", {"class": "u-exit u-neutral", "d": tip}))
    dots = "".join(
        tag("circle", {"cx": x(k), "cy": y(v), "r": 5})
        for k, v in zip(lags, log10, strict=True)
        if LOW <= v <= HIGH
    )
    out.append(tag("g", {"class": "u-dots u-gradient"}, dots))
    out.append(tag("text", {"class": "u-tick", "x": FADE_LEFT, "y": 18}, "norm of the gradient"))
    foot = {"class": "u-tick", "x": WIDTH - FADE_RIGHT, "y": 346, "text-anchor": "end"}
    out.append(tag("text", foot, "steps back in time"))
    return "".join(out)
