"""One figure in two forms: letters, widths, labels that keep off each other, true minus signs."""

import re
from xml.etree import ElementTree

import matplotlib
import numpy as np
import pytest

matplotlib.use("agg")
from matplotlib import pyplot as plt

from course_utils import figures
from course_utils.figures import FigureError
from course_utils.figures.axes import hold, together
from course_utils.figures.endings import labels_of, spread
from course_utils.figures.forms import overlaps, page_form, phone_form
from course_utils.figures.looks import LETTERS, PHONE, PHONE_LETTERS, PIXEL, WIDTHS
from course_utils.figures.words import listed, minus, spoken, unlisted

T = np.arange(60)


@pytest.fixture(autouse=True)
def nothing_stays_open():
    yield
    plt.close("all")


def lines():
    """Ends that coincide, a label of many words, a rule."""
    fig, ax = figures.subplots()
    for name, keeps in (("rnn", 0.5), ("lstm", 0.6), ("gru", 0.55), ("ngram", 0.5)):
        ax.plot(T, keeps**T, label=f"{name} and more words than a phone has room for",
                **figures.look(name))  # fmt: skip
    ax.axhline(0.5, label="half", **figures.look("neutral"))
    ax.set(xlabel="steps since the cue, counted from the first", title="w = -0.5", ylim=(0, 1))
    return fig, figures.label_lines(ax)


def panels():
    fig, axes = figures.subplots(columns=2, sharey=True)
    for ax in axes:
        ax.plot(T, T, label="all of it")
    axes[0].set(ylabel="loss over guessing")
    axes[1].set(xlabel="thousand updates")
    axes[1].legend()
    return fig, axes[1]


def matrix():
    fig, ax = figures.subplots(height=3)
    figures.heatmap(ax, np.eye(3, 5), "lstm", rows=["LSTM, forget gates at 0.99", "RNN", "GRU"],
                    columns=["as trained", "forget held", "output held", "belt cut", "a guess"])
    return fig, ax


def letters():
    fig, ax = figures.subplots()
    figures.heatmap(ax, np.eye(4, 40), "cell", columns=["-1"] * 40)
    return fig, ax


def words():
    fig, ax = figures.subplots(columns=1, width="wide")
    ax.bar(range(8), range(8), color=figures.palette.models["lstm"])
    ax.set_xticks(range(8), [f"measurement{k}" for k in range(8)])
    ax.text(3, 5, "a note", fontsize=5)
    return fig, ax


EVERY = [lines, *(pytest.param(make, marks=pytest.mark.slow)
                  for make in (panels, matrix, letters, words))]  # fmt: skip


@pytest.mark.parametrize("make", EVERY)
def test_both_forms_keep_the_grammar(make):
    """One letter size, one of two widths, no text on another, none beyond the picture."""
    fig, ax = make()
    wide = make is words
    for form, size, width in ((page_form, LETTERS, WIDTHS["wide" if wide else "column"]),
                              (phone_form, PHONE_LETTERS, PHONE)):  # fmt: skip
        form(fig)
        assert overlaps(fig) == [], form.__name__
        texts = [t for t in fig.findobj(matplotlib.text.Text) if t.get_text()]
        assert {round(t.get_fontsize() / 0.75, 3) for t in texts} == {size}
        assert fig.get_figwidth() / PIXEL == pytest.approx(width)
        edge = fig.get_figwidth() * fig.dpi + 2
        assert all(t.get_window_extent().x1 <= edge for t in [*ax.texts, ax.xaxis.label])


def test_panels_side_by_side_stand_one_below_the_other_on_a_phone():
    fig, _ = panels()
    page_form(fig)
    tops = [ax.get_position().y1 for ax in fig.axes]
    assert tops[0] == pytest.approx(tops[1])
    phone_form(fig)
    first, second = (ax.get_position() for ax in fig.axes)
    assert first.y0 > second.y1 and first.width == pytest.approx(second.width, rel=0.05)
    assert [ax.get_ylabel() for ax in fig.axes] == ["loss over guessing"] * 2
    assert [bool(ax.get_xlabel()) for ax in fig.axes] == [False, True]
    assert all(t.get_visible() for ax in fig.axes for t in ax.get_yticklabels())
    assert len(fig.legends) == 1 and fig.axes[1].get_legend() is None


