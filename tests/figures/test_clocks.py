"""The explorer of clockwork modules: its schedule and counts are those of the cell, twice."""

import numpy as np
import pytest
from tests.figures.alone import opened
from tests.figures.gallery import clocks as drawn
from tests.figures.html import Open

from course_utils import figures
from course_utils.figures.clocks import LONGEST, STEPS, clockwork
from course_utils.figures.errors import FigureError
from course_utils.lab import clocks
from course_utils.numpy_nn.cells.clockwork import wiring

CASES = [((1, 2, 4, 8), 8, 2), ((3, 5), 1, 0), ((16, 1, 2, 2, 7), 4, 3)]


def by_numpy(periods, size, inputs, t):
    """What the cell says, as the figure says it."""
    H = size * len(periods)
    hears = wiring(H, periods)[1][::size, ::size]
    return {
        "due": clocks.schedule(periods, t + 1)[:, t].tolist(),
        "heard": hears.tolist(),
        "now": clocks.multiplications(periods, size, inputs, t),
        "mean": pytest.approx(clocks.mean_multiplications(periods, size, inputs), rel=1e-12),
        "plain": H * (H + inputs),
    }


@pytest.mark.parametrize("periods, size, inputs", CASES)
def test_the_tables_say_what_the_cell_does(periods, size, inputs):
    for t in (0, 1, 6, 16):
        assert clockwork(periods, size, inputs, t) == by_numpy(periods, size, inputs, t)


def test_it_is_complete_without_script():
    html = drawn().html()
    Open(html)
    moving = clocks.schedule((1, 2, 4, 8), STEPS)
    assert html.count(">moves<") == moving.sum() and html.count(">rests<") >= (~moving).sum()
    assert html.count(">no weights<") == 6 and 'class="u-story" hidden' in html
    assert "Step 6: modules 1 and 2 move" in html


@pytest.mark.parametrize(
    "changed, message",
    [
        ({"periods": (1,)}, "periods: expected 2 to 6"),
        ({"periods": (1, LONGEST + 1)}, "periods: expected 2 to 6"),
        ({"periods": (1, 2.5)}, "periods: expected 2 to 6"),
        ({"size": 0}, "size: expected 1 to 1024"),
        ({"inputs": -1}, "inputs: expected 0 to 1024"),
        ({"step": STEPS}, "step: expected 0 to 16"),
    ],
)
def test_what_is_out_of_range_is_named(changed, message):
    told = {"periods": (1, 2), "size": 2, "inputs": 1, "step": 0} | changed
    with pytest.raises(FigureError, match=message):
        figures.clockwork_explorer(told.pop("periods"), **told)


@pytest.mark.browser
def test_the_script_computes_what_the_cell_does_and_the_tables_show_it(browser, tmp_path):
    with opened(browser, tmp_path, drawn().html()) as (page, wrong):
        for periods, size, inputs in CASES:
            for t in (0, 1, 6, 16):
                found = page.evaluate(
                    "([p, n, d, t]) => unrolled.clockwork(p, n, d, t)",
                    [list(periods), size, inputs, t],
                )
                assert found == by_numpy(periods, size, inputs, t)

        chosen = (1, 3, 3, 12)
        for k, period in enumerate(chosen, start=1):
            page.locator(f"input[name=period{k}]").fill(str(period))
        page.locator("input[name=t]").fill("9")
        shown = [
            [cell == "moves" for cell in row.locator("td").all_text_contents()]
            for row in page.locator(".u-schedule tbody tr").all()
        ]
        assert np.array_equal(shown, clocks.schedule(chosen, STEPS))
        expected = by_numpy(chosen, 8, 2, 9)
        said = page.locator(".u-say").inner_text()
        assert said.startswith("Step 9: modules 1, 2 and 3 move, ")
        assert f", {expected['now']} of a plain layer’s {expected['plain']} " in said
        share = clocks.mean_multiplications(chosen, 8, 2) / expected["plain"]
        assert said.endswith(f"it is {100 * share:.0f} %.")
        assert not wrong
