"""Matplotlib figures: arrays in, Axes out; the page's colours; the same bytes twice."""

import os
import re
import subprocess
import sys
from xml.etree import ElementTree

import matplotlib
import numpy as np
import pytest

matplotlib.use("agg")
from matplotlib import pyplot as plt

from course_utils import figures
from course_utils.figures import FigureError, palette, plots

X = np.arange(4)


def line(**ys):
    with figures.style():
        fig, ax = plt.subplots()
    return fig, figures.curves(ax, X, ys or {"cell": X})


@pytest.fixture(autouse=True)
def nothing_stays_open():
    yield
    plt.close("all")


def test_show_gives_the_same_bytes_twice_and_closes_the_figure():
    one = figures.show(line()[0], "the state rises").html()
    two = figures.show(line()[0], "the state rises").html()
    assert one == two and not plt.get_fignums()


def test_show_gives_the_same_bytes_in_another_process():
    code = (
        "import matplotlib; matplotlib.use('agg')\n"
        "from matplotlib import pyplot as plt; from course_utils import figures\n"
        "with figures.style():\n    fig, ax = plt.subplots()\n"
        "figures.curves(ax, range(4), {'cell': range(4)})\n"
        "print(figures.show(fig, 'the state rises').html(), end='')"
    )
    environment = os.environ | {"PYTHONHASHSEED": "7", "PYTHONIOENCODING": "utf-8"}
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, env=environment, check=True
    )
    assert run.stdout.decode() == figures.show(line()[0], "the state rises").html()


def test_a_shown_figure_follows_the_theme_and_keeps_to_itself():
    with figures.style():
        fig, ax = plt.subplots()
        figures.curves(ax, X, {m: X + k for k, m in enumerate(palette.MEANINGS)}, title="All")
    svg = figures.show(fig, "nine lines", name="nine").html()
    root = ElementTree.fromstring(svg)
    assert [form.get("class").split()[-1] for form in root] == ["u-form-page", "u-form-phone"]
    for form in root:
        assert form.get("aria-label") == "nine lines" and form.get("role") == "img"
    assert not re.search(r":\s*#[0-9a-f]{6}", svg), "a colour that no theme can change"
    for meaning in palette.MEANINGS:
        assert f"var(--u-{meaning})" in svg
    assert "<style" not in svg and "<metadata" not in svg
    ids = set(re.findall(r'\bid="([^"]+)"', svg))
    assert ids and all(i.startswith("nine-") for i in ids)
    assert set(re.findall(r'(?:url\(#|href="#)([^")]+)', svg)) <= ids
    assert "All" in "".join(root.itertext()), "text must stay text"


def test_black_and_white_of_a_plain_figure_follow_the_theme_too():
    with matplotlib.rc_context(matplotlib.rcParamsDefault):
        matplotlib.use("agg")
        fig, ax = plt.subplots()
        ax.plot(X, color="black")
        ax.set_title("plain")
    svg = figures.show(fig, "a line").html()
    assert "#000000" not in svg and "#ffffff" not in svg


@pytest.mark.parametrize("alt", ["", "  ", None, 3])
def test_alt_text_is_required(alt):
    with pytest.raises(FigureError, match="alt: expected a sentence"):
        figures.show(line()[0], alt)


def test_alt_text_is_escaped():
    html = figures.show(line()[0], 'a "quoted" <b> & more').svg()
    assert ElementTree.fromstring(html).get("aria-label") == 'a "quoted" <b> & more'


def test_show_refuses_what_is_no_figure():
    with pytest.raises(FigureError, match="expected a Matplotlib figure, got Axes"):
        figures.show(line()[1], "axes")


def test_in_the_book_only_the_html_is_emitted(monkeypatch):
    shown = figures.show(line()[0], "the state rises")
    monkeypatch.setenv("UNROLLED_BOOK", "1")
    assert shown._repr_html_() == shown.html()
    monkeypatch.delenv("UNROLLED_BOOK")
    assert "--u-forget:" in shown._repr_html_() and shown.html() in shown._repr_html_()
    assert not hasattr(shown, "_repr_svg_") and "the state rises" in repr(shown)


def test_style_changes_nothing_outside_and_use_changes_it():
    before = matplotlib.rcParams["font.size"]
    with figures.style():
        assert matplotlib.rcParams["font.size"] == 15 * 72 / 96 != before
    assert matplotlib.rcParams["font.size"] == before
    with matplotlib.rc_context():
        figures.use()
        assert matplotlib.rcParams["svg.hashsalt"] == "unrolled"


