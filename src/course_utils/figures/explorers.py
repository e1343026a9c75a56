"""Figures the reader plays: an LSTM unit over some steps, and the fading of gradients.

Numbers come in, HTML goes out.  Without script each is a picture and a table.
"""

from html import escape

import numpy as np

from course_utils.figures import live as kernel
from course_utils.figures.charts import (
    GATES,
    MEANING,
    WIDTH,
    decay_chart,
)
from course_utils.figures.controls import choice, slider
from course_utils.figures.errors import FigureError
from course_utils.figures.labels import number, symbol
from course_utils.figures.lstm_parts import ROLE, lstm_alt, lstm_picture, lstm_weights
from course_utils.figures.page import Html, embedded
from course_utils.figures.unit import LIMIT, STATES, checked, lstm_run, within


def _table(summary, label, head, rows):
    head = "".join(f'<th scope="col">{h}</th>' for h in head)
    body = "".join(
        f'<tr><th scope="row">{first}</th>' + "".join(f"<td>{v}</td>" for v in rest) + "</tr>"
        for first, *rest in rows
    )
    return f"""<details class="u-table" open><summary>{summary}</summary>
<div class="u-scroll" tabindex="0" role="group" aria-label="{label}"><table>
<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div></details>"""


# -- the LSTM --------------------------------------------------------------------------------------


def lstm_explorer(presets, live=None):
    """An LSTM unit to play with: its gates, its inputs and the state it starts from.

    presets: {name: preset}, of one length T from 2 to 24.  A preset sets the pre-activations by
    hand, {"f": [a_1, …, a_T], "i": …, "g": …, "o": …}, each in [-6, 6]; or it gives the unit
    "weights" {"W_xf": …, "W_hf": …, "b_f": …, …} by the names of the equations, zero where one is
    missing, and inputs "x" [x_1, …, x_T] in [-3, 3].  Then the weights decide, and a gate that is
    listed as well is held where its list holds a number, not None.  The state before the first
    step is "c_0" in [-3, 3] and "h_0" in [-1, 1], zero if not given.

    live: force (True) or forbid (False) the widget; None decides by where this runs.  In the book,
    and in a notebook without ipywidgets, the figure computes in the page, in JavaScript, and needs
    no kernel; the table in it is from the spec.  With a kernel and ipywidgets it is an
    ``LstmPlayer``, drawn by the spec's equations: its numbers can be read in the next cell, and it
    works where a notebook shows no scripts from outputs.
    """
    presets = _checked(presets)
    if kernel.wanted(live):
        from course_utils.figures.player import LstmPlayer

        return LstmPlayer(presets)
    first = next(iter(presets))
    unit = presets[first]
    length = len(unit["f"])
    now = min(3, length)
    run = lstm_run(unit)
    buttons = "".join(
        f'<button type="button" aria-pressed="{str(n == first).lower()}">{escape(n)}</button>'
        for n in presets
    )
    reads = any(p["weights"] for p in presets.values())
    weights = "".join(lstm_weights(p, n) for n, p in presets.items())
    body = f"""<section class="u-widget u-lstm" aria-label="One LSTM unit over {length} steps">
<div class="u-presets" role="group" aria-label="Examples" hidden>{buttons}</div>
<div class="u-scene">{lstm_picture(unit, run, now)}</div>
<div class="u-story" hidden>
<p class="u-say" aria-live="polite"></p>
{weights}{_lstm_controls(unit, run, now, reads)}
</div>
{_lstm_table(run, reads)}
{embedded(presets)}
</section>"""
    return Html(body, ("svg.js", "lstm.js"), f"figure: {lstm_alt(run)}")


def _checked(presets):
    """Presets with everything filled in, of one length."""
    if not hasattr(presets, "items"):
        raise FigureError(f"presets: expected {{name: preset}}, got {type(presets).__name__}")
    presets = {name: within(name, checked(name, given)) for name, given in presets.items()}
    lists = [p[k] for p in presets.values() for k in (*GATES, "x") if p[k] is not None]
    lengths = {len(values) for values in lists}
    if len(lengths) != 1 or not 2 <= min(lengths) <= 24:
        raise FigureError(f"presets: expected one length from 2 to 24, got {sorted(lengths)}")
    return presets


def _lstm_controls(unit, run, now, reads):
    step = run[now - 1]
    gates = "".join(
        slider(ROLE[k], f"u-{MEANING[k]}", -6, 6, 0.1, round(step[f"a_{k}"], 1), k) for k in GATES
    )
    before = slider("c before step 1", "u-cell", -3, 3, 0.1, unit["c_0"], "c_0")
    decided = ""
    if reads:
        x, h = (LIMIT[k] for k in ("x", "h_0"))
        given = 0 if unit["x"] is None else unit["x"][now - 1]
        before += slider("h before step 1", "u-hidden u-read", -h, h, 0.1, unit["h_0"], "h_0")
        gates = slider("input x", "u-x u-wide u-read", -x, x, 0.1, given, "x") + gates
        decided = (
            '<p class="u-read"><button type="button" class="u-free">'
            "Let the weights decide again</button></p>"
        )
    return f"""<div class="u-grid">{slider("time step", "u-wide", 1, len(run), 1, now, "t")}
{gates}{before}</div>
<label class="u-check"><input type="checkbox" name="all"> the sliders set every step at once</label>
{decided}"""


