"""Predict first: the reader draws a curve or sets bars, then the measured result appears.

Arrays come in, HTML goes out.  Python draws the axes and the measured result; the scripts
``assets/predict*.js`` hide the latter until the reader asks for it and add what the reader draws.
Without script, and on paper, the measured result is simply there.
"""

import hashlib
import math
from html import escape

import numpy as np

from course_utils.figures.charts import path, tag
from course_utils.figures.looks import known
from course_utils.figures.page import FigureError, Html, embedded
from course_utils.figures.palette import variable

WIDTH, HEIGHT = 520, 404  # not wider: a phone shows all of it, and a finger needs the height
LEFT, RIGHT, TOP, BOTTOM = 84, 24, 44, 340
MOST_POINTS = 12  # that a reader draws; a curve may be measured at more
# The answer is hidden before it is painted, not after the page's scripts have come.
_WAIT = (
    "<script>document.currentScript&&"
    'document.currentScript.parentElement.classList.add("is-waiting")</script>'
)
_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def predict_curve(
    x, measured, low=None, high=None, *, question, xlabel, ylabel, answer="", ylim=None,
    xlog=False, ylog=False, unit="", points=None, meaning="neutral",
):  # fmt: skip
    """A grid on which the reader draws a curve before the measured one appears.

    x (K,) increasing; measured (K,); low, high (K,), the interval around it, or neither.
    question: what to predict, one sentence, without the answer.  xlabel, ylabel: the axes' names.
    answer: a sentence that appears with the measurement.  ylim: (bottom, top) of the grid; give it
    where the range itself would tell.  xlog, ylog: logarithmic axes; along x every one of at most
    eight points bears its number.  unit: behind numbers, for example "%".  points: indices of x at
    which the reader draws, at most 12; default: spread evenly.  meaning: the quantity or the model
    measured, which gives the curve its colour.
    FigureError names an argument that does not fit.
    """
    x, (measured, low, high) = _array("x", x), _checked(measured, low, high)
    if x.shape != measured.shape or len(x) < 2 or (np.diff(x) <= 0).any():
        raise FigureError(
            f"x: expected at least two increasing numbers, one for each of the {len(measured)} "
            f"measured values, got {x.tolist()}"
        )
    across = _Scale("xlim", (x[0], x[-1]), xlog, LEFT + 14, WIDTH - RIGHT - 14)
    up = _Scale("ylim", ylim or _around(measured, low, high, ylog), ylog, BOTTOM, TOP)
    up.hold(measured, low, high)
    points = _spread(len(x)) if points is None else list(points)
    if not 1 <= len(points) <= MOST_POINTS or sorted(set(points)) != points or (
        not 0 <= points[0] <= points[-1] < len(x)
    ):  # fmt: skip
        raise FigureError(
            f"points: expected 1 to {MOST_POINTS} increasing indices below {len(x)}, got {points}"
        )
    named = x[points] if xlog and len(points) <= 8 else across.ticks()
    drawn = _axes(across, up, named, xlabel, ylabel)
    drawn += _curve(across, up, x, measured, low, high, meaning)
    data = {
        "x": _plain(x[points]), "measured": _plain(measured[points]), "unit": unit,
        "at": [round(across(v), 2) for v in x[points]], "scale": up.facts(), "xlabel": xlabel,
    }  # fmt: skip
    if low is not None:
        data |= {"low": _plain(low[points]), "high": _plain(high[points])}
    picture = f"""<svg class="u-figure u-drawing u-chart" viewBox="0 0 {WIDTH} {HEIGHT}" role="img"
style="max-width:{WIDTH}px"
aria-label="A grid, {escape(ylabel)} against {escape(xlabel)}; the measured values are in the table"
>{drawn}<g class="u-yours"></g></svg>"""
    how = (
        "Draw on the grid. By keyboard: left and right go from point to point, up and down move "
        "the point; Page Up and Page Down move it further."
    )
    table = _table([xlabel, ylabel], [_text(v) for v in x], measured, low, high, unit)
    return _figure("curve", question, answer, data, picture, how, table)


