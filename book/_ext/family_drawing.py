"""The drawing of a family of cells: a row for each, its dot at its year, hung from its elder.

Rows come in the order of the tree, so that a line from an elder passes only rows of its own
descendants, left of their dots, and a name stands right of its dot: nothing crosses a name.
"""

import html
from dataclasses import dataclass

ROW, TOP, DOT = 22, 40, 5
FAR = 0.5  # a larger share of new is drawn with a broken line
FORMS = {  # (pixels for a year, for a name, for the columns of marks; size of letters)
    "page": (23, 128, (66, 66, 54), 12.5),
    "phone": (9.2, 100, (40, 46, 28), 12),
}
LEFT, EXTRA = 10, 6  # room left of the first dot; how far a child of the same year moves right
LEAST = 30  # pixels between two years on the axis
GATE = '<circle class="family-gate" cx="{x:g}" cy="{y:g}" r="3.6"/>'
STATE = '<rect class="family-state" x="{x0:g}" y="{y0:g}" width="6" height="6"/>'


@dataclass(frozen=True)
class Stop:
    """One cell; parent is the key of the cell that it hangs from, depth how far from the root."""

    key: str
    name: str
    year: int
    depth: int
    parent: str | None
    far: bool
    gates: int
    states: int
    linear: bool
    scanned: bool
    link: str


def drawings(stops):
    """Both forms, of which the style sheet shows one; stops in the order of the tree."""
    forms = "".join(drawing(stops, form) for form in FORMS)
    return f'<div class="u-forms family">{forms}</div>'


def drawing(stops, form):
    """The SVG of one form."""
    across, names, marks, letters = FORMS[form]
    years = sorted({stop.year for stop in stops})
    place = places(stops, years, across)
    right = max(x for x, _ in place.values()) + names
    width, height = right + sum(marks), TOP + ROW * len(stops) + 6
    stripes = "".join(
        f'<rect class="family-stripe" x="0" y="{TOP + ROW * k}" width="{width:g}" height="{ROW}"/>'
        for k in range(0, len(stops), 2)
    )
    lines = "".join(line(place[s.parent], place[s.key], s.far) for s in stops if s.parent)
    cells = "".join(cell(stop, *place[stop.key], right, marks) for stop in stops)
    heads = "".join(
        f'<text class="family-head" x="{right + sum(marks[:k]):g}" y="{TOP - 10}">{word}</text>'
        for k, word in enumerate(("gates", "states", "scan"))
    )
    return (
        f'<svg class="u-figure u-form-{form} family-drawing" role="group" '
        'aria-label="The cells as a tree, each with its gates and states" '
        f'viewBox="0 0 {width:g} {height}" style="max-width:{width:g}px;font-size:{letters}px">'
        f"{stripes}{axis(years, across)}{heads}{lines}{cells}</svg>"
    )


def places(stops, years, across):
    """{key: (x, y)} of the dots; children of their elder's own year stand a little to the right."""
    found, year = {}, {stop.key: stop.year for stop in stops}
    later = {}
    for k, stop in enumerate(stops):
        same = stop.parent is not None and year[stop.parent] == stop.year
        later[stop.key] = later[stop.parent] + 1 if same else 0
        x = LEFT + across * years.index(stop.year) + EXTRA * later[stop.key]
        if stop.parent is not None:  # never left of a younger-looking elder
            x = max(x, found[stop.parent][0] + EXTRA)
        found[stop.key] = (x, TOP + ROW * (k + 0.5))
    return found


def axis(years, across):
    """The years that have room, and a tick for each."""
    parts, last = [], -LEAST
    for k, year in enumerate(years):
        x = LEFT + across * k
        parts.append(f'<path class="family-tick" d="M{x:g} {TOP - 6}v5"/>')
        if x - last >= LEAST:
            place = f'x="{x - LEFT / 2:g}" y="{TOP - 10}"'
            parts.append(f'<text class="family-year" {place}>{year}</text>')
            last = x
    return "".join(parts)


def line(elder, cell, far):
    """From an elder down and to the right."""
    (x0, y0), (x1, y1) = elder, cell
    broken = " is-far" * far
    return (f'<path class="family-line{broken}" d="M{x0:g} {y0 + DOT:g}V{y1 - 4:g}q0 4 4 4'
            f'H{x1 - DOT:g}"/>')  # fmt: skip


def cell(stop, x, y, right, marks):
    """Dot, name and marks of one cell, one link."""
    kind = "is-scanned" if stop.scanned else "is-gated" if stop.gates else "is-plain"
    gates = row(right + 4, y, stop.gates, GATE)
    states = row(right + marks[0] + 4, y, stop.states, STATE)
    none = f'<text class="family-none" x="{right:g}" y="{y:g}" dy=".33em">–</text>'
    none *= not stop.gates
    scan = (f'<path class="family-scan" d="M{right + marks[0] + marks[1] + 3:g} {y:g}'
            'l4 4 8 -9"/>') * stop.scanned  # fmt: skip
    said = f"{stop.name}, {stop.year}: {plural(stop.gates, 'gate')}, {plural(stop.states, 'state')}"
    said += ", linear along time" * stop.linear + ", can be scanned" * stop.scanned
    dot = f'<circle class="family-dot {kind}" cx="{x:g}" cy="{y:g}" r="{DOT}"/>'
    if stop.scanned:
        dot = (f'<rect class="family-dot {kind}" x="{x - DOT + 0.5:g}" y="{y - DOT + 0.5:g}" '
               f'width="{2 * DOT - 1}" height="{2 * DOT - 1}"/>')  # fmt: skip
    return (
        f'<a href="{html.escape(stop.link)}" aria-label="{html.escape(said)}">{dot}'
        f'<text class="family-name" x="{x + DOT + 5:g}" y="{y:g}" dy=".33em">'
        f"{html.escape(stop.name)}</text>{gates}{none}{states}{scan}</a>"
    )


def row(x, y, count, shape):
    """As many marks side by side."""
    return "".join(shape.format(x=x + 8.5 * k, y=y, x0=x + 8.5 * k - 3, y0=y - 3)
                   for k in range(count))  # fmt: skip


def plural(count, word):
    return f"{count or 'no'} {word}{'s' * (count != 1)}"
