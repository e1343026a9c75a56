"""The backward pass through a chain, step by step: what arrives, and what each use contributes.

Numbers come in, HTML goes out; ``assets/stepper.js`` tells the story, and shows a share when the
reader has walked to it.  Without script: the whole picture and a table.
"""

from html import escape
from itertools import pairwise

import numpy as np

from course_utils.figures.circuit import Circuit, Node, Wire
from course_utils.figures.errors import FigureError
from course_utils.figures.labels import number
from course_utils.figures.page import Html, embedded

FIRST, PITCH, LANE, CELL_Y, INPUT_Y = 104, 92, 26, 92, 158
BARS, TALL = 236, 44  # the bars' zero line, the largest bar
MOST = 7


def way_back(h, delta, share, w):
    """The backward pass of one unit, h_t = tanh(… + w h_{t-1}), walked from the loss to step 1.

    h (T + 1,): the states from h_0; delta (T,): dL/dh_t for t = 1 … T, with the loss on h_T alone;
    share (T,): what the use of w at step t adds to dL/dw.  T is 2 to 7.  FigureError if these
    numbers do not belong together.
    """
    h, delta, share = (np.asarray(a, float).ravel() for a in (h, delta, share))
    _belong(h, delta, share, w)
    story = list(_story(h, delta, share, w))
    return Html(_html(delta, share, story), ("svg.js", "stepper.js"), f"figure: {_alt(share)}")


def _belong(h, delta, share, w):
    T = len(delta)
    if not 2 <= T <= MOST or len(h) != T + 1 or len(share) != T:
        raise FigureError(
            f"h, delta, share: expected T + 1, T and T numbers with T from 2 to {MOST}, "
            f"got {len(h)}, {T} and {len(share)}"
        )
    passed = delta * (1 - h[1:] ** 2)
    if not np.allclose(passed[1:] * w, delta[:-1], rtol=1e-6, atol=1e-12):
        raise FigureError("delta: expected delta[t - 1] = w (1 - h_t**2) delta[t]; is it reversed?")
    if not np.allclose(passed * h[:-1], share, rtol=1e-6, atol=1e-12):
        raise FigureError("share: expected delta_t (1 - h_t**2) h_(t-1); is it off by one step?")


# -- words -----------------------------------------------------------------------------------------


def _n(value):
    """Four digits."""
    return number(value, "z.4f")


def _factor(value):
    return f"({_n(value)})" if value < 0 else _n(value)


def _delta(t):
    return f'<var class="u-gradient">δ<sub>{t}</sub></var>'


def _h(t):
    return f'<var class="u-hidden">h<sub>{t}</sub></var>'


_CHAIN = "A chain of {} steps with arrows that lead from the loss back to step 1"


def _alt(share):
    told = ", ".join(f"{_n(s)} at step {t}" for t, s in enumerate(share, start=1))
    return (
        f"{_CHAIN.format(len(share))}; under each step a bar for what its use of w contributes: "
        f"{told}; together {_n(share.sum())}"
    )


def _story(h, delta, share, w):
    T, so_far, done = len(delta), 0.0, []
    yield {
        "title": "The whole way", "say": f"{T} uses of one weight, {T} shares of one gradient.",
        "symbols": "Which use has the largest share? Next starts at the loss and walks back.",
        "numbers": "", "nodes": [], "wires": [], "known": [], "asks": True, "alt": _CHAIN.format(T),
    }  # fmt: skip
    for t in range(T, 0, -1):
        before, now, d, s = h[t - 1], h[t], delta[t - 1], share[t - 1]
        slope = f"(1 − {_factor(now)}<sup>2</sup>)"
        if t == T:
            arrives = f"{_delta(t)} = <strong>{_n(d)}</strong>, straight from the loss"
        else:
            old = f"(1 − {_factor(h[t + 1])}<sup>2</sup>)"
            arrives = (
                f"{_delta(t)} = <var>w</var> (1 − {_h(t + 1)}<sup>2</sup>) {_delta(t + 1)} "
                f"= {_factor(w)} · {old} · {_factor(delta[t])} = <strong>{_n(d)}</strong>"
            )
        so_far += s
        done.append(f"share_{t}")
        source = "loss" if t == T else f"h_{t + 1}"
        yield {
            "title": f"t = {t}",
            "say": f"Step {t}: {_n(d)} arrives, {_n(s)} is added to dL/dw; so far {_n(so_far)}.",
            "symbols": arrives,
            "numbers": (
                f"share: {_delta(t)} (1 − {_h(t)}<sup>2</sup>) {_h(t - 1)} = {_factor(d)} · "
                f"{slope} · {_factor(before)} = <strong>{_n(s)}</strong>"
            ),
            "nodes": [f"h_{t}", f"h_{t - 1}", *done],
            "wires": [f"{source}_back>h_{t}", f"h_{t - 1}>h_{t}"],
            "known": [f"share_{k}" for k in range(T, t - 1, -1)],
            "alt": f"{_CHAIN.format(T)}; bars under steps {t} to {T}, the last of {_n(s)}",
        }


