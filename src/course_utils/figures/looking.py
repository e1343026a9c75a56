"""A figure the reader plays: one query among keys in the plane, and where the context would go.

Numbers come in, HTML goes out.  ``assets/looking.js`` draws the same and moves it; a browser test
compares the two.
"""

import math

import numpy as np

from course_utils.figures.charts import path, tag
from course_utils.figures.controls import slider
from course_utils.figures.errors import FigureError
from course_utils.figures.labels import number
from course_utils.figures.page import Html, embedded

LIMIT = 3  # of the query, in both directions
SIDE, LEFT, TOP = 340, 60, 14  # of the plane, in the units of the view box
WIDTH, BARS, ROW = 460, 392, 27
SHARPEST = 5


def attended(keys, values, query, sharpness):
    """weights (S,), context and its gradient (2,) with respect to the query; lists and a number.

    Scores are sharpness · q·k; the gradient is sharpness · Cov_w(v, k).
    """
    keys, values, query = (np.asarray(a, float) for a in (keys, values, query))
    scores = sharpness * keys @ query
    weights = np.exp(scores - scores.max())
    weights /= weights.sum()
    context = float(weights @ values)
    gradient = sharpness * ((weights * values) @ keys - context * (weights @ keys))
    return {"weights": weights.tolist(), "context": context, "gradient": gradient.tolist()}


def attention_explorer(keys, values, query, sharpness=1.0):
    """A query to drag among keys: the weights, the context and the gradient follow.

    keys: 2 to 6 points (S, 2) within ±2.5; values (S,), numbers in [−1, 1]; query (2,) within ±3,
    where it starts; sharpness from 0 to 5 multiplies the inner products.  The arrow at the query
    is the gradient of the context, which is the covariance of values and keys under the weights.
    """
    keys, values, query = (np.asarray(a, float) for a in (keys, values, query))
    fits = keys.ndim == 2 and keys.shape[1] == 2 and 2 <= len(keys) <= 6
    if not fits or not (np.abs(keys) <= 2.5).all():
        raise FigureError(f"keys: expected 2 to 6 points within ±2.5, got {keys.tolist()}")
    if values.shape != keys.shape[:1] or not (np.abs(values) <= 1).all():
        raise FigureError(f"values: expected {len(keys)} in [−1, 1], got {values.tolist()}")
    if query.shape != (2,) or not (np.abs(query) <= LIMIT).all():
        raise FigureError(f"query: expected two numbers within ±{LIMIT}, got {query.tolist()}")
    if not 0 <= sharpness <= SHARPEST:
        raise FigureError(f"sharpness: expected 0 to {SHARPEST}, got {sharpness!r}")
    now = attended(keys, values, query, sharpness)
    data = {"keys": keys.tolist(), "values": values.tolist()}
    heaviest = int(np.argmax(now["weights"]))
    alt = (
        f"A plane with {len(keys)} keys and a query at ({number(query[0])}, {number(query[1])}); "
        f"key {heaviest + 1} has the largest weight, {number(now['weights'][heaviest])}; "
        f"{says(now)}"
    )
    controls = (
        slider("query, first component", "u-hidden", -LIMIT, LIMIT, 0.1, query[0], "q1")
        + slider("query, second component", "u-hidden", -LIMIT, LIMIT, 0.1, query[1], "q2")
        + slider("sharpness of the scores", "u-wide", 0, SHARPEST, 0.1, sharpness, "sharpness")
    )
    head = "".join(f'<th scope="col">{h}</th>' for h in ("key", "place", "value", "weight"))
    rows = "".join(
        f'<tr><th scope="row">{k + 1}</th><td>({number(x)}, {number(y)})</td>'
        f"<td>{number(v)}</td><td>{number(w)}</td></tr>"
        for k, ((x, y), v, w) in enumerate(zip(keys, values, now["weights"], strict=True))
    )
    body = f"""<section class="u-widget u-looking" aria-label="A query among keys">
<svg class="u-figure u-drawing u-chart" viewBox="0 0 {WIDTH} {height(len(keys))}" role="img"
aria-label="{alt}">{plane(keys, values, query, now)}</svg>
<div class="u-story" hidden>
<p class="u-say" aria-live="polite"></p>
<div class="u-grid">{controls}</div>
</div>
<details class="u-table" open><summary>These numbers as a table</summary>
<div class="u-scroll" tabindex="0" role="group" aria-label="Table of values"><table>
<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div></details>
{embedded(data)}
</section>"""
    return Html(body, ("svg.js", "looking.js"), f"figure: {alt}")