def predict_bars(
    names, measured, low=None, high=None, *, question, label, answer="", lim=None, log=False,
    unit="", meanings=None,
):  # fmt: skip
    """Bars that the reader sets, one slider each, before the measured ones appear.

    names: K words; measured (K,); low, high (K,), the interval around it, or neither.  question:
    what to predict, one sentence, without the answer.  label: the name of the axis.  answer: a
    sentence that appears with the measurement.  lim: (left, right) of the bars; give it where the
    range itself would tell.  log: a logarithmic axis.  unit: behind numbers, for example "%".
    meanings: the quantity or the model of each bar (default neutral).  FigureError names an
    argument that does not fit.
    """
    names, (measured, low, high) = [str(n) for n in names], _checked(measured, low, high)
    meanings = ["neutral"] * len(names) if meanings is None else list(meanings)
    if not len(names) == len(measured) == len(meanings):
        raise FigureError(
            f"names: expected one for each of the {len(measured)} measured values (and as many "
            f"meanings), got {len(names)} names and {len(meanings)} meanings"
        )
    scale = _Scale("lim", lim or _around(measured, low, high, log), log, 0, 600)
    scale.hold(measured, low, high)
    rows = ""
    for k, name in enumerate(names):
        bar = tag("rect", {"class": "u-fill", "x": 0, "y": 15, "height": 11, "rx": 2,
                           "width": max(1.5, scale(measured[k]))})  # fmt: skip
        if low is not None:
            ends = [(scale(low[k]), 20.5), (scale(high[k]), 20.5)]
            bar += tag("path", {"class": "u-interval", "d": path(ends)})
        rows += (
            f'<div class="u-row" {_coloured(meanings[k])}><label class="u-label">'
            f"<span>{escape(name)}</span><output></output></label>"
            '<svg viewBox="0 0 600 30" preserveAspectRatio="none" aria-hidden="true">'
            f'<path class="u-rule" d="M0 29.5H600"/><g class="u-mine"></g>'
            f'<g class="u-measured">{bar}</g></svg></div>'
        )
    ticks = "".join(
        f'<span style="left:{100 * scale(v) / 600:.2f}%">{_text(v)}</span>' for v in scale.ticks()
    )
    picture = (
        f'<div class="u-rows">{rows}<div class="u-axis" aria-hidden="true">{ticks}</div>'
        f'<p class="u-axis-name">{escape(label)}{escape(_behind(unit))}</p></div>'
    )
    data = {"names": names, "measured": _plain(measured), "unit": unit, "scale": scale.facts()}
    if low is not None:
        data |= {"low": _plain(low), "high": _plain(high)}
    how = "Set each bar, by dragging or with the arrow keys."
    table = _table(["", label], [escape(n) for n in names], measured, low, high, unit)
    return _figure("bars", question, answer, data, picture, how, table)


def _figure(kind, question, answer, data, picture, how, table):
    """What both have around the picture."""
    for name, words in (("question", question), ("answer", answer or "none")):
        if not isinstance(words, str) or not words.strip():
            raise FigureError(f"{name}: expected a sentence, got {words!r}")
    text = embedded(data)
    data["key"] = hashlib.sha256((question + text).encode()).hexdigest()[:12]
    told = f'<p class="u-told">{escape(answer)}</p>' if answer else ""
    body = f"""<section class="u-widget u-predict u-predict-{kind}" aria-label="{escape(question)}"
>{_WAIT}<p class="u-question">{escape(question)}</p>
<p class="u-how" hidden>{how}</p>
{picture}
<div class="u-controls" hidden><button type="button" class="u-show">Show what was measured</button>
<button type="button" class="u-clear">Clear mine</button></div>
<p class="u-say" aria-live="polite" hidden></p>
{told}{table}
{embedded(data)}
</section>"""
    scripts = ("svg.js", "predict.js", f"predict_{kind}.js")
    return Html(body, scripts, f"figure to predict: {question}")


# -- arrays ----------------------------------------------------------------------------------------


def _array(name, values):
    array = np.asarray(values, float)
    if array.ndim != 1 or not array.size or not np.isfinite(array).all():
        raise FigureError(f"{name}: expected finite numbers in one row, got shape {array.shape}")
    return array


def _checked(measured, low, high):
    """The three as arrays of one length; low and high both or neither, around measured."""
    measured = _array("measured", measured)
    if (low is None) != (high is None):
        raise FigureError("low, high: give both ends of the interval, or neither")
    if low is None:
        return measured, None, None
    low, high = _array("low", low), _array("high", high)
    if not low.shape == high.shape == measured.shape:
        raise FigureError(
            f"low, high: expected {len(measured)} numbers each, got {len(low)} and {len(high)}"
        )
    if (low > measured).any() or (high < measured).any():
        raise FigureError("low, high: the interval must hold the measured value everywhere")
    return measured, low, high


def _coloured(name):
    """Attributes that colour what they stand on as a quantity or a model."""
    ink = variable(known(name))
    return f'style="--ink: {ink}; --tint: color-mix(in srgb, {ink} 20%, var(--u-page))"'


def _around(measured, low, high, log):
    """Limits that hold everything, roomy and round, so that they do not tell."""
    bottom, top = (measured if v is None else v for v in (low, high))
    if log:
        if bottom.min() <= 0:
            raise FigureError("log: a logarithmic axis needs positive numbers; see low")
        return 10.0 ** math.floor(math.log10(bottom.min()) - 0.5), 10.0 ** math.ceil(
            math.log10(top.max()) + 0.5
        )
    step = _step(max(top.max(), 0) - min(bottom.min(), 0) or 1)
    return (step * math.floor(min(bottom.min(), 0) / step),
            step * math.ceil(max(top.max() * 1.2, 0) / step))  # fmt: skip


def _step(width):
    """A round number that divides width into about five."""
    power = 10.0 ** math.floor(math.log10(width / 5))
    return next(power * k for k in (1, 2, 5, 10) if width / (power * k) <= 6)


