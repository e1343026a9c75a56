"""An encoder and a decoder, drawn: every word stands there, and lines are as thick as weights."""

import numpy as np
import pytest

from course_utils import figures
from course_utils.figures.attending import encoder_decoder
from course_utils.figures.errors import FigureError


@pytest.mark.parametrize("weights", [None, [0.1, 0.6, 0.3]])
def test_every_word_stands_there_once(weights):
    fig, ax = figures.subplots()
    assert encoder_decoder(ax, ["d", "e", "f"], ["w", "END"], weights) is ax
    words = [t.get_text() for t in ax.texts]
    fig.clear()
    for word in ("d", "e", "f", "w", "END", "h₁", "h₃", "q₁", "q₂"):
        assert words.count(word) == 1
    assert ("z" in words) == (weights is None) and ("c₂" in words) == (weights is not None)


def test_the_thicker_the_line_the_larger_the_weight():
    weights = np.array([0.05, 0.5, 0.25, 0.2])
    fig, ax = figures.subplots()
    encoder_decoder(ax, list("abcd"), list("xyz"), weights, step=3)
    lines = [line for line in ax.lines if len(line.get_xdata()) == 2]
    assert [line.get_xdata()[0] for line in lines] == [0, 1, 2, 3]
    assert {line.get_xdata()[1] for line in lines} == {2}, "all lead to the third step's context"
    widths = [line.get_linewidth() for line in lines]
    np.testing.assert_allclose(np.diff(widths), 9 * np.diff(weights))
    fig.clear()


@pytest.mark.parametrize(
    "args, message",
    [
        ((["a"], ["x", "y"]), "read, written: expected 2 to 5 and 2 to 6 words, got 1 and 2"),
        ((list("abcdef"), ["x", "y"]), "got 6 and 2"),
        ((["a", "b"], ["x", "y"], [0.5, 0.6]), "weights: expected 2 of sum 1"),
        ((["a", "b"], ["x", "y"], [1.0]), "weights: expected 2 of sum 1"),
        ((["a", "b"], ["x", "y"], [0.5, 0.5], 3), "step: expected 1 to 2, got 3"),
    ],
)
def test_it_says_what_is_wrong(args, message):
    _, ax = figures.subplots()
    with pytest.raises(FigureError, match=message):
        encoder_decoder(ax, *args)
