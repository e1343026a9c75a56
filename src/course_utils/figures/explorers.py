"""Figures the reader plays: an LSTM unit over some steps, and the fading of gradients.

Numbers come in, HTML goes out.  Without script each is a picture and a table.
"""

import ast
from html import escape

import numpy as np

from course_utils import equations
from course_utils.figures.charts import GATES, MEANING, WIDTH, decay_chart, lstm_chart
from course_utils.figures.page import FigureError, Html, embedded
from course_utils.figures.steps import FUNCTIONS
from course_utils.figures.words import number, symbol

ROLE = {"f": "forget gate", "i": "input gate", "g": "candidate", "o": "output gate"}
STATES = ("c", "h")


def _slider(label, css, low, high, step, value, name):
    return (
        f'<label class="u-slider {css}"><span class="u-label"><span>{label}</span>'
        f'<output></output></span><input type="range" name="{name}" min="{low}" max="{high}" '
        f'step="{step}" value="{value:g}"></label>'
    )


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


def lstm_run(scores):
    """One LSTM unit from c = 0.

    scores {"f": (T,), "i": …, "g": …, "o": …}: pre-activations -> T dicts of f, i, g, o, c, h.  The
    equations are those of the spec; only what stands inside a gate's function is replaced.
    """
    lines, c, run = list(_from_scores()), np.zeros((1, 1)), []
    for step in zip(*(scores[gate] for gate in GATES), strict=True):
        given = {f"a_{gate}": np.array([[float(a)]]) for gate, a in zip(GATES, step, strict=True)}
        found = equations.evaluate(lines, given | {"c_prev": c}, FUNCTIONS)
        c = found["c"]
        run.append({name: found[name].item() for name in (*GATES, *STATES)})
    return run


def _from_scores():
    from course_utils.specs import SPECS

    for line in SPECS["lstm"].equations:
        name, tree = equations.parse(line)
        if name in GATES:
            tree = ast.Call(tree.func, [ast.Name(f"a_{name}", ast.Load())], [])
        yield f"{name} = {ast.unparse(tree)}"


def lstm_explorer(presets):
    """An LSTM unit whose gates the reader sets, step by step.

    presets {name: {"f": [a_1, …, a_T], "i": …, "g": …, "o": …}}: pre-activations in [-6, 6], all of
    one length T (2 to 24).  The page computes in JavaScript; the table in it is from the spec.
    """
    presets = {
        name: {gate: _scores(name, scores, gate) for gate in GATES}
        for name, scores in presets.items()
    }
    lengths = {len(a) for scores in presets.values() for a in scores.values()}
    if len(lengths) != 1 or not 2 <= min(lengths) <= 24:
        raise FigureError(f"presets: expected one length from 2 to 24, got {sorted(lengths)}")
    (length,) = lengths
    first, now = next(iter(presets)), min(3, length)
    run = lstm_run(presets[first])
    buttons = "".join(
        f'<button type="button" aria-pressed="{str(n == first).lower()}">{escape(n)}</button>'
        for n in presets
    )
    sliders = "".join(
        _slider(ROLE[k], f"u-{MEANING[k]}", -6, 6, 0.1, presets[first][k][now - 1], k)
        for k in GATES
    )
    names = (*GATES, *STATES)
    rows = [[t, *(number(s[n]) for n in names)] for t, s in enumerate(run, start=1)]
    head = ["<var>t</var>", *map(symbol, names)]
    alt = (
        f"Cell state and hidden state over {length} steps, above a bar for each gate at each step; "
        f"at the end c is {number(run[-1]['c'])} and h is {number(run[-1]['h'])}"
    )
    body = f"""<section class="u-widget u-lstm" aria-label="One LSTM unit over {length} steps">
<div class="u-presets" role="group" aria-label="Examples" hidden>{buttons}</div>
<svg class="u-figure u-drawing u-chart" viewBox="0 0 {WIDTH} 372" role="img" aria-label="{alt}"
>{lstm_chart(run, now - 1)}</svg>
<div class="u-story" hidden>
<p class="u-say" aria-live="polite"></p>
<div class="u-grid">{_slider("time step", "u-wide", 1, length, 1, now, "t")}{sliders}</div>
<label class="u-check"><input type="checkbox" name="all"> the sliders set every step at once</label>
</div>
{_table("These numbers as a table", "Table of values", head, rows)}
{embedded(presets)}
</section>"""
    return Html(body, ("svg.js", "lstm.js"), f"figure: {alt}")


def _scores(name, scores, gate):
    """The pre-activations of one gate as plain floats."""
    if gate not in scores:
        raise FigureError(f"presets[{name!r}]: no pre-activations for {gate!r}")
    return [float(a) for a in scores[gate]]


# -- fading gradients ------------------------------------------------------------------------------

_DOTS = "".join(f'<circle cx="{x}" cy="7" r="5"/>' for x in (8, 22, 36))
_KEY = f"""<p class="u-legend">
<span><svg class="u-neutral" viewBox="0 0 44 14" aria-hidden="true"
><path class="u-theory" d="M1 7h42"/></svg> predicted: ρ to the lag</span>
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
        [number(r), *(f"{row[0][k]:+.1f}".replace("-", "−") for k in shown)]
        for r, row in list(zip(radius, data["log10"], strict=True))[::every]
    ]
    head = ["ρ", *(f"log₁₀ at lag {lag[k]:g}" for k in shown)]
    sliders = _slider(
        "spectral radius ρ", "u-gradient", 0, len(radius) - 1, 1, start, "radius"
    ) + _slider("input gain", "u-x", 0, len(gain) - 1, 1, 0, "gain")
    end = f"{data['log10'][start][0][-1]:.1f}".replace("-", "−")
    alt = (
        "Norm of the gradient against lag, predicted and measured, on a logarithmic scale; with "
        f"spectral radius {number(radius[start])} it is 10 to the {end} at lag {lag[-1]:g}"
    )
    body = f"""<section class="u-widget u-decay" aria-label="Gradient against distance in time">
<svg class="u-figure u-drawing u-chart" viewBox="0 0 {WIDTH} 352" role="img" aria-label="{alt}"
>{decay_chart(lag, data["log10"][start][0], radius[start])}</svg>
{_KEY}
<div class="u-story" hidden>
<p class="u-say" aria-live="polite"></p>
<div class="u-grid">{sliders}</div>
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