def test_labels_stand_at_their_lines_in_their_ink():
    fig, ax = figures.subplots()
    ax.plot([0, 1], [0, 1], label="up", **figures.look("lstm"))
    ax.plot([0, 1], [1, 0], label="down", **figures.look("rnn"))
    figures.label_lines(ax, {"up": "rises"})
    page_form(fig)
    (label,) = labels_of(ax)
    assert label.get_text() == "rises" and label.get_color() == figures.palette.models["lstm"]
    end = ax.transData.transform((1, 1))
    box = label.get_window_extent()
    assert box.x0 > end[0] and abs((box.y0 + box.y1) / 2 - end[1]) < box.height


def test_label_lines_says_what_it_cannot_label():
    _, ax = figures.subplots()
    ax.plot([0, 1])
    with pytest.raises(FigureError, match="no line has a label"):
        figures.label_lines(ax)
    ax.plot([0, 1], label="a")
    with pytest.raises(FigureError, match="no line is called 'b'"):
        figures.label_lines(ax, {"b": "x"})
    with pytest.raises(FigureError, match="one for each of 1 lines, got 2"):
        figures.label_lines(ax, ["x", "y"])


@pytest.mark.parametrize("seed", range(20))
def test_boxes_are_moved_apart_no_farther_than_they_must(seed):
    rng = np.random.default_rng(seed)
    wanted, heights = rng.uniform(0, 100, 7), rng.uniform(1, 12, 7)
    centres = np.array(spread(list(wanted), list(heights), 0, 100))
    order = np.argsort(wanted)
    low, high = (centres - heights / 2)[order], (centres + heights / 2)[order]
    assert (low[1:] >= high[:-1] - 1e-9).all() and low[0] >= -1e-9 and high[-1] <= 100 + 1e-9
    alone = (low[1:] - high[:-1] > 1e-6).all()
    far = [40.0, 10.0, 70.0]
    assert spread(far, [5, 5, 5], 0, 100) == far
    if alone:
        np.testing.assert_allclose(centres, np.clip(wanted, heights / 2, 100 - heights / 2))


@pytest.mark.parametrize(
    "given, message",
    [
        ({"width": "page"}, "width: expected one of column, wide, got 'page'"),
        ({"height": "huge"}, "height: expected low, normal, tall or a number of rows"),
        ({"height": 0}, "height: expected"),
        ({"figsize": (3, 3)}, "figsize: a figure has one of two widths"),
    ],
)
def test_subplots_refuses_sizes_of_ones_own(given, message):
    with pytest.raises(FigureError, match=message):
        figures.subplots(**given)


@pytest.mark.parametrize("make", [letters])
def test_every_number_has_a_true_minus(make):
    for form in ElementTree.fromstring(figures.show(make()[0], "x = -1 at [0, -2, 4]").html()):
        said = "".join(form.itertext())
        assert "−1" in said and not re.search(r"-\d", said)
        assert form.get("aria-label") == "x = −1 at 0, −2 and 4"


def test_a_formula_stays_one_text_in_the_pages_fonts():
    fig, ax = figures.subplots()
    ax.set_xlabel(r"steps $t_{k-1}$ of it with $\rho = 2$")
    svg = figures.show(fig, "nothing").svg()
    pieces = re.findall(r"<tspan([^>]*)>([^<]*)</tspan>", svg)
    assert [text for css, text in pieces if "u-math" not in css] == ["steps ", " of it with "]
    assert "".join(sorted(text for css, text in pieces if "u-math" in css)) == "12=ktρ−"
    assert all("italic" in css for css, text in pieces if text in "tkρ")


