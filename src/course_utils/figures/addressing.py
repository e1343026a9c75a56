"""How the head of a Turing machine finds its place: five rows of weights that follow four sliders.

The table is whole without a script; ``assets/addressing.js`` computes the same with what the
sliders say, and a browser test holds it equal to ``numpy_nn.memory``.
"""

import numpy as np

from course_utils.figures.controls import slider
from course_utils.figures.errors import FigureError
from course_utils.figures.labels import number
from course_utils.figures.page import Html, embedded

ROWS = {
    "u": ("cosine", "<var>u</var>"),
    "w_c": ("by content", "<var>w</var><sup>c</sup>"),
    "w_prev": ("before", "<var>w</var><sub>t−1</sub>"),
    "w_g": ("chosen by <var>g</var>", "<var>w</var><sup>g</sup>"),
    "w_s": ("shifted", "<var>w̃</var>"),
    "w": ("sharpened", "<var>w</var>"),
}
RANGES = {"beta": (0, 20, 0.5), "g": (0, 1, 0.05), "move": (-1, 1, 0.05), "gamma": (1, 10, 0.25)}
LABELS = {
    "beta": "key strength β",
    "g": "content counts, g",
    "move": "shift by",
    "gamma": "sharpening γ",
}


def addressing_explorer(u, w_prev, *, beta, g, move, gamma):
    """The five steps of addressing, for one head, with a slider for each of their numbers.

    u (N,): cosines of the slots to the key, in [-1, 1]; w_prev (N,): the weights one step before,
    at least 0 with sum 1; beta in [0, 20], g in [0, 1], gamma in [1, 10], at which it opens.  move
    in [-1, 1]: the share ``abs(move)`` goes one slot on (back, if negative), the rest stays.  A
    button takes the result for the weights before and goes one step further.  Graves et al. 2014, section
    3.3.  FigureError names what is out of its range.
    """
    u, w_prev = (np.asarray(v, float) for v in (u, w_prev))
    told = {"beta": float(beta), "g": float(g), "move": float(move), "gamma": float(gamma)}
    _check(u, w_prev, told)
    rows = addressed(u, w_prev, **told)
    cells = "".join(_row(name, rows[name]) for name in ROWS)
    slots = "".join(f'<th scope="col">{k}</th>' for k in range(len(u)))
    controls = "".join(slider(LABELS[k], "", *RANGES[k], told[k], k) for k in RANGES)
    data = {"u": u.tolist(), "w_prev": w_prev.tolist()}
    body = f"""<section class="u-widget u-addressing" aria-label="Addressing, step by step">
<table><caption class="u-sr">Weights over the slots after each step</caption>
<thead><tr><th scope="col">slot</th>{slots}</tr></thead><tbody>{cells}</tbody></table>
<div class="u-story" hidden>
<p class="u-say" aria-live="polite"></p>
<div class="u-grid">{controls}</div>
<div class="u-presets"><button type="button" data-do="step">One step further</button>
<button type="button" data-do="reset">Back to the first step</button></div>
</div>
{embedded(data)}
</section>"""
    return Html(body, ("svg.js", "addressing.js"), f"figure: {_told(rows['w'])}")


def addressed(u, w_prev, *, beta, g, move, gamma):
    """Every row of the table: {name: (N,)}."""
    e = np.exp(beta * (u - u.max()))
    w_c = e / e.sum()
    w_g = g * w_c + (1 - g) * w_prev
    w_s = (1 - abs(move)) * w_g + abs(move) * np.roll(w_g, 1 if move > 0 else -1)
    power = (w_s / w_s.max()) ** gamma
    return {"u": u, "w_c": w_c, "w_prev": w_prev, "w_g": w_g, "w_s": w_s, "w": power / power.sum()}


def _check(u, w_prev, told):
    if u.ndim != 1 or len(u) < 2 or u.shape != w_prev.shape:
        raise FigureError(
            f"u, w_prev: expected two vectors of one length (N,), N > 1, got {u.shape} and "
            f"{w_prev.shape}"
        )
    if not (np.abs(u) <= 1).all():
        raise FigureError(f"u: expected cosines, from -1 to 1, got {u.tolist()}")
    if not ((w_prev >= 0).all() and abs(w_prev.sum() - 1) < 1e-6):
        raise FigureError(f"w_prev: expected weights with sum 1, got {w_prev.tolist()}")
    for name, value in told.items():
        low, high, _ = RANGES[name]
        if not low <= value <= high:
            raise FigureError(f"{name}: expected {low} to {high}, got {value:g}")


def _row(name, values):
    words, letter = ROWS[name]
    cells = "".join(_cell(v) for v in values)
    return f'<tr data-row="{name}"><th scope="row"><span>{words}</span> {letter}</th>{cells}</tr>'


def _cell(value):
    css = ' class="is-negative"' if value < 0 else ""
    return f'<td{css} style="--share:{abs(value):.3f}"><i></i><b>{number(value)}</b></td>'


def _told(w):
    k = int(w.argmax())
    return f"the head has {number(w[k])} of its weight on slot {k}"
