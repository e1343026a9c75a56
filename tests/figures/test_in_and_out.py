"""The shape of a task: what is drawn is what was said."""

import pytest
from matplotlib.patches import Circle, Rectangle

from course_utils import figures
from course_utils.figures.errors import FigureError
from course_utils.figures.in_and_out import in_and_out


def test_each_step_has_a_state_and_a_circle_for_what_it_reads_and_answers():
    _, ax = figures.subplots()
    in_and_out(ax, "two of three", 3, [0, 2], [1], fed=True)
    boxes = [p for p in ax.patches if isinstance(p, Rectangle)]
    circles = [p.center for p in ax.patches if isinstance(p, Circle)]
    assert len(boxes) == 3
    assert sorted(t for t, y in circles if y < 0) == [0, 2]
    assert [t for t, y in circles if y > 0] == [1]
    assert len(ax.texts) == 2 + 3 + 1  # along time, in and out, back in


def test_a_step_that_is_not_there_is_told():
    _, ax = figures.subplots()
    with pytest.raises(FigureError, match=r"answers: expected steps from 0 to 2, got \[3\]"):
        in_and_out(ax, "", 3, [0], [3])
