"""Matplotlib's drawings in a finished page without what nobody sees.

Matplotlib writes six decimals of a point, an id for each part, and paths that are neither filled
nor stroked (the empty cells of a heat map).  A third of a chapter's bytes say nothing else.
"""

import re

PLOT = re.compile(r'<svg class="u-figure u-plot.*?</svg>', re.S)
PLACES = re.compile(
    r'( (?:d|x|y|x1|x2|y1|y2|cx|cy|r|width|height|transform|points)=")\s*([^"]*?)\s*"'
)
LONG = re.compile(r"-?\d*\.\d{3,}(?:e-?\d+)?")
UNSEEN = re.compile(r'<path [^<>]*style="fill: none"/>')
PART = re.compile(r'<g id="([\w-]+_\d+)">')
BETWEEN = re.compile(r">\s+(?=</?(?:g|path|use|rect|defs|clipPath|line|text)\b)")


def lighter(page):
    """HTML of a page with its plots drawn in fewer bytes, to a hundredth of a point."""
    named = set(re.findall(r"#([\w-]+)", page))

    def plot(match):
        svg = re.sub(r' transform="rotate\(-?0(?: [^"]*)?\)"', "", match[0])
        svg = PLACES.sub(lambda m: f'{m[1]}{LONG.sub(_short, m[2])}"', UNSEEN.sub("", svg))
        svg = PART.sub(lambda m: m[0] if m[1] in named else "<g>", svg)
        return BETWEEN.sub(">", svg)

    return PLOT.sub(plot, page)


def _short(match):
    """A number to two decimals, to four below one (it may be a scale)."""
    value = float(match[0])
    text = f"{value:.{2 if abs(value) >= 1 else 4}f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text