# -- the drawing -----------------------------------------------------------------------------------


def _x(t):
    return FIRST + PITCH * (t - 1)


def _circuit(share):
    T = len(share)
    nodes = [Node("h_0", "port", FIRST - 70, CELL_Y, "hidden", variable="h_0", tag=(-2, 34))]
    wires = []
    for t in range(1, T + 1):
        x = _x(t)
        nodes += [
            Node(f"h_{t}", "layer", x, CELL_Y, "hidden", variable=f"h_{t}", function="tanh"),
            Node(f"x_{t}", "port", x, INPUT_Y, "x", variable=f"x_{t}", tag=(13, -2, "start")),
            Node(f"h_{t}_back", "port", x - 14, CELL_Y - 20, "gradient"),
        ]
        wires.append(Wire(f"x_{t}", f"h_{t}", meaning="x"))
    end = _x(T) + 74
    nodes += [
        Node("loss", "port", end, CELL_Y, "neutral"),
        Node("loss_back", "port", end + 12, CELL_Y - 18, "gradient"),
    ]
    for a, b in pairwise(["h_0", *(f"h_{t}" for t in range(1, T + 1)), "loss"]):
        wires.append(Wire(a, b, meaning="hidden"))
    for t in range(1, T + 1):
        source = f"h_{t + 1}_back" if t < T else "loss_back"
        start = _x(t + 1) - 14 if t < T else end + 12
        via = ((start, LANE), (_x(t) + 14, LANE))
        wires.append(Wire(source, f"h_{t}", via, "gradient", aim=(14, 0)))
    return Circuit(
        "way_back", (end + 40, BARS + TALL + 8), "The backward pass", _alt(share), nodes, wires,
        signs=[(end + 14, CELL_Y, "L")],
    )  # fmt: skip


def _bars(share):
    """A bar under each step, up for what raises dL/dw and down for what lowers it."""
    unit = TALL / max(np.abs(share).max(), 1e-12)
    out = [f'<path class="u-rule" d="M{_x(1) - 40} {BARS}H{_x(len(share)) + 40}"/>']
    for t, s in enumerate(share, start=1):
        tall = max(1.5, abs(s) * unit)
        top = BARS - tall if s > 0 else BARS
        out.append(
            f'<g class="u-node u-share u-gradient" data-node="share_{t}"><rect x="{_x(t) - 20}" '
            f'y="{top:.1f}" width="40" height="{tall:.1f}" rx="2"/></g>'
        )
    return "".join(out)


def _html(delta, share, story):
    T = len(share)
    svg = _circuit(share).svg().removesuffix("</svg>") + _bars(share) + "</svg>"
    register = "".join(
        f'<div><dt><var>t</var> = {t}</dt><dd data-value="share_{t}">{_n(s)}</dd></div>'
        for t, s in enumerate(share, start=1)
    )
    so_far = share[::-1].cumsum()[::-1]
    rows = "".join(
        f'<tr><th scope="row">{t}</th><td>{_n(delta[t - 1])}</td><td>{_n(share[t - 1])}</td>'
        f"<td>{_n(so_far[t - 1])}</td></tr>"
        for t in range(T, 0, -1)
    )
    return f"""<section class="u-widget u-stepper" aria-label="The backward pass, step by step">
{svg}
<div class="u-story" hidden>
<div class="u-controls"><button type="button" data-go="-1">Back</button>
<label class="u-slider"><span class="u-sr">Steps walked back</span>
<input type="range" min="0" max="{len(story) - 1}" value="0" step="1"></label>
<button type="button" data-go="1">Next</button></div>
<p class="u-say" aria-live="polite"></p>
<div class="u-equation"><div></div><div></div></div>
</div>
<dl class="u-register" aria-label="{escape("Share of each step in dL/dw")}">{register}</dl>
<details class="u-table" open><summary>All steps as a table</summary>
<div class="u-scroll" tabindex="0" role="group" aria-label="Table of steps"><table>
<thead><tr><th scope="col">Step</th><th scope="col">dL/dh arrives</th>
<th scope="col">its share of dL/dw</th><th scope="col">sum so far</th></tr>
</thead><tbody>{rows}</tbody></table></div></details>
{embedded(story)}
</section>"""
