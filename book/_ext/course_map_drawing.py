"""The drawing of the course's parts: a column for each, its chapters as stops, and what needs what.

Lines run only where nothing stands: down the middle of a column between stops, in the gutters
between columns, and in the channel above the columns' heads.
"""

import html
import textwrap
from dataclasses import dataclass

WIDTH, GUTTER, HEIGHT, GAP = 132, 26, 64, 18
HEAD, CHANNEL = 26, 26  # the height of a part's name; of the channel above it
LETTERS = 17  # of a title on a line
WITHIN, BETWEEN, AWAY = 7, 17, 22  # lines left of a column: its own, its neighbour's, leaving that


@dataclass(frozen=True)
class Stop:
    """One chapter; ``needs`` are the keys of the chapters whose results it uses."""

    key: str
    number: int
    title: str
    minutes: int
    link: str
    needs: tuple = ()


def drawing(columns):
    """{part: stops} as an SVG of its own width, links inside, colours from the page."""
    deepest = max(len(stops) for stops in columns.values())
    width = len(columns) * (WIDTH + GUTTER) - GUTTER + 2
    height = CHANNEL + HEAD + deepest * (HEIGHT + GAP)
    places = {stop.key: (c, r) for c, stops in enumerate(columns.values())
              for r, stop in enumerate(stops)}  # fmt: skip
    every = [stop for stops in columns.values() for stop in stops]
    lines = [line(route(places[need], places[stop.key])) for stop in every for need in stop.needs]
    boxes = [box(stop, *place(*places[stop.key])) for stop in every]
    heads = [
        f'<text class="map-part" x="{place(c, 0)[0] + 2}" y="{CHANNEL + HEAD - 9}">'
        f"{html.escape(part)}</text>"
        for c, part in enumerate(columns)
    ]
    return (
        f'<svg class="map-drawing" role="group" aria-label="The parts, and what needs what" '
        f'viewBox="0 0 {width} {height}" style="max-width: {width}px">'
        '<defs><marker id="map-tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" '
        'markerHeight="7" orient="auto"><path d="M0 0 8 4 0 8z"/></marker></defs>'
        f"{''.join(lines)}{''.join(heads)}{''.join(boxes)}</svg>"
    )


def place(column, row):
    """The upper left corner of a stop."""
    return 1 + column * (WIDTH + GUTTER), CHANNEL + HEAD + row * (HEIGHT + GAP)


def route(source, target):
    """The corners of a line from one (column, row) to a later one, around everything else."""
    (c0, r0), (c1, r1) = source, target
    (x0, y0), (x1, y1) = place(*source), place(*target)
    right, middle = x0 + WIDTH, x0 + WIDTH / 2
    if c0 == c1 and r1 == r0 + 1:
        return [(middle, y0 + HEIGHT), (middle, y1)]
    if c0 == c1:  # past the stops between them
        start, end, left = y0 + HEIGHT * 2 / 3, y1 + HEIGHT / 3, x0 - WITHIN
        return [(x0, start), (left, start), (left, end), (x1, end)]
    end, left = y1 + HEIGHT / 2, x1 - BETWEEN
    if c1 == c0 + 1:
        start = y0 + HEIGHT / 2
        return [(right, start), (left, start), (left, end), (x1, end)]
    start, up, top = y0 + HEIGHT / 3, right + GUTTER - AWAY, 6 + 7 * c0  # over the heads
    return [(right, start), (up, start), (up, top), (left, top), (left, end), (x1, end)]


def line(corners):
    """A route as an arrow."""
    path = "L".join(f"{x:g} {y:g}" for x, y in corners)
    return f'<path class="map-line" d="M{path}" marker-end="url(#map-tip)"/>'


def box(stop, x, y):
    """A chapter: its number and title, its minutes, one link."""
    words = textwrap.wrap(f"{stop.number}  {stop.title}", LETTERS)
    first = y + HEIGHT / 2 - 8 * len(words) + 12.5
    text = "".join(
        f'<tspan x="{x + 9}" y="{first + 16 * k}">{html.escape(row)}</tspan>'
        for k, row in enumerate(words)
    )
    return (
        f'<a href="{html.escape(stop.link)}" aria-label="{stop.number}. {html.escape(stop.title)}, '
        f'{stop.minutes} minutes"><rect class="map-stop" x="{x}" y="{y}" width="{WIDTH}" '
        f'height="{HEIGHT}" rx="7"/><text class="map-title">{text}</text></a>'
    )