def _lstm_table(run, reads):
    names = (*(["x"] if reads else []), *GATES, *STATES)
    rows = [
        [t, *("–" if s[n] is None else number(s[n]) for n in names)]
        for t, s in enumerate(run, start=1)
    ]
    head = ["<var>t</var>", *map(symbol, names)]
    return _table("These numbers as a table", "Table of values", head, rows)


# -- fading gradients ------------------------------------------------------------------------------

_DOTS = "".join(f'<circle cx="{x}" cy="7" r="5"/>' for x in (8, 22, 36))
_KEY = f"""<p class="u-legend">
<span><svg class="u-neutral" viewBox="0 0 44 14" aria-hidden="true"
><path class="u-theory" d="M1 7h42"/></svg> the radius alone: ρ to the lag</span>
<span><svg class="u-gradient u-dots" viewBox="0 0 44 14" aria-hidden="true">{_DOTS}</svg>
measured</span></p>"""


def decay_explorer(measured):
    """How fast gradients fade with distance: the prediction ρ^lag against measured norms.

    measured: "radius" (R,) spectral radii, "gain" (G,) input scales, "lag" (K,) from 0 upwards,
    "log10" (R, G, K) logarithms of the gradient's norm relative to lag 0, and, if at hand, "slope"
    (R, G), the mean slope of tanh.  Starts at the radius nearest 0.9 and the first gain.
    """
    data = _measurements(measured)
    radius, gain, lag = data["radius"], data["gain"], data["lag"]
    start = data["start"] = min(range(len(radius)), key=lambda r: abs(radius[r] - 0.9))
    data["told"] = min(range(len(lag)), key=lambda k: abs(lag[k] - 0.6 * lag[-1]))
    shown = sorted({min(range(len(lag)), key=lambda k: abs(lag[k] - share * lag[-1]))
                    for share in (0.2, 0.6, 1)})  # fmt: skip
    every = max(1, len(radius) // 6)
    rows = [
        [number(r), *(number(row[0][k], "+.1f") for k in shown)]
        for r, row in list(zip(radius, data["log10"], strict=True))[::every]
    ]
    head = ["ρ", *(f"log₁₀ at lag {lag[k]:g}" for k in shown)]
    moved = ' data-range="radius"'
    controls = slider("spectral radius ρ", "u-gradient", 0, len(radius) - 1, 1, start, "radius",
                      moved)  # fmt: skip
    if len(gain) == 2:
        controls += choice("input gain", "gain", [number(g, "g") for g in gain], 0, "decay-gain")
    else:
        controls += slider("input gain", "u-x", 0, len(gain) - 1, 1, 0, "gain",
                           ' data-range="gain"')  # fmt: skip
    end = number(data["log10"][start][0][-1], ".1f")
    alt = (
        "Norm of the gradient against lag, by its radius and as measured, on a log scale; with "
        f"spectral radius {number(radius[start])} it is 10 to the {end} at lag {lag[-1]:g}"
    )
    body = f"""<section class="u-widget u-decay" aria-label="Gradient against distance in time">
<svg class="u-figure u-drawing u-chart" viewBox="0 0 {WIDTH} 352" role="img" aria-label="{alt}"
>{decay_chart(lag, data["log10"][start][0], radius[start])}</svg>
{_KEY}
<div class="u-story" hidden>
<p class="u-say" aria-live="polite"></p>
<div class="u-grid">{controls}</div>
</div>
{_table(f"Measured with gain {number(gain[0])}, as a table", "Table of measurements", head, rows)}
{embedded(data)}
</section>"""
    return Html(body, ("svg.js", "decay.js"), f"figure: {alt}")


def _measurements(measured):
    """The measurements as plain lists, after a look at their shapes."""
    arrays = {k: np.asarray(measured[k], float) for k in ("radius", "gain", "lag", "log10")}
    r, g, k = (len(arrays[n]) for n in ("radius", "gain", "lag"))
    if arrays["log10"].shape != (r, g, k):
        raise FigureError(
            f"measured['log10']: expected (radius, gain, lag) = ({r}, {g}, {k}), "
            f"got {arrays['log10'].shape}"
        )
    if (arrays["radius"] <= 0).any() or not arrays["lag"][-1] > 0:
        raise FigureError("measured: radii and the last lag must be positive")
    data = {name: array.round(3).tolist() for name, array in arrays.items()}
    if "slope" in measured:
        data["slope"] = np.asarray(measured["slope"], float).round(3).tolist()
    return data
