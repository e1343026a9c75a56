"""The way back through a chain, and graphs drawn by hand."""

import re

import numpy as np
import pytest

from course_utils import figures
from course_utils.figures.nodes import graph
from course_utils.figures.page import FigureError


def chain(T=3, w=0.9):
    """h_0 ... h_T, dL/dh_t and the share of each use of w, for L = h_T."""
    h = [0.4]
    for x in np.linspace(-1, 1, T):
        h.append(np.tanh(0.8 * x + w * h[-1]))
    h, delta = np.array(h), np.ones(T)
    for t in range(T - 1, 0, -1):
        delta[t - 1] = w * (1 - h[t + 1] ** 2) * delta[t]
    return h, delta, delta * (1 - h[1:] ** 2) * h[:-1], w


def test_every_share_is_told_and_their_sum():
    h, delta, share, w = chain()
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
        figures.way_back(*change(*chain()))


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
