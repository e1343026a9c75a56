"""Drawings of how layers are connected: what is drawn is what the networks connect."""

import matplotlib.colors as colours
import pytest
from matplotlib.patches import Rectangle

from course_utils import figures
from course_utils.figures import wiring
from course_utils.figures.errors import FigureError
from course_utils.figures.palette import quantities


def drawn(draw, *args, **options):
    """Boxes' middles, and arrows by colour as (start, end)."""
    fig, ax = figures.subplots()
    draw(ax, *args, **options)
    boxes = {
        (round(b.get_x() + b.get_width() / 2, 3), round(b.get_y() + b.get_height() / 2, 3))
        for b in ax.patches
        if isinstance(b, Rectangle)
    }
    arrows = [
        (a.xyann, a.xy, colours.to_hex(a.arrowprops["color"])) for a in ax.texts if hasattr(a, "xy")
    ]
    fig.clear()
    return boxes, arrows


def inked(arrows, ink):
    return [(a, b) for a, b, colour in arrows if colour == colours.to_hex(quantities[ink])]


@pytest.mark.parametrize("steps, layers", [(2, 1), (4, 3), (8, 5)])
@pytest.mark.parametrize("around", [None, "residual", "gate"])
def test_every_cell_hands_on_in_time_and_upwards(steps, layers, around):
    boxes, arrows = drawn(wiring.stack, steps, layers, around)
    assert boxes == {(t, round(n * wiring.UP, 3)) for t in range(steps) for n in range(layers)}
    assert len(inked(arrows, "cell")) == layers * (steps - 1)
    assert len(inked(arrows, "hidden")) == layers * steps and len(inked(arrows, "x")) == steps
    assert len(inked(arrows, "gradient")) == (layers - 1) * steps * (around is not None)


@pytest.mark.parametrize("peek", [1, 3])
def test_the_lit_way_leads_from_the_next_input_to_the_output(peek):
    _, arrows = drawn(wiring.two_directions, 5, peek=peek)
    way = inked(arrows, "forget")
    assert len(way) == 3  # up into a box, one step back, up to the output
    starts = [round(a[0]) for a, _ in sorted(way, key=lambda arrow: arrow[0][1])]
    ends = [round(b[0]) for _, b in sorted(way, key=lambda arrow: arrow[1][1])]
    assert starts[0] == peek and ends[-1] == peek - 1  # steps are counted from 0
    assert not inked(drawn(wiring.two_directions, 5)[1], "forget")


@pytest.mark.parametrize(
    "draw, message",
    [
        (lambda ax: wiring.stack(ax, 1), "steps: expected 2 to 8, got 1"),
        (lambda ax: wiring.stack(ax, 3, 6), "layers: expected 1 to 5, got 6"),
        (lambda ax: wiring.stack(ax, 3, 2, "skip"), "around: expected None"),
        (lambda ax: wiring.two_directions(ax, 4, peek=4), "peek: expected 1 to 3, got 4"),
    ],
)
def test_what_does_not_fit_is_named(draw, message):
    fig, ax = figures.subplots()
    with pytest.raises(FigureError, match=message):
        draw(ax)
    fig.clear()
