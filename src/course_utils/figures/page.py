"""How a figure reaches a page: as bare HTML in the book, with its CSS and scripts elsewhere.

The book loads the assets once (``write_assets``).  A notebook's output may live alone in an iframe
(Colab does that), so there each output carries what it needs.  Nothing is ever fetched.
"""

import base64
import json
import os
from html import escape
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path

from course_utils.figures import palette
from course_utils.figures.errors import FigureError
from course_utils.figures.words import minus, unlisted
from course_utils.files import write

STYLES = (
    "palette.css", "figures.css", "predict.css", "looking.css", "selection.css", "addressing.css",
    "journey.css", "glass.css", "compare.css", "clocks.css", "searches.css", "newton.css",
)  # fmt: skip
FACES = {"MathJax_Main-Regular.woff": "normal", "MathJax_Math-Italic.woff": "italic"}
FONTS = "static/mathjax/output/chtml/fonts/woff-v2"  # in the package sphinx-mathjax-offline
SCRIPTS = (
    "svg.js", "stepper.js", "lstm.js", "decay.js", "looking.js", "frames.js",
    "predict.js", "predict_curve.js", "predict_bars.js",
    "selection.js", "addressing.js", "cells.js", "journey_run.js", "journey.js",
    "glass_run.js", "glass.js", "compare.js", "clocks.js", "searches.js", "newton.js",
)  # fmt: skip


def asset(name):
    """Text of one asset; palette.css and cells.js are generated."""
    if name == "palette.css":
        return palette.css()
    if name == "cells.js":
        from course_utils.figures import printed_cells  # which imports the compiler

        return printed_cells.script()
    return (files(__package__) / "assets" / name).read_text(encoding="utf-8")


def faces():
    """CSS of the font that MathJax sets formulas in; "" where that package is not installed.

    The fonts lie inside, for file:// lets no page load others.
    """
    package = find_spec("sphinx-mathjax-offline")
    if package is None:
        return ""
    folder = Path(package.origin).parent / FONTS
    return "".join(
        f'@font-face {{ font-family: "Unrolled Math"; font-style: {style}; '
        f"src: url(data:font/woff;base64,{_base64(folder / name)}) format('woff'); }}\n"
        for name, style in FACES.items()
    )


def _base64(path):
    return base64.b64encode(path.read_bytes()).decode()


def write_assets(folder):
    """Write every asset into folder; returns {"css": names, "js": names} in load order."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for name in STYLES + SCRIPTS:
        write(folder / name, asset(name))
    fonts = faces()
    if fonts:
        write(folder / "fonts.css", fonts)
    return {"css": [*(["fonts.css"] if fonts else []), *STYLES], "js": list(SCRIPTS)}


def in_book():
    """Whether the book is being built, so that the page already holds CSS and scripts."""
    return os.environ.get("UNROLLED_BOOK") == "1"


def embedded(data):
    """JSON inside a script element that it cannot close."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":")).replace("</", "<\\/")
    return f'<script type="application/json">{text}</script>'


def told(alt):
    """Alt text as a person reads it: one line, lists in words, true minus signs."""
    if not isinstance(alt, str) or not alt.strip():
        raise FigureError(f"alt: expected a sentence that says what the figure shows, got {alt!r}")
    return minus(unlisted(" ".join(alt.split())))


def described(alt):
    """``told`` and fit to print in HTML; an empty one is an error."""
    return escape(told(alt), quote=True)


class Html:
    """Something to show in a page: ``body`` HTML, the ``scripts`` it uses, and words for it."""

    scripts = ()

    def __init__(self, body, scripts=(), words="figure"):
        self.body, self.scripts, self.words = body, tuple(scripts), words

    def html(self):
        """The HTML alone, for a page that has the assets."""
        return self.body

    def _repr_html_(self):
        if in_book():
            return self.html()
        style = "\n".join(asset(name) for name in STYLES)
        script = "".join(f"<script>{asset(name)}</script>" for name in self.scripts)
        return f"<style>{style}</style>{self.html()}{script}"

    def __repr__(self):
        return f"<{self.words}>"
