"""``gradient_journey``: the explorer around `journey`, with its controls, words and table."""

from html import escape
from zlib import crc32

from course_utils.figures.controls import choice, slider
from course_utils.figures.errors import FigureError
from course_utils.figures.journey import CLIPS, GATE, INPUTS, LIMIT, chain, journey, settled
from course_utils.figures.journey_chart import HEIGHT, WIDTH, amount, journey_chart
from course_utils.figures.page import Html, embedded, told
from course_utils.figures.printed_cells import CELLS

MOST = 24
ALONG = {"lstm": "along the cell state", "gru": "along the state"}
_DOTS = "".join(f'<circle cx="{x}" cy="7" r="4.5"/>' for x in (8, 22, 36))
_LEGEND = (
    ("u-gradient u-dots", _DOTS, "all that arrives", ""),
    ("u-trace u-cell", '<path d="M1 7h42"/>', "along the state, elementwise", "u-two"),
    ("u-trace u-hidden", '<path d="M1 7h42"/>', "through a recurrent matrix", ""),
    ("u-trace u-never u-cell", '<path d="M1 7h42"/>', "what never left the state", "u-two"),
    ("u-trace u-never u-neutral", '<path d="M1 7h42"/>', "by the radius alone", "u-one-way"),
)


def gradient_journey(presets, *, question=None, steps=16, units=6, seed=0):
    """A chain of time steps whose loss the reader moves, and what of its gradient comes back.

    presets: {name: settings}, the first where it begins.  Settings, each with a default: "cell"
    (rnn, lstm, gru); "loss", the step whose output the loss reads, pushing it with strength 1;
    "scale", by which the recurrent weights are multiplied (of the plain cell: the spectral radius,
    of the others: times PyTorch's start); "bias" of the gate that keeps, f or z; "x", inputs, one a
    step in [−3, 3], or "noise", "pulse", "silence"; "loud", which multiplies them; "chunk", after
    so many steps the gradient is cut; "clip", a threshold of ``journey.CLIPS``; "draw" of weights.

    question: asked before the message is sent.  steps from 6 to 24, units from 2 to 16; seed of the
    weights, the noise and the direction of the loss.  The page computes with the cells printed from
    their equations; without script it is a picture and a table.  FigureError names what is wrong.
    """
    if not hasattr(presets, "items") or not presets:
        raise FigureError("presets: expected {name: settings}, at least one")
    if not 6 <= steps <= MOST or not 2 <= units <= 16:
        raise FigureError(f"steps, units: expected 6 to {MOST} and 2 to 16, got {steps}, {units}")
    data = chain(units, steps, seed)
    data["presets"] = {name: settled(name, given, data) for name, given in presets.items()}
    first = next(iter(data["presets"].values()))
    found, at = journey(data, first), reach(first)
    data["question"] = None if question is None else told(question)
    words = journey_says(first, found, at)
    where = f"{first['cell'].upper()}, its loss at step {first['loss']}"
    alt = f"A chain of {steps} time steps, {where}. {words}"
    buttons = "".join(f'<button type="button">{escape(name)}</button>' for name in presets)
    two = "" if first["cell"] == "rnn" else " u-both"
    body = f"""<section class="u-widget u-journey{two}" aria-label="The gradient, step by step">
<div class="u-presets" role="group" aria-label="Examples" hidden>{buttons}</div>
<div class="u-scene"><svg class="u-figure u-drawing u-chart" viewBox="0 0 {WIDTH} {HEIGHT}"
role="img" aria-label="{escape(alt)}">{journey_chart(first, found, at)}</svg></div>
{_legend()}
<div class="u-story" hidden>
<p class="u-say" aria-live="polite"></p>
<div class="u-presets"><button type="button" class="u-send">Send it back</button>
<button type="button" class="u-draw">Draw other weights</button></div>
{_controls(data, first, at, crc32(repr(data["presets"]).encode()))}
</div>
{_table(first, found)}
{embedded(data)}
</section>"""
    return Html(body, ("svg.js", "cells.js", "journey_run.js", "journey.js"), f"figure: {alt}")


