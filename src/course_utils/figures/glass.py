"""The reading glass: a held-out text, and what a small character model makes of each letter.

Weights and numbers come in; ``assets/glass_run.js`` reads on from the weights, in the page.
Without script: the text, shaded by what each character cost.
"""

from html import escape
from zlib import crc32

from course_utils.figures.controls import choice, slider
from course_utils.figures.errors import FigureError
from course_utils.figures.page import Html, embedded, told
from course_utils.figures.shaded import MOST, STEPS, shaded

NEEDED = ("vocabulary", "before", "text", "surprises", "cells", "weights")
VIEWS = ("surprise", "derivative", "replacement", "one cell")
OTHERS = "e tn(-"  # what takes a character's place: frequent ones, and three that open something
DEAREST = 8  # bits, of the deepest ground


def reading_glass(net, *, at=None, view="surprise"):
    """A text to read character by character with the network that reads it.

    net: what ``lab.reading.reading`` makes of a model: "vocabulary",
    "text" and what was read "before" it, "surprises" in bits by character, "cells", {name:
    {"cell", "sign"}}, and "weights" in 8 bits.
    at: the place that is framed first, by default the dearest; view: surprise, derivative,
    replacement or one cell.

    The views: the price of each character; the length of the derivative of the framed one's price
    by each embedding before it; by how many bits that price moves when a character before it is
    replaced; what one cell holds.  The reader moves the frame by arrow keys or a tap, sets the
    temperature, lets the network write on from the frame, or writes there.  FigureError names what
    is missing.
    """
    if missing := [name for name in NEEDED if name not in net]:
        raise FigureError(f"net: no {', '.join(missing)}; it needs {', '.join(NEEDED)}")
    text, surprises = net["text"], net["surprises"]
    if len(text) != len(surprises):
        raise FigureError(
            f"surprises: expected one a character ({len(text)}), got {len(surprises)}"
        )
    if view not in VIEWS:
        raise FigureError(f"view: expected one of {', '.join(VIEWS)}, got {view!r}")
    at = max(range(len(text)), key=surprises.__getitem__) if at is None else at
    if not 1 <= at < len(text):
        raise FigureError(f"at: expected from 1 to {len(text) - 1}, got {at}")
    units = net["weights"]["readout"]["shape"][1]
    cells = [{"cell": c["cell"], "sign": c["sign"]} for c in net["cells"].values()]
    cells = cells or [{"cell": 0, "sign": 1}]
    vocabulary = net["vocabulary"]
    data = {name: net[name] for name in ("vocabulary", "before", "text", "weights")} | {
        "cells": cells, "at": at, "seed": 1,
        "others": [vocabulary.index(c) for c in OTHERS if c in vocabulary],
    }  # fmt: skip
    alt = told(glass_says(text, surprises))
    buttons = "".join(f'<button type="button">{escape(name)}</button>' for name in net["cells"])
    buttons = f'<div class="u-presets">{buttons}</div>' if buttons else ""
    group = f"glass-view-{crc32(text.encode())}"
    views = choice("view", "view", VIEWS, VIEWS.index(view), group)
    shades = [min(1, v / DEAREST) for v in surprises]
    still = shaded(text, shades, alt, "lstm", mark=at, scale=None).html()
    begins = escape(" ".join(text.split())[:30])
    body = f"""<section class="u-widget u-glass" aria-label="A text and its reader: {begins} …">
<div class="u-story" hidden>{views}
<div class="u-cells">{buttons}
{slider("cell", "u-cell", 0, units - 1, 1, cells[0]["cell"], "cell")}</div></div>
{still}
{_ends()}
<div class="u-story" hidden>
<p class="u-say" aria-live="polite"></p>
<ol class="u-next" aria-label="What the network expected in the frame"></ol>
<div class="u-grid">{slider("temperature", "u-surprise", 0.1, 5, 0.1, 1, "temperature")}
<div class="u-presets"><button type="button" class="u-write">Write on from the frame</button>
<button type="button" class="u-back">Back to the text</button></div>
<div class="u-wide u-own"><label>your own words, from the frame on
<input type="text" name="own" maxlength="80"></label>
<button type="button" class="u-put">Let it read them</button></div></div>
</div>
{embedded(data)}
</section>"""
    return Html(body, ("svg.js", "cells.js", "glass_run.js", "glass.js"), f"figure: {alt}")


def glass_says(text, surprises):
    """What the shading shows, for those who do not see it."""
    dearest = sorted(range(len(text)), key=lambda k: -surprises[k])[:3]
    named = ", ".join(f"{text[k]!r} for {surprises[k]:.1f} bits" for k in dearest)
    mean = sum(surprises) / len(surprises)
    return (
        f"A text shaded by what each character cost, {mean:.1f} bits on average; dearest {named}."
    )


def _ends():
    """The scale of the ground, whose ends the script renames with the view."""
    strip = "".join(
        f'<i style="background:color-mix(in srgb,var(--ink) {MOST * k // STEPS}%,transparent)"></i>'
        for k in range(STEPS + 1)
    )
    return (
        f'<p class="u-scale"><b>0 bits</b> <span class="u-surprise">{strip}</span> '
        f"<b>{DEAREST} bits</b></p>"
    )