def test_looks_tell_gates_apart_without_colour():
    looks = {m: (str(figures.look(m)["linestyle"]), figures.look(m)["linewidth"]) for m in "fiog"
             for m in (palette.LETTERS[m],)}  # fmt: skip
    assert len(set(looks.values())) == 4
    assert figures.look("cell")["linewidth"] > figures.look("hidden")["linewidth"]


def test_curves_draw_the_numbers_given():
    runs = np.array([[0.0, 1, 2, 3], [2.0, 3, 4, 5]])
    _, ax = line(cell=X * 2.0, runs=runs)
    first, second = ax.get_lines()
    np.testing.assert_array_equal(first.get_ydata(), X * 2.0)
    np.testing.assert_array_equal(second.get_ydata(), runs.mean(axis=0))
    assert first.get_color() == palette.BOTH["cell"] and len(ax.collections) == 1
    low, high = ax.collections[0].get_paths()[0].get_extents().get_points()[:, 1]
    assert (low, high) == (0.0, 5.0)


@pytest.mark.parametrize(
    "ys, meanings, message",
    [
        ({"a": np.zeros(3)}, None, r"ys\['a'\]: expected \(4,\) or \(S, 4\).*\(3,\)"),
        ({"a": np.zeros((2, 2, 4))}, None, r"got \(2, 2, 4\)"),
        ({"a": X}, {"a": "blue"}, r"meanings\['a'\]: 'blue' is none of forget"),
    ],
)
def test_curves_say_what_does_not_fit(ys, meanings, message):
    _, ax = plt.subplots()
    with pytest.raises(FigureError, match=message):
        figures.curves(ax, X, ys, meanings)


def test_a_heat_map_shows_sign_by_ink_and_size_by_opacity():
    _, ax = plt.subplots()
    figures.heatmap(ax, [[1.0, -0.5], [0.0, 0.25]], rows=["a", "b"], columns=["c", "d"])
    ax.figure.canvas.draw()  # a mesh takes its colours when it is drawn
    rgba = ax.collections[0].get_facecolors()
    np.testing.assert_allclose(rgba[:, 3], [1, 0.5, 0, 0.25])
    inks = [matplotlib.colors.to_hex(c[:3]) for c in rgba]
    assert inks[0] == palette.BOTH["hidden"] and inks[1] == palette.BOTH["forget"]
    assert ax.get_ylim() == (1.5, -0.5), "row 0 belongs on top"
    assert [t.get_text() for t in ax.get_yticklabels()] == ["a", "b"]


def test_a_heat_map_with_numbers_writes_them_over_pale_ink():
    _, ax = plt.subplots()
    figures.heatmap(ax, [[-1.0, -0.001]], values=".1f")
    assert [t.get_text() for t in ax.texts] == ["−1.0", "0.0"]
    ax.figure.canvas.draw()
    assert ax.collections[0].get_facecolors()[:, 3].max() == plots.UNDER_TEXT


def test_a_large_heat_map_is_an_image_that_stays_small():
    with figures.style():
        fig, ax = plt.subplots()
    figures.heatmap(ax, np.eye(200))
    assert len(figures.show(fig, "a diagonal").html()) < 120_000


@pytest.mark.parametrize(
    "array, message", [(np.zeros(3), r"got shape \(3,\)"), ([[np.nan]], "NaN or infinity")]
)
def test_a_heat_map_says_what_it_cannot_draw(array, message):
    _, ax = plt.subplots()
    with pytest.raises(FigureError, match=message):
        figures.heatmap(ax, array)


def test_a_standalone_svg_carries_its_colours(tmp_path):
    for drawing in (figures.cell_diagram("lstm"), figures.show(line()[0], "a line")):
        path = figures.write_svg(tmp_path / "picture.svg", drawing)
        text = path.read_text(encoding="utf-8")
        ElementTree.fromstring(text)
        used = set(re.findall(r"var\((--u-[\w-]+)", text))
        assert used and all(f"{name}:" in text for name in used)
        assert "prefers-color-scheme: dark" in text
    assert [p.name for p in tmp_path.iterdir()] == ["picture.svg"]
    with pytest.raises(FigureError, match="expected SVG"):
        figures.standalone("<p>no</p>")


def test_write_assets_writes_every_file_it_names(tmp_path):
    named = figures.write_assets(tmp_path / "new")
    written = {p.name: p.read_text(encoding="utf-8") for p in (tmp_path / "new").iterdir()}
    assert set(written) == {*named["css"], *named["js"]}
    assert written["palette.css"] == palette.css() and named["js"][0] == "svg.js"
    assert all(text.strip() for text in written.values())
    assert not [n for n, t in written.items() if re.search(r"https?://(?!www\.w3\.org)", t)]