def says(now):
    """One sentence on the context and its gradient."""
    length = math.hypot(*now["gradient"])
    return f"context {number(now['context'])}, gradient of length {number(length, '.3f')}"


def height(count):
    """Height of the drawing in the units of its view box."""
    return BARS + ROW * count + 12


def plane(keys, values, query, now):
    """Inside of the svg: the plane with its keys, query and arrow, and below it the weights."""

    def at(point):
        unit = SIDE / (2 * LIMIT)
        return LEFT + SIDE / 2 + unit * point[0], TOP + SIDE / 2 - unit * point[1]

    left, top, right, bottom = LEFT, TOP, LEFT + SIDE, TOP + SIDE
    (x0, y0), (qx, qy) = at((0, 0)), at(query)
    frame = {"class": "u-cup", "x": left, "y": top, "width": SIDE, "height": SIDE, "rx": 8}
    out = [
        tag("rect", frame),
        tag("path", {"class": "u-rule", "d": path([(left, y0), (right, y0)])}),
        tag("path", {"class": "u-rule", "d": path([(x0, top), (x0, bottom)])}),
    ]
    for k, (key, weight) in enumerate(zip(keys, now["weights"], strict=True)):
        x, y = at(key)
        out.append(tag("circle", {"class": "u-share-of", "cx": x, "cy": y, "r": radius(weight)}))
        out.append(tag("circle", {"class": "u-place", "cx": x, "cy": y, "r": 4}))
        name = {"class": "u-key", "x": x + 9, "y": y - 9}
        out.append(tag("text", name, str(k + 1)))
    gx, gy = (qx + 60 * now["gradient"][0], qy - 60 * now["gradient"][1])
    out.append(arrow(qx, qy, gx, gy))
    out.append(tag("circle", {"class": "u-query", "cx": qx, "cy": qy, "r": 9}))
    for k, (value, weight) in enumerate(zip(values, now["weights"], strict=True)):
        y = BARS + ROW * k
        room = {"x": 176, "y": y - 12, "height": 16, "rx": 3}
        out.append(tag("text", {"class": "u-key", "x": 14, "y": y}, f"{k + 1}"))
        out.append(tag("text", {"class": "u-tick", "x": 40, "y": y}, f"value {number(value)}"))
        out.append(tag("rect", {"class": "u-cup", **room, "width": 214}))
        out.append(tag("rect", {"class": "u-weight", **room, "width": max(1, 214 * weight)}))
        end = {"class": "u-tick", "x": 448, "y": y, "text-anchor": "end"}
        out.append(tag("text", end, number(weight)))
    return "".join(out)


def radius(weight):
    """Of the disc around a key: its area goes with the weight."""
    return 4 + 30 * math.sqrt(weight)


def arrow(x, y, to_x, to_y):
    """The gradient at the query; nothing where it is shorter than its head."""
    length = math.hypot(to_x - x, to_y - y)
    if length < 4:
        return tag("g", {"class": "u-slope u-gradient"}, "")
    ux, uy = (to_x - x) / length, (to_y - y) / length
    head = path(
        [
            (to_x - 9 * ux - 5 * uy, to_y - 9 * uy + 5 * ux),
            (to_x, to_y),
            (to_x - 9 * ux + 5 * uy, to_y - 9 * uy - 5 * ux),
        ]
    )
    shaft = tag("path", {"class": "u-line", "d": path([(x, y), (to_x, to_y)])})
    tip = tag("path", {"class": "u-line", "d": head})
    return tag("g", {"class": "u-slope u-gradient"}, shaft + tip)
