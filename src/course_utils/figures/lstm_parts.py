"""Parts of the LSTM explorer: the circuit with its chart, one step in words, a unit's weights."""

from html import escape

from course_utils.figures.charts import GATES, MEANING, WIDTH, lstm_chart, lstm_height
from course_utils.figures.gauges import gauged, reach
from course_utils.figures.labels import number, symbol
from course_utils.figures.unit import held

ROLE = {"f": "forget gate", "i": "input gate", "g": "candidate", "o": "output gate"}


def lstm_picture(unit, run, now):
    """The circuit at step ``now`` (from 1) and the chart of all steps."""
    full = reach(run, unit["c_0"])
    return f"""{gauged(run[now - 1], full, now)}
<svg class="u-figure u-drawing u-chart" viewBox="0 0 {WIDTH} {lstm_height(run)}" role="img"
 aria-label="{lstm_alt(run)}">{lstm_chart(run, now - 1, full, held(unit))}</svg>"""


def lstm_alt(run):
    """The chart in words."""
    return (
        f"Cell state and hidden state over {len(run)} steps, above a bar for each gate at each "
        f"step; at the end c is {number(run[-1]['c'])} and h is {number(run[-1]['h'])}"
    )


def lstm_say(step, now):
    """One step as a line of numbers."""
    kept = f"{number(step['f'])} · {number(step['c_prev'])}"
    written = f"{number(step['i'])} · {number(step['g'])}"
    return (
        f"Step {now}: c = {kept} + {written} = {number(step['c'])},  "
        f"h = {number(step['o'])} · tanh(c) = {number(step['h'])}"
    )


def lstm_weights(unit, name):
    """The four pre-activations with a unit's own numbers; what is zero is not told."""
    if unit["weights"] is None:
        return ""
    lines = "".join(_weighted(unit["weights"], k) for k in GATES)
    return f'<p class="u-weights" data-preset="{escape(name)}">{lines}</p>'


def _weighted(weights, k):
    read = ((f"W_x{k}", f" {symbol('x')}"), (f"W_h{k}", f" {symbol('h_prev')}"), (f"b_{k}", ""))
    terms = [(weights[n], what) for n, what in read if weights[n]]
    first = "−" if terms and terms[0][0] < 0 else ""
    line = "".join((" − " if w < 0 else " + ") + f"{abs(w):g}{what}" for w, what in terms)
    return (
        f'<span><var class="u-{MEANING[k]}">a<sub>{k}</sub></var> = {first}{line[3:] or "0"}</span>'
    )
