"""One selection step of the Neural Programmer, to play with: logits in, answers and gradient out.

``assets/selection.js`` computes and draws the same; a browser test holds the two equal.
"""

from html import escape

import numpy as np

from course_utils.figures.charts import WIDTH, tag
from course_utils.figures.controls import choice, slider
from course_utils.figures.errors import FigureError
from course_utils.figures.labels import number
from course_utils.figures.looks import GREY
from course_utils.figures.page import Html, embedded

OPERATIONS = ("sum", "count", "others")  # the others: seven operations that answer 0 at step 1
TIMES = (1, 1, 7)
LIMIT = 8  # of a logit
ROWS = (48, 82, 116, 166, 200)
NAME, BAR, LONG, GIVES, PUSH, HALF = 118, 130, 190, 402, 532, 48
LINE, ENDS = 276, (40, 600)


def selection(data, logits, asked):
    """What one step gives.

    data: "sums" (C,), "count"; logits: of sum, count and each other operation, then of C columns;
    asked: the right answer.  Returns weights, results, gradients (of the loss (soft - asked)² / 2
    with respect to the logits; that of one of the others), each (3 + C,), and soft, hard, loss.
    """
    logits, sums = np.asarray(logits, float), np.asarray(data["sums"], float)
    op = np.exp(logits[:3] - logits[:3].max())
    op = op / (op @ TIMES)
    col = np.exp(logits[3:] - logits[3:].max())
    col = col / col.sum()
    column_sum = col @ sums
    results = np.array([column_sum, data["count"], 0.0])
    soft = op[:2] @ results[:2]
    slope = soft - asked
    best = int(logits[:3].argmax())  # the first of equals, as argmax takes it
    hard = (float(sums[logits[3:].argmax()]), float(data["count"]), 0.0)[best]
    return {
        "weights": np.concatenate([op, col]).tolist(),
        "results": np.concatenate([results, sums]).tolist(),
        "gradients": np.concatenate(
            [slope * op * (results - soft), slope * op[0] * col * (sums - column_sum)]
        ).tolist(),
        "soft": float(soft),
        "hard": hard,
        "loss": float(slope**2 / 2),
        "best": best,
    }


def selection_chart(data, step, asked):
    """Inside of the svg: a row for each choice, and below them the two answers on a line."""
    out = []

    def text(x, y, words, anchor="start", css="u-tick"):
        out.append(tag("text", {"class": css, "x": x, "y": y, "text-anchor": anchor}, words))

    for x, words, anchor in ((BAR, "weight", "start"), (GIVES, "gives", "end")):
        text(x, 18, words, anchor)
    text(PUSH, 18, "push", "middle")
    names = [*OPERATIONS, *data["names"]]
    most = max(0.05, *(abs(g) for g in step["gradients"]))
    rows = zip(names, ROWS, step["weights"], step["results"], step["gradients"], strict=True)
    for name, y, weight, result, gradient in rows:
        text(NAME, y + 5, escape(name), "end", "u-key")
        bars = tag("rect", {"class": "u-cup", "x": BAR, "y": y - 11, "width": LONG, "height": 22,
                            "rx": 4})  # fmt: skip
        bars += tag("rect", {"class": "u-fill", "x": BAR, "y": y - 11, "height": 22, "rx": 2,
                             "width": LONG * weight})  # fmt: skip
        out.append(tag("g", {"class": "u-bars u-neutral"}, bars))
        text(GIVES, y + 5, number(result, "z.1f"), "end", "u-key")
        out.append(tag("path", {"class": "u-rule u-one", "d": f"M{PUSH} {y - 13}L{PUSH} {y + 13}"}))
        size = -HALF * gradient / most  # descent moves a logit against its gradient
        push = {"class": "u-fill", "x": PUSH + min(0, size), "y": y - 9, "height": 18,
                "width": abs(size)}  # fmt: skip
        out.append(tag("g", {"class": "u-bars u-gradient"}, tag("rect", push)))
        side = HALF + 6 if gradient <= 0 else -HALF - 6
        text(PUSH + side, y + 5, number(-gradient), "start" if gradient <= 0 else "end")
    low, high = scale(data)

    def at(value):
        return ENDS[0] + (ENDS[1] - ENDS[0]) * (value - low) / (high - low)

    out.append(tag("path", {"class": "u-rule u-one", "d": f"M{ENDS[0]} {LINE}L{ENDS[1]} {LINE}"}))
    out.append(tag("path", {"class": "u-line u-asked", "d": f"M{at(asked):.2f} {LINE - 22}v44"}))
    text(at(asked), LINE - 28, f"asked {asked:g}", "middle", "u-key")
    soft, hard = at(step["soft"]), at(step["hard"])
    out.append(tag("circle", {"class": "u-soft", "cx": soft, "cy": LINE, "r": 9}))
    out.append(tag("rect", {"class": "u-hard", "x": hard - 7, "y": LINE - 7, "width": 14,
                            "height": 14}))  # fmt: skip
    text(ENDS[0], LINE + 44, "0" if low == 0 else number(low, "g"), "middle")
    text(ENDS[1], LINE + 44, number(high, "g"), "middle")
    return "".join(out)


def scale(data):
    """(low, high) of the line on which the answers stand."""
    values = [*data["sums"], data["count"], 0]
    return min(values), max(values)


