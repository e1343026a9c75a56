"""The way back through a chain, and graphs drawn by hand."""

import re

import pytest

from course_utils import figures
from course_utils.figures.nodes import graph
from course_utils.figures.page import FigureError

from .gallery import way


def test_every_share_is_told_and_their_sum():
    h, delta, share, w = way(T=3)
    body = figures.way_back(h, delta, share, w).html()
    for number in [*share, share.sum()]:
        assert f"{number:z.4f}".replace("-", "\u2212") in body
    assert len(re.findall(r"<table", body)) >= 1  # what is left without script


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (lambda h, d, s, w: (h[1:], d, s, w), "T from 2 to 7"),
        (lambda h, d, s, w: (h, d[::-1], s, w), "reversed"),
        (lambda h, d, s, w: (h, d, d * (1 - h[1:] ** 2) * h[1:], w), "off by one"),
    ],
)
def test_numbers_that_do_not_belong_together_are_refused(change, word):
    with pytest.raises(FigureError, match=word):
        figures.way_back(*change(*way(T=3)))


def test_a_graph_has_a_circle_a_node_and_an_arrow_an_edge():
    with figures.style():
        import matplotlib.pyplot as plt

        _, ax = plt.subplots()
        graph(
            ax,
            {0: (0, 0), 1: (1, 0)},
            [(0, 1, "B"), (1, 1, "S"), (1, 0, "X", 0.2)],
            {"S": "forget"},
        )
    kinds = [type(patch).__name__ for patch in ax.patches]
    assert kinds.count("Circle") == 2 and kinds.count("FancyArrowPatch") == 3
    assert sorted(text.get_text() for text in ax.texts) == ["B", "S", "X"]
    plt.close("all")