def test_powers_of_ten_are_text_and_ticks_do_not_widen_the_axes():
    fig, ax = figures.subplots()
    ax.loglog([1, 1e5], [1e-6, 1e2])
    limits = ax.get_xlim(), ax.get_ylim()
    svg = figures.show(fig, "a line").svg()
    assert (ax.get_xlim(), ax.get_ylim()) == limits
    said = set(re.findall(r"<text[^>]*>([^<]*)</text>", svg))
    assert {"1", "100", "10⁴"} <= said and "<tspan" not in svg
    assert any(text.startswith("10⁻") for text in said)  # which of them, Matplotlib decides


# -- words -----------------------------------------------------------------------------------------


def test_lists_and_numbers_are_said_in_words():
    assert listed([1, -2, 3]) == "1, −2 and 3" and listed([]) == "" and listed(["a"]) == "a"
    assert listed({"10": 0.25, "2": 0.5, "1": -1.0}, ".1f") == "1: −1.0, 2: 0.5, 10: 0.2"
    assert listed({"b": 1, "a": 2}) == "b: 1, a: 2", "words keep their order"
    assert spoken(3.1e-26) == "3.1 × 10⁻²⁶" and spoken(-0.5) == "−0.5" and spoken(1234) == "1,234"
    assert minus("-1, 3e-05, 1-2, LSTM-2, (-3)") == "−1, 3e-05, 1-2, LSTM-2, (−3)"
    assert unlisted("a [1, -2] b [[1, 2], [3]] c ['x', 'y'] [not one]") == (
        "a 1 and −2 b 1 and 2; 3 c x and y [not one]"
    )


# -- frames ----------------------------------------------------------------------------------------


def grown(k, autoscale=True):
    fig, ax = figures.subplots()
    ax.plot([1, 2, 3], np.array([1.0, 2, 3]) * 10.0**k)
    if not autoscale:
        ax.set_ylim(0, 5)
    return fig


def test_frames_share_their_limits_and_take_logarithms_where_linear_axes_would_hide_one():
    near = [grown(k) for k in (0, 0.5)]
    limits = together(near)
    assert {hold(f, limits).axes[0].get_ylim() for f in near} == {limits[0].y}
    assert {f.axes[0].get_yscale() for f in near} == {"linear"} and limits[0].y[1] > 9
    far = [grown(k) for k in (0, 6)]
    limits = together(far)
    assert {hold(f, limits).axes[0].get_yscale() for f in far} == {"log"}


def test_a_line_that_leaves_fixed_axes_is_marked_where_it_does():
    figs = [grown(k, autoscale=False) for k in (0, 1)]
    inside, beyond = (hold(f, together(figs)).axes[0].get_lines() for f in figs)
    assert len(inside) == 1 and len(beyond) == 1, "it is outside from its first point"
    fig, ax = figures.subplots()
    ax.plot([0, 1, 2], [0, 0, 10])
    ax.set_ylim(0, 5)
    mark = hold(fig, together([fig])).axes[0].get_lines()[1]
    assert (mark.get_xdata()[0], mark.get_ydata()[0]) == pytest.approx((1.5, 5))


def test_a_label_stands_at_the_right_end_of_an_axis_that_runs_back():
    fig, ax = figures.subplots()
    ax.plot([1, 2, 3], [5, 6, 9], label="falls")
    ax.invert_xaxis()
    figures.label_lines(ax)
    page_form(fig)
    (label,) = labels_of(ax)
    assert label.xy == (1, 5) and label.get_window_extent().x0 > ax.get_window_extent().x1 - 60


def test_a_formula_alone_is_set_larger_than_words():
    fig, ax = figures.subplots()
    alone, mixed = ax.text(1, 1, "$x_1$"), ax.text(2, 2, "$x_1$ and $x_2$")
    ax.set(xlim=(0, 3), ylim=(0, 3))
    for form, size in ((page_form, LETTERS), (phone_form, PHONE_LETTERS)):
        form(fig)
        assert mixed.get_fontsize() == pytest.approx(size * 0.75)
        assert alone.get_fontsize() == pytest.approx(size * 0.95)
