"""Text whose characters are shaded by a number: what a cell holds while a network reads."""

from html import escape
from itertools import groupby

from course_utils.figures.page import FigureError, Html, described
from course_utils.figures.palette import MEANINGS

STEPS = 8  # different shades; more are not told apart, and each run of one shade is one element
MOST = 45  # percent of ink in the deepest: the letters on it stay readable, light and dark


def shaded(text, values, alt, meaning="cell", mark=None):
    """The characters of ``text`` on a ground that is the deeper the larger their value.

    values: one in [0, 1] for each character.  alt: what the shading shows.  meaning names the ink.
    mark: the place of a character to put in a frame.
    The text keeps its lines and scrolls sideways where they do not fit.
    """
    if len(text) != len(values):
        raise FigureError(f"values: expected one a character ({len(text)}), got {len(values)}")
    if meaning not in MEANINGS:
        raise FigureError(f"meaning: expected one of {', '.join(MEANINGS)}, got {meaning!r}")
    marked = [k == mark for k in range(len(text))]
    runs = groupby(
        zip(text, values, marked, strict=True), key=lambda one: (round(STEPS * one[1]), one[2])
    )
    body = "".join(_run("".join(one[0] for one in run), *look, meaning) for look, run in runs)
    style = (
        "overflow-x:auto;line-height:1.6;font-size:.8rem;padding:.6rem .8rem;margin:1.2rem 0;"
        "background:transparent;color:var(--u-text);border:1px solid var(--u-faint)"
    )
    return Html(
        f'<div role="img" aria-label="{described(alt)}">'
        f'<pre class="u-shaded" tabindex="0" style="{style}">{body}</pre></div>',
        words=f"figure: {' '.join(alt.split())}",
    )


def _run(text, level, marked, meaning):
    """Characters of one shade."""
    style = []
    if level > 0:
        share = MOST * level // STEPS
        style += [f"background:color-mix(in srgb,var(--u-{meaning}) {share}%,transparent)"]
    if marked:
        style += ["outline:2px solid var(--u-text)"]
    return f'<span style="{";".join(style)}">{escape(text)}</span>' if style else escape(text)
