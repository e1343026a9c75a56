"""Drawings as files of their own, for a README or a slide."""

from pathlib import Path

from course_utils.figures import palette
from course_utils.figures.errors import FigureError
from course_utils.figures.page import asset
from course_utils.files import write


def standalone(drawing):
    """SVG text whose colours travel inside, for light and for dark surroundings.

    drawing: the text of an SVG of ours, or anything with ``.svg()`` (a circuit, the cover) or
    ``.html()`` that is one SVG (what ``show`` returns).
    """
    svg = _svg_of(drawing)
    dark = palette.block(":root", "dark")
    rules = (
        f"{palette.block(':root', 'light')} @media (prefers-color-scheme: dark) {{ {dark} }} "
        f"svg {{ font-family: sans-serif }} {asset('figures.css')}"
    )
    head = svg.index(">") + 1
    return f"{svg[:head]}<style>{rules}</style>{svg[head:]}"


def write_svg(path, drawing):
    """Write ``standalone(drawing)`` into a file, atomically; returns its Path."""
    path = Path(path)
    write(path, standalone(drawing) + "\n")
    return path


def _svg_of(drawing):
    if hasattr(drawing, "svg"):
        drawing = drawing.svg()
    elif hasattr(drawing, "html"):
        drawing = drawing.html()
    if not isinstance(drawing, str) or not drawing.startswith("<svg"):
        raise FigureError(f"drawing: expected SVG, got {str(drawing)[:40]!r}")
    return drawing