def selection_says(data, step, asked):
    """The sentence below the picture."""
    names = [*OPERATIONS, *data["names"]]
    column = names[3 + int(np.argmax(step["weights"][3:]))]
    best = (f"sum of {column}", "count", "nothing")[step["best"]]
    pushed = names[int(np.argmin(step["gradients"]))]
    most = -min(step["gradients"])
    return (
        f"Soft answer {number(step['soft'])}, hard answer {number(step['hard'], 'g')} ({best}), "
        f"asked {asked:g}. " + (f"Descent raises {pushed} most." if most >= 0.005 else
                                "Descent hardly moves anything.")
    )  # fmt: skip


def selection_explorer(table, names, *, logits=None, rate=0.1):
    """A table and one selection step over it, whose logits the reader moves, or descent does.

    table (R, C), whole numbers; names of its C columns (two); logits (5,), where the sliders begin:
    of sum, count, each of the seven other operations, and the columns.  The reader asks for the
    count or for the sum of a column, sees the soft answer, the hard one and the push of descent,
    and takes steps of gradient descent with the learning rate ``rate``.
    """
    table = np.asarray(table, float)
    if table.ndim != 2 or table.shape[1] != 2 or len(names) != 2:
        raise FigureError(f"table: expected (R, 2) and two names, got {table.shape}, {names}")
    start = [0.0] * 5 if logits is None else [float(v) for v in logits]
    if len(start) != 5 or max(map(abs, start)) > LIMIT:
        raise FigureError(f"logits: expected five numbers within ±{LIMIT}, got {logits}")
    data = {"sums": table.sum(axis=0).tolist(), "count": len(table), "names": list(names),
            "logits": start, "rate": rate}  # fmt: skip
    asks = ["count", *(f"sum of {name}" for name in names)]
    data["asked"] = [data["count"], *data["sums"]]
    step = selection(data, start, data["count"])
    controls = choice("asked", "asked", asks, 0, "selection-asked", "u-wide")
    for k, name in enumerate(("sum", "count", "each other operation", *names)):
        controls += slider(f"logit of {escape(name)}", "u-neutral", -LIMIT, LIMIT, 0.1, start[k],
                           f"logit{k}")  # fmt: skip
    says = selection_says(data, step, data["count"])
    cells = "".join(
        "<tr>" + "".join(f"<td>{number(v, 'g')}</td>" for v in row) + "</tr>" for row in table
    )
    head = "".join(f'<th scope="col">{escape(n)}</th>' for n in names)
    body = f"""<section class="u-widget u-selection" aria-label="One selection step over a table">
<svg class="u-figure u-drawing u-chart" viewBox="0 0 {WIDTH} 330" role="img" aria-label="{says}"
>{selection_chart(data, step, data["count"])}</svg>
<p class="u-legend"><span><svg viewBox="0 0 44 14" aria-hidden="true"><circle class="u-soft" cx="22"
cy="7" r="6"></circle></svg> soft answer</span> <span><svg viewBox="0 0 44 14" aria-hidden="true"
><rect class="u-hard" x="16" y="1" width="12" height="12"></rect></svg> hard answer</span></p>
<div class="u-story" hidden>
<p class="u-say" aria-live="polite">{says}</p>
<div class="u-presets"><button type="button" data-steps="1">one step down</button>
<button type="button" data-steps="20">twenty steps</button>
<button type="button" data-steps="0">start again</button></div>
<div class="u-grid">{controls}</div>
</div>
<details class="u-table" open><summary>The table that is asked about</summary>
<div class="u-scroll" tabindex="0" role="group" aria-label="The table"><table>
<thead><tr>{head}</tr></thead><tbody>{cells}</tbody></table></div></details>
{embedded(data)}
</section>"""
    return Html(body, ("svg.js", "selection.js"), f"figure: {says}")


# -- the step as a picture -------------------------------------------------------------------------

BOXES = {
    "question": (0, 2), "RNN": (0, 1), "operation\nweights": (1.2, 2), "column\nweights": (1.2, 1),
    "all results,\nblended": (2.4, 1.5), "rows and\nanswer": (2.4, 0.3),
}  # fmt: skip
ARROWS = ((0, 1, 0), (1, 2, 0), (1, 3, 0), (2, 4, 0), (3, 4, 0), (4, 5, 0), (5, 4, 0.9))


def soft_step(ax):
    """One step of the Neural Programmer as boxes and arrows, the last of them back; returns ax."""
    box = {"boxstyle": "round,pad=0.4", "facecolor": "none", "edgecolor": GREY}
    texts = [
        ax.text(x, y, words, ha="center", va="center", bbox=box) for words, (x, y) in BOXES.items()
    ]
    places = list(BOXES.values())
    for start, end, bend in ARROWS:
        arrow = {"arrowstyle": "->", "color": GREY, "connectionstyle": f"arc3,rad={bend}",
                 "shrinkA": 3, "shrinkB": 3, "patchA": texts[start].get_bbox_patch(),
                 "patchB": texts[end].get_bbox_patch()}  # fmt: skip
        ax.annotate("", places[end], places[start], arrowprops=arrow)
    ax.text(2.98, 0.88, "next step", ha="left", va="center")
    ax.set(xlim=(-0.4, 3.7), ylim=(-0.1, 2.4))
    ax.axis("off")
    return ax
