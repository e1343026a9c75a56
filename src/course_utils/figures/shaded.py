"""Text whose characters are shaded by a number: what a cell holds while a network reads."""

from html import escape
from itertools import groupby

from course_utils.figures.errors import FigureError
from course_utils.figures.looks import known
from course_utils.figures.page import Html, described
from course_utils.figures.palette import variable

STEPS = 8  # different shades; more are not told apart, and each run of one shade is one element
MOST = 34  # percent of ink in the deepest: letters on it keep 4.5:1, light and dark, in any ink


def shaded(text, values, alt, meaning="cell", mark=None, scale=("less", "more")):
    """The characters of ``text`` on a ground that is the deeper the larger their value.

    values: one in [0, 1] for each character.  alt: what the shading shows.  meaning names the ink,
    of a quantity or a model.  mark: the place of a character to put in a frame.  scale: what the
    palest and the deepest ground mean, written beside a strip of them; None leaves it out.
    The text stands at reading size and wraps between words, as on any page; a line that ends in
    the text ends here too.
    """
    if len(text) != len(values):
        raise FigureError(f"values: expected one a character ({len(text)}), got {len(values)}")
    known(meaning)
    marked = [k == mark for k in range(len(text))]
    runs = groupby(
        zip(text, values, marked, strict=True), key=lambda one: (round(STEPS * one[1]), one[2])
    )
    body = "".join(_run("".join(one[0] for one in run), *look, meaning) for look, run in runs)
    return Html(
        f'<div class="u-reading" role="img" aria-label="{described(alt)}">'
        f'<p class="u-shaded">{body}</p>{_scale(scale, meaning)}</div>',
        words=f"figure: {' '.join(alt.split())}",
    )


def _scale(scale, meaning):
    """A strip of the shades between the words for its ends."""
    if scale is None:
        return ""
    low, high = scale
    strip = "".join(f'<i style="{_ground(k, meaning)}"></i>' for k in range(STEPS + 1))
    return f'<p class="u-scale">{escape(low)} <span>{strip}</span> {escape(high)}</p>'


def _ground(level, meaning):
    return (
        f"background:color-mix(in srgb,{variable(meaning)} {MOST * level // STEPS}%,transparent)"
    )


def _run(text, level, marked, meaning):
    """Characters of one shade."""
    style = []
    if level > 0:
        style += [_ground(level, meaning)]
    if marked:
        style += ["outline:2px solid var(--u-text)"]
    return f'<span style="{";".join(style)}">{escape(text)}</span>' if style else escape(text)
