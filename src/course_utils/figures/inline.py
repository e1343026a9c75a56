"""A Matplotlib figure as inline SVG whose colours are the page's."""

import hashlib
import io
import re

from course_utils.figures.page import FigureError, Html, described
from course_utils.figures.palette import BOTH
from course_utils.figures.plots import GREY, parameters

_STEADY = ("svg.fonttype", "svg.hashsalt")
_NAMED = {**{colour: f"var(--u-{m})" for m, colour in BOTH.items()}, GREY: "var(--u-text)",
          "#000000": "var(--u-text)", "#ffffff": "var(--u-page)"}  # fmt: skip


def show(fig, alt, name=None):
    """A figure for the page, with words for those who cannot see it.

    fig: a Matplotlib figure, which is closed.  alt: what the figure *shows* ("the state falls at
    step 7"), not what it is ("a line plot"); it may not be empty.  name: prefix of the ids inside,
    by default taken from the content, so that the same figure gives the same bytes.
    """
    return Html(themed(svg_text(fig), alt, name), words=f"figure: {' '.join(alt.split())}")


def svg_text(fig):
    """The SVG of a figure, which is closed: text as text, no date, ids that never change."""
    import matplotlib
    from matplotlib import pyplot as plt

    if not hasattr(fig, "savefig"):
        raise FigureError(f"fig: expected a Matplotlib figure, got {type(fig).__name__}")
    settings, text = parameters(), io.StringIO()
    with matplotlib.rc_context({key: settings[key] for key in _STEADY}):
        blank = {"Date": None, "Creator": None, "Format": None, "Type": None}
        fig.savefig(text, format="svg", metadata=blank, bbox_inches="tight", pad_inches=0.05)
    plt.close(fig)
    return text.getvalue()


def themed(svg, alt, name=None):
    """Matplotlib's SVG text -> SVG to put inline: colours follow the theme, ids stay its own."""
    alt = described(alt)
    svg = svg[svg.index("<svg") :]
    # its `*` rule would reach every SVG of the page; figures.css says the same for ours alone
    svg = re.sub(r"<defs>\s*<style.*?</style>\s*</defs>|<style.*?</style>", "", svg, flags=re.S)
    svg = re.sub(r"<metadata>.*?</metadata>|<!--.*?-->", "", svg, flags=re.S)
    name = name or "p" + hashlib.sha256(svg.encode()).hexdigest()[:8]
    svg = re.sub(r'(\bid="|url\(#|href="#)', rf"\g<1>{name}-", svg)
    svg = re.sub("|".join(_NAMED), lambda match: _NAMED[match[0]], svg)
    svg = re.sub(r"font-family: [^;\"]*;? ?", "", svg)  # the page's own, and a third of the bytes
    svg = re.sub(r"\s*\n\s*", " ", svg)
    tag, rest = svg[: svg.index(">")], svg[svg.index(">") :]
    box = re.search(r'viewBox="([^"]+)"', tag)[1]
    width = float(box.split()[2]) * 4 / 3  # points -> CSS pixels
    return (
        f'<svg class="u-figure u-plot" role="img" aria-label="{alt}" viewBox="{box}" '
        f'style="max-width:{width:.0f}px" xmlns="http://www.w3.org/2000/svg" '
        f'xmlns:xlink="http://www.w3.org/1999/xlink"{rest}'.strip()
    )
