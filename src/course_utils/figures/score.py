"""A tune in ABC notation engraved as a score, by verovio where it is installed."""

import re
from html import escape

from course_utils.figures.errors import FigureError
from course_utils.figures.page import Html, described, in_book

OPTIONS = {
    "inputFrom": "abc", "adjustPageHeight": True, "pageWidth": 1250, "scale": 50,
    "pageMarginTop": 20, "pageMarginBottom": 20, "pageMarginLeft": 10, "pageMarginRight": 10,
    "header": "none", "footer": "none", "svgViewBox": True, "xmlIdSeed": 1,
    "spacingSystem": 8,
}  # fmt: skip


def score(tune, alt, width=620):
    """One tune as a score in the colour of the page's text, ``width`` pixels wide at most.

    tune: ABC, from the title or the metre on.  Where verovio is not installed the letters are
    shown instead, with a sentence that says what would engrave them; a book is not built without.
    """
    alt = described(alt)
    try:
        import verovio
    except ModuleNotFoundError:
        if in_book():
            raise FigureError("score: the book needs verovio: pip install verovio") from None
        return Html(f"<p>To see it as a score: <code>pip install verovio</code>.</p>"
                    f"<pre>{escape(tune)}</pre>", words="a tune in letters")  # fmt: skip
    verovio.enableLog(verovio.LOG_OFF)
    press = verovio.toolkit()
    press.setOptions(OPTIONS)
    if not press.loadData("X:1\n" + tune) or not press.getPageCount():
        raise FigureError(f"tune: verovio cannot read it: {tune[:40]!r}")
    return Html(themed(press.renderToSVG(1), alt, width), words=f"score: {alt}")


def themed(svg, alt, width):
    """verovio's SVG -> SVG to put inline, black become the colour of the text."""
    svg = svg[svg.index("<svg") :]
    box = re.search(r'viewBox="([^"]+)"', svg)[1]
    name = re.search(r'<svg[^>]* id="([^"]+)"', svg)[1]  # its own style sheet speaks to this name
    svg = re.sub(r"<desc>.*?</desc>|<!--.*?-->|<title[^>]*/>", "", svg, flags=re.S)
    svg = re.sub(r'(color|fill|stroke)="(black|#000000)"', r'\1="currentColor"', svg)
    svg = re.sub(r">\s*\n\s*<", "><", svg)
    rest = svg[svg.index(">") :]
    return (
        f'<svg id="{name}" class="u-figure u-score" role="img" aria-label="{alt}" viewBox="{box}" '
        f'style="max-width:{width}px;color:var(--u-text);fill:var(--u-text)" '
        f'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"{rest}'
    ).strip()
