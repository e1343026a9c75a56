"""Text whose characters are shaded by a number: what a cell holds while a network reads."""

from html import escape
from itertools import groupby

from course_utils.figures.page import FigureError, Html, described
from course_utils.figures.palette import MEANINGS

STEPS = 8  # different shades; more are not told apart, and each run of one shade is one element
MOST = 45  # percent of ink in the deepest: the letters on it stay readable, light and dark


def shaded(text, values, alt, meaning="cell"):
    """The characters of ``text`` on a ground that is the deeper the larger their value.

    values: one in [0, 1] for each character.  alt: what the shading shows.  meaning names the ink.
    The text keeps its lines and scrolls sideways where they do not fit.
    """
    if len(text) != len(values):
        raise FigureError(f"values: expected one a character ({len(text)}), got {len(values)}")
    if meaning not in MEANINGS:
        raise FigureError(f"meaning: expected one of {', '.join(MEANINGS)}, got {meaning!r}")
    runs = groupby(zip(text, values, strict=True), key=lambda pair: round(STEPS * pair[1]))
    body = "".join(_run("".join(c for c, _ in run), level, meaning) for level, run in runs)
    style = (
        "overflow-x:auto;line-height:1.6;font-size:.8rem;padding:.6rem .8rem;margin:1.2rem 0;"
        "background:transparent;color:var(--u-text);border:1px solid var(--u-faint)"
    )
    return Html(
        f'<div role="img" aria-label="{described(alt)}">'
        f'<pre class="u-shaded" tabindex="0" style="{style}">{body}</pre></div>',
        words=f"figure: {' '.join(alt.split())}",
    )


def _run(text, level, meaning):
    """Characters of one shade."""
    if level <= 0:
        return escape(text)
    ink = f"color-mix(in srgb,var(--u-{meaning}) {MOST * level // STEPS}%,transparent)"
    return f'<span style="background:{ink}">{escape(text)}</span>'
