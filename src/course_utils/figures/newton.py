"""A figure the reader plays: Newton along time on a small tanh network, round by round.

Numbers come in, HTML goes out.  ``assets/newton.js`` computes and draws the same for any scale of
the recurrent weights; a browser test compares the two.
"""

import numpy as np

from course_utils.figures.charts import path, tag
from course_utils.figures.controls import slider
from course_utils.figures.errors import FigureError
from course_utils.figures.labels import number
from course_utils.figures.page import Html, embedded

TOLERANCE = 1e-10
SMALLEST, LARGEST = -10, 1  # log10 of a change that is drawn as nothing, and as all
LARGEST_SCALE = 4.0
LEFT, RIGHT, TOP, BOTTOM, WIDTH, HEIGHT = 64, 14, 40, 52, 460, 400


def rounds_of(weights, drive, scale):
    """What Newton does: exponent (a number) and changes (rounds, T), log10 of the largest change.

    weights (H, H), scaled by ``scale``; drive (T, H), what the input adds; h_t = tanh(W h + u_t)
    from zero, the first guess zero throughout.  The rounds end where nothing moves by more than
    1e-10; what is not finite is guessed anew as zero.
    """
    W, u = scale * np.asarray(weights, float), np.asarray(drive, float)
    h, changes = np.zeros_like(u), []
    while len(changes) <= len(u):
        new, move = np.zeros_like(h), np.zeros(len(W))
        for t in range(len(u)):
            f = np.tanh(W @ (h[t - 1] if t else 0 * h[0]) + u[t])
            with np.errstate(over="ignore", invalid="ignore"):
                move = (1 - f**2) * (W @ move) + f - h[t]
            if not np.isfinite(move).all():
                move = -h[t]
            new[t] = h[t] + move
        changes.append(np.abs(new - h).max(axis=1))
        h = new
        if changes[-1].max() <= TOLERANCE:
            break
    floor = np.maximum(np.array(changes), 10.0**SMALLEST)
    return {"exponent": exponent(W, h), "changes": np.log10(floor).tolist()}


def exponent(W, h):
    """Mean log factor a step of a gradient that is sent back along the states h (T, H)."""
    v, total = np.ones(len(W)) / np.sqrt(len(W)), 0.0
    for state in h[::-1]:
        v = W.T @ ((1 - state**2) * v)
        length = max(np.sqrt((v**2).sum()), 1e-300)
        v, total = v / length, total + np.log(length)
    return float(total / len(h))


def newton_explorer(weights, drive, scale=1.0):
    """Choose the scale of a network's recurrent weights: its exponent, and the rounds it takes.

    weights (H, H), H from 2 to 8, which the slider multiplies; drive (T, H), T from 8 to 96, what
    the input adds to each unit; scale from 0 to 4, where the slider starts.  A row of the picture
    is a round, a column a step; ink says how far that round still moved that step.
    """
    weights, drive = np.asarray(weights, float), np.asarray(drive, float)
    H = len(weights)
    if weights.shape != (H, H) or not 2 <= H <= 8 or not np.isfinite(weights).all():
        raise FigureError(f"weights: expected (H, H), H from 2 to 8, got {weights.shape}")
    if drive.ndim != 2 or drive.shape[1] != H or not 8 <= len(drive) <= 96:
        raise FigureError(f"drive: expected (T, {H}), T from 8 to 96, got {drive.shape}")
    if not 0 <= scale <= LARGEST_SCALE:
        raise FigureError(f"scale: expected 0 to {LARGEST_SCALE:g}, got {scale!r}")
    weights, drive = weights.round(4), drive.round(4)
    now = rounds_of(weights, drive, scale)
    alt = f"How far each round still moved each of {len(drive)} steps; {says(now, len(drive))}"
    table = "".join(
        f'<tr><th scope="row">{number(s, ".1f")}</th><td>{number(r["exponent"])}</td>'
        f"<td>{len(r['changes'])}</td></tr>"
        for s in (0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 4.0)
        for r in [rounds_of(weights, drive, s)]
    )
    head = "".join(f'<th scope="col">{h}</th>' for h in ("scale", "exponent", "rounds"))
    control = slider("scale of the recurrent weights", "u-hidden u-wide", 0, LARGEST_SCALE, 0.1,
                     scale, "scale")  # fmt: skip
    body = f"""<section class="u-widget u-newton" aria-label="Newton along time, round by round">
<svg class="u-figure u-drawing u-chart" viewBox="0 0 {WIDTH} {HEIGHT}" role="img"
aria-label="{alt}">{picture(now["changes"])}</svg>
<div class="u-story" hidden>
<p class="u-say" aria-live="polite"></p>
<div class="u-grid">{control}</div>
</div>
<details class="u-table" open><summary>Exponents and rounds as a table</summary>
<div class="u-scroll" tabindex="0" role="group" aria-label="Table of values"><table>
<thead><tr>{head}</tr></thead><tbody>{table}</tbody></table></div></details>
{embedded({"weights": weights.tolist(), "drive": drive.tolist()})}
</section>"""
    return Html(body, ("svg.js", "newton.js"), f"figure: {alt}")


def says(now, steps):
    """One sentence on exponent and rounds."""
    return (
        f"largest Lyapunov exponent {number(now['exponent'])}, "
        f"{len(now['changes'])} rounds for {steps} steps"
    )


def picture(changes):
    """Inside of the svg: a cell for each round and step, as dark as the change was large."""
    steps = len(changes[0])
    wide, high = (WIDTH - LEFT - RIGHT) / steps, (HEIGHT - TOP - BOTTOM) / (steps + 1)
    right, bottom = WIDTH - RIGHT, HEIGHT - BOTTOM
    out = [
        tag("text", {"class": "u-tick", "x": LEFT, "y": 24}, "round"),
        tag("path", {"class": "u-rule", "d": path([(LEFT, TOP), (LEFT, bottom), (right, bottom)])}),
    ]
    for k, row in enumerate(changes):
        for t, change in enumerate(row):
            depth = (change - SMALLEST) / (LARGEST - SMALLEST)
            if depth > 0:
                out.append(
                    tag("rect", {"class": "u-change", "x": LEFT + wide * t, "y": TOP + high * k,
                                 "width": wide, "height": high,
                                 "fill-opacity": min(1.0, max(0.04, depth))})
                )  # fmt: skip
    out.append(tag("path", {"class": "u-exact", "d": path([(LEFT, TOP), (right, bottom - high)])}))
    for k in sorted({1, steps // 2, steps}):
        y = {"class": "u-tick", "x": LEFT - 8, "y": TOP + high * (k - 0.5), "dy": ".33em"}
        out.append(tag("text", y | {"text-anchor": "end"}, str(k)))
        x = {"class": "u-tick", "x": LEFT + wide * (k - 0.5), "y": bottom + 20}
        out.append(tag("text", x | {"text-anchor": "middle"}, str(k)))
    end = {"class": "u-tick", "x": right, "y": HEIGHT - 8, "text-anchor": "end"}
    out.append(tag("text", end, "time step"))
    return "".join(out)
