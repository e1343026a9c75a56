"""A Matplotlib figure as inline SVG whose colours are the page's, in a form for each width."""

import hashlib
import io
import re
import unicodedata

from course_utils.figures.errors import FigureError
from course_utils.figures.forms import page_form, phone_form
from course_utils.figures.looks import GREY, parameters
from course_utils.figures.page import Html, described, told
from course_utils.figures.palette import replacements

_STEADY = ("svg.fonttype", "svg.hashsalt")
_NAMED = {**replacements(), GREY: "var(--u-text)", "#000000": "var(--u-text)",
          "#ffffff": "var(--u-page)"}  # fmt: skip
_INKS = re.compile("|".join(_NAMED))


class Plot(Html):
    """A figure in two forms, of which the page shows the one that fits; ``.svg()`` is the wide."""

    def __init__(self, page, phone, words):
        super().__init__(f'<div class="u-forms">{page}{phone}</div>', words=words)
        self.page = page

    def svg(self):
        return self.page


def show(fig, alt, name=None):
    """A figure for the page, with words for those who cannot see it.

    fig: a Matplotlib figure, which is closed.  Its letters get the one size that figures have, its
    width becomes that of the column or the wide one, whichever is nearer, and a second form is made
    for a phone: narrower, with panels one below the other.
    alt: what the figure *shows* ("the state falls at step 7"), not what it is ("a line plot"); it
    may not be empty.  name: prefix of the ids inside, by default taken from the content, so that
    the same figure gives the same bytes.
    """
    if not hasattr(fig, "savefig"):
        raise FigureError(f"fig: expected a Matplotlib figure, got {type(fig).__name__}")
    described(alt)
    forms = []
    for kind, make in (("page", page_form), ("phone", phone_form)):
        make(fig)
        fig.set_layout_engine("none")  # made by now; to save would make it once more
        forms.append(themed(svg_text(fig), alt, name and f"{name}-{kind}", kind))
    _close(fig)
    return Plot(*forms, words=f"figure: {told(alt)}")


def _close(fig):
    from matplotlib import pyplot as plt

    plt.close(fig)


def svg_text(fig):
    """The SVG of a figure: text as text, no date, ids that never change."""
    import matplotlib

    settings, text = parameters(), io.StringIO()
    with matplotlib.rc_context({key: settings[key] for key in _STEADY}):
        blank = {"Date": None, "Creator": None, "Format": None, "Type": None}
        fig.savefig(text, format="svg", metadata=blank)
    return text.getvalue()


def themed(svg, alt, name=None, form="page"):
    """Matplotlib's SVG text -> SVG to put inline: colours follow the theme, ids stay its own.

    form: "page" or "phone", which CSS chooses between.
    """
    alt = described(alt)
    svg = svg[svg.index("<svg") :]
    # its `*` rule would reach every SVG of the page; figures.css says the same for ours alone
    svg = re.sub(r"<defs>\s*<style.*?</style>\s*</defs>|<style.*?</style>", "", svg, flags=re.S)
    svg = re.sub(r"<metadata>.*?</metadata>|<!--.*?-->", "", svg, flags=re.S)
    name = name or "p" + hashlib.sha256(svg.encode()).hexdigest()[:8]
    svg = re.sub(r'(\bid="|url\(#|href="#)', rf"\g<1>{name}-", svg)
    svg = _INKS.sub(lambda match: _NAMED[match[0]], svg)
    svg = _formulas(svg)
    svg = re.sub(r"font-family: [^;\"]*;? ?", "", svg)  # the page's own, and a third of the bytes
    svg = re.sub(r"\s*\n\s*", " ", svg)
    tag, rest = svg[: svg.index(">")], svg[svg.index(">") :]
    box = re.search(r'viewBox="([^"]+)"', tag)[1]
    width = float(box.split()[2]) * 4 / 3  # points -> CSS pixels
    return (
        f'<svg class="u-figure u-plot u-form-{form}" role="img" aria-label="{alt}" viewBox="{box}" '
        f'style="max-width:{width:.0f}px" xmlns="http://www.w3.org/2000/svg" '
        f'xmlns:xlink="http://www.w3.org/1999/xlink"{rest}'.strip()
    )


LEAST = 11.1  # pixels: below it a subscript is not readable on a phone
_FORMULA = re.compile(r"<text>\s*((?:<tspan [^>]*>[^<]*</tspan>\s*)+)</text>")
_PIECE = re.compile(r"<tspan ([^>]*)>([^<]*)</tspan>")
_ATTRIBUTE = re.compile(r'(\w+)="([^"]*)"')  # in any order: Matplotlib 3.9 has another


def _formulas(svg):
    """Labels with a formula, which Matplotlib sets glyph by glyph: words in one piece again, in the
    page's font at the width that was measured; the rest in the font of formulas."""
    return _FORMULA.sub(lambda found: f"<text>{_pieces(found[1])}</text>", svg)


def _pieces(tspans):
    glyphs = []
    for attributes, text in _PIECE.findall(tspans):
        at = dict(_ATTRIBUTE.findall(attributes))
        places = zip(at["x"].split(), _characters(text), strict=True)
        glyphs += [[float(x), at["y"], at["style"], c] for x, c in places]
    glyphs.sort(key=lambda g: g[0])
    runs = []
    for x, y, style, c in glyphs:
        if runs and runs[-1][1:3] == [y, style] and "STIX" not in style:
            runs[-1][3] += c
        else:
            runs.append([x, y, style, c])
    return "".join(
        _run(run, after and after[0]) for run, after in zip(runs, [*runs[1:], None], strict=True)
    )


def _characters(text):
    return list(unicodedata.normalize("NFKC", text))


def _run(run, end):
    x, y, style, text = run
    points = float(re.search(r"([\d.]+)px", style)[1])  # Matplotlib's pixel is a point
    size = f"font-size: {max(points, LEAST * 0.75):g}px"
    if "STIX" in style:
        slant = ";font-style:italic" if "italic" in style else ""
        return f'<tspan class="u-math" x="{x:.2f}" y="{y}" style="{size}{slant}">{text}</tspan>'
    fit = "" if end is None else f' textLength="{end - x:.2f}" lengthAdjust="spacingAndGlyphs"'
    return f'<tspan xml:space="preserve" x="{x:.2f}" y="{y}" style="{size}"{fit}>{text}</tspan>'