def reach(settings):
    """The earliest step that the gradient comes back to: where the chunk of the loss begins."""
    return (settings["loss"] - 1) // settings["chunk"] * settings["chunk"] + 1


def journey_says(settings, found, at):
    """What has come back to step ``at``, in a sentence or two."""
    key, back = settings["cell"], settings["loss"] - at
    if back == 0 and at > reach(settings):
        return f"The loss at step {at} pushes with strength 1; nothing has been sent back yet."
    arrives = amount(found.arrives[at - 1])
    if back == 0:
        told = f"Step {at}: the loss pushes with strength 1."
    elif key == "rnn":
        told = f"Step {at}, {_steps(back)} back: {arrives} arrives, all through the matrix."
    else:
        told = (
            f"Step {at}, {_steps(back)} back: {arrives} arrives; {ALONG[key]} "
            f"{amount(found.belt[at - 1])}, through the gates {amount(found.layers[at - 1])}."
        )
    if at > reach(settings):
        return told
    if at > 1:
        told += " Here it is cut."
    told += f" dL/dW has length {amount(found.length)}"
    return told + (
        f", clipped to {amount(found.clipped)}." if found.clipped < found.length else "."
    )


def _steps(n):
    return f"{n} step{'s' if n > 1 else ''}"


def _legend():
    spans = "".join(
        f'<span class="{more}"><svg class="u-drawing {css}" viewBox="0 0 44 14" '
        f'aria-hidden="true">{inside}</svg> {text}</span> '
        for css, inside, text, more in _LEGEND
    )
    return f'<p class="u-legend">{spans}</p>'


def _controls(data, s, at, group):
    steps, kinds = data["steps"], INPUTS
    kind = next((k for k, name in enumerate(kinds) if data["inputs"][name] == s["x"]), -1)
    gate = GATE[s["cell"]] or "f"
    rows = [
        choice("cell", "cell", [key.upper() for key in CELLS], CELLS.index(s["cell"]),
               f"journey-cell-{group}", "u-wide"),
        slider("the loss stands at step", "u-gradient", 1, steps, 1, s["loss"], "loss"),
        slider("followed back to step", "u-gradient", 1, steps, 1, at, "at"),
        slider("recurrent weights", "u-hidden", *LIMIT["scale"], 0.05, s["scale"], "scale"),
        slider(f"bias of gate {gate}", "u-forget", *LIMIT["bias"], 0.25, s["bias"], "bias"),
        slider("loudness of the inputs", "u-x", *LIMIT["loud"], 0.1, s["loud"], "loud"),
        slider("gradient cut into chunks", "u-neutral", 1, steps, 1, s["chunk"], "chunk"),
        slider("clipped to a length", "u-neutral", 0, len(CLIPS) - 1, 1, s["clip"], "clip"),
        choice("inputs", "inputs", kinds, kind, f"journey-inputs-{group}", "u-wide"),
    ]  # fmt: skip
    low, high = LIMIT["x"]
    each = "".join(
        slider(f"x<sub>{t}</sub>", "u-x", low, high, 0.1, v, f"x{t}")
        for t, v in enumerate(s["x"], start=1)
    )
    return (
        f'<div class="u-grid">{"".join(rows)}</div><details class="u-each">'
        f'<summary>Each input by itself</summary><div class="u-grid">{each}</div></details>'
    )


def _table(settings, found):
    head = ("<var>t</var>", "arrives", "along the state", "through a matrix", "adds to dL/dW")
    head = "".join(f'<th scope="col">{h}</th>' for h in head)
    rows = "".join(
        f'<tr><th scope="row">{t}</th>' + "".join(f"<td>{v}</td>" for v in cells) + "</tr>"
        for t, cells in journey_rows(settings, found)
    )
    return f"""<details class="u-table" open><summary>These numbers as a table</summary>
<div class="u-scroll" tabindex="0" role="group" aria-label="Table of norms"><table>
<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div></details>"""


def journey_rows(settings, found):
    """(step, texts of its row) from the loss back to where the gradient ends."""
    for t in range(settings["loss"], reach(settings) - 1, -1):
        values = (found.arrives, found.belt, found.layers, found.adds)
        yield t, [amount(v[t - 1]) for v in values]