def _spread(count):
    """Indices of at most twelve of count points, ends included."""
    wanted = min(count, MOST_POINTS)
    return sorted({round(k * (count - 1) / (wanted - 1)) for k in range(wanted)})


def _plain(array):
    return [float(f"{v:.6g}") for v in array]


class _Scale:
    """From values to places in the drawing, linear or logarithmic."""

    def __init__(self, name, limits, log, first, last):
        self.name, self.log, self.first, self.last = name, log, first, last
        self.low, self.high = (float(v) for v in limits)
        if not self.low < self.high or (log and self.low <= 0):
            what = "two positive increasing" if log else "two increasing"
            raise FigureError(f"{name}: expected {what} numbers, got {tuple(limits)}")

    def __call__(self, value):
        low, high = self.low, self.high
        if self.log:
            value, low, high = math.log(value), math.log(low), math.log(high)
        return self.first + (self.last - self.first) * (value - low) / (high - low)

    def hold(self, *arrays):
        """FigureError where a value would lie outside."""
        for array in arrays:
            if array is not None and (array.min() < self.low or array.max() > self.high):
                raise FigureError(
                    f"{self.name}: {self.low:g} to {self.high:g} does not hold the values, "
                    f"{array.min():g} to {array.max():g}"
                )

    def ticks(self):
        if not self.log:
            step = _step(self.high - self.low)
            count = range(
                math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9) + 1
            )
            return [k * step for k in count]
        ends = math.ceil(math.log10(self.low) - 1e-9), math.floor(math.log10(self.high) + 1e-9)
        every = max(1, (ends[1] - ends[0]) // 6)
        powers = [10.0**k for k in range(ends[0], ends[1] + 1, every)]
        return powers if len(powers) > 1 else [self.low, self.high]

    def facts(self):
        return {"low": self.low, "high": self.high, "log": self.log,
                "first": self.first, "last": self.last}  # fmt: skip


# -- drawing ---------------------------------------------------------------------------------------


def _text(value):
    """Three digits, as ``predict.js`` writes them: 0.905, 31, 1.2 × 10⁻⁵."""
    value = float(value)
    if value and not 1e-3 <= abs(value) < 1e5:
        mantissa, power = f"{value:.2e}".split("e")
        mantissa = f"{float(mantissa):g}"
        raised = f"10{str(int(power)).translate(_RAISED)}"
        text = raised if mantissa == "1" else f"{mantissa} × {raised}"
    else:
        text = f"{float(f'{value:.3g}'):.10g}"
    return text.replace("-", "−")


def _behind(unit):
    return f", {unit}" if unit else ""


def _axes(across, up, named, xlabel, ylabel):
    out = ""
    for v in up.ticks():
        at = {"class": "u-tick", "x": LEFT - 10, "y": up(v), "dy": ".33em", "text-anchor": "end"}
        rule = {"class": "u-rule", "d": path([(LEFT, up(v)), (WIDTH - RIGHT, up(v))])}
        out += tag("path", rule) + tag("text", at, _text(v))
    for v in named:
        at = {"class": "u-tick", "x": across(v), "y": BOTTOM + 26, "text-anchor": "middle"}
        out += tag("text", at, _text(v))
    out += tag("text", {"class": "u-key", "x": 0, "y": 20}, escape(ylabel))
    at = {"class": "u-key", "x": WIDTH - RIGHT, "y": HEIGHT - 8, "text-anchor": "end"}
    out += tag("text", at, escape(xlabel))
    return f'<g aria-hidden="true">{out}</g>'


def _curve(across, up, x, measured, low, high, meaning):
    line = [(across(a), up(b)) for a, b in zip(x, measured, strict=True)]
    out = ""
    if low is not None:
        band = [(across(a), up(b)) for a, b in zip(x, high, strict=True)]
        band += [(across(a), up(b)) for a, b in zip(x[::-1], low[::-1], strict=True)]
        out += tag("path", {"class": "u-band", "d": path(band) + "Z"})
    out += tag("path", {"class": "u-line", "d": path(line)})
    return f'<g class="u-measured" {_coloured(meaning)} aria-hidden="true">{out}</g>'


def _table(head, names, measured, low, high, unit):
    heads = [*head[:1], f"{head[1]}{_behind(unit)}", *(["interval"] if low is not None else [])]
    rows = ""
    for k, name in enumerate(names):
        ends = f"<td>{_text(low[k])} to {_text(high[k])}</td>" if low is not None else ""
        rows += f'<tr><th scope="row">{name}</th><td>{_text(measured[k])}</td>{ends}</tr>'
    top = "".join(f'<th scope="col">{escape(h)}</th>' if h else "<td></td>" for h in heads)
    return f"""<details class="u-table u-told" open><summary>What was measured, as a table</summary>
<div class="u-scroll" tabindex="0" role="group" aria-label="Table of measurements"><table>
<thead><tr>{top}</tr></thead><tbody>{rows}</tbody></table></div></details>"""
