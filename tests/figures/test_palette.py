"""Every ink is legible on its page, and no two meanings look the same to any of three eyes."""

import re
import subprocess
import sys
from itertools import combinations

import numpy as np
import pytest

from course_utils.figures import FigureError, palette
from course_utils.figures.models import MODELS
from course_utils.figures.palette import BOTH, DARK, LIGHT, MEANINGS, PAGE

from .colour import ciede2000, contrast, seen

TEXT, STROKE, APART, GATES_APART_IN_GREY = 4.5, 3.0, 11.0, 5.0
INKS = {"light": LIGHT, "dark": DARK, "both": BOTH}
ON = [(t, m, g) for t in ("light", "dark") for m in MEANINGS for g in ("page", "surface")]


@pytest.mark.parametrize("theme, meaning, ground", ON)
def test_an_ink_is_legible_as_text(theme, meaning, ground):
    assert contrast(INKS[theme][meaning], PAGE[theme][ground]) >= TEXT


@pytest.mark.parametrize("meaning", MEANINGS)
@pytest.mark.parametrize("theme", PAGE)
def test_an_ink_for_both_is_visible_as_a_stroke(theme, meaning):
    assert contrast(BOTH[meaning], PAGE[theme]["page"]) >= STROKE


@pytest.mark.parametrize("vision", ["normal", "deutan", "protan"])
@pytest.mark.parametrize("theme", INKS)
def test_two_meanings_never_look_alike(theme, vision):
    points = seen(INKS[theme].values(), vision)
    for a, b in combinations(range(len(MEANINGS)), 2):
        distance = float(ciede2000(points[a], points[b]))
        assert distance >= APART, (MEANINGS[a], MEANINGS[b])


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_four_gates_differ_in_grey_print(theme):
    gates = [INKS[theme][m] for m in ("forget", "input", "candidate", "output")]
    lightness = seen(gates, "grey")[:, 0]
    assert min(abs(a - b) for a, b in combinations(lightness, 2)) >= GATES_APART_IN_GREY


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_on_tints_lines_and_glyphs(theme):
    t = palette.tokens(theme)
    for meaning in MEANINGS:
        assert contrast(t["--u-text"], t[f"--u-{meaning}-tint"]) >= TEXT
        assert contrast(t["--u-page"], t[f"--u-{meaning}"]) >= TEXT  # the glyph in a filled gate
    for ground in ("--u-page", "--u-surface"):
        assert contrast(t["--u-line"], t[ground]) >= TEXT  # faded letters of a step


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_numbers_on_a_heat_map_are_legible(theme):
    from course_utils.figures.plots import UNDER_TEXT

    page, text = PAGE[theme]["page"], PAGE[theme]["text"]
    for meaning in MEANINGS:
        ground = palette.mix(INKS[theme][meaning], page, UNDER_TEXT)
        assert contrast(text, ground) >= TEXT, meaning


@pytest.mark.parametrize(
    "p, q, distance",  # Sharma, Wu and Dalal 2005, table 1
    [
        ((50, 2.6772, -79.7751), (50, 0, -82.7485), 2.0425),
        ((50, -0.001, 2.49), (50, 0.0011, -2.49), 4.7461),
        ((50, 2.5, 0), (73, 25, -18), 27.1492),
        ((2.0776, 0.0795, -1.1350), (0.9033, -0.0636, -0.5514), 0.9082),
    ],
)
def test_ciede2000_matches_its_published_values(p, q, distance):
    np.testing.assert_allclose(ciede2000(np.array(p), np.array(q)), distance, atol=5e-5)


def test_mix_blends_as_opacity_does():
    assert palette.mix("#ff0000", "#0000ff", 0) == "#0000ff"
    assert palette.mix("#ff0000", "#0000ff", 1) == "#ff0000"
    assert palette.mix("#ffffff", "#000000", 0.2) == "#333333"


def test_css_defines_every_property_that_figures_css_uses():
    from course_utils.figures.page import asset

    used = set(re.findall(r"var\((--u-[\w-]+)", asset("figures.css")))
    for theme in ("light", "dark"):
        assert used <= set(palette.tokens(theme))
    assert palette.css().count("{") == palette.css().count("}")


def test_the_palette_and_the_room_import_nothing_heavy():
    code = (
        "import sys, course_utils.figures, course_utils.figures.palette;"
        "sys.exit(any(m in sys.modules for m in ('matplotlib', 'numpy', 'torch', 'IPython')))"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


# -- models ----------------------------------------------------------------------------------------

COMPARED = ("rnn", "lstm", "gru", "transformer", "ntm", "ngram")
IN_GREY = 4.5  # L* between any two of them


@pytest.mark.parametrize("model", MODELS)
def test_a_model_is_legible_as_text_and_on_both_pages_as_a_stroke(model):
    ink = MODELS[model]
    for theme in ("light", "dark"):
        for ground in ("page", "surface"):
            assert contrast(getattr(ink, theme), PAGE[theme][ground]) >= TEXT
        assert contrast(ink.both, PAGE[theme]["page"]) >= STROKE


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_models_that_charts_compare_differ_in_grey_print(theme):
    lightness = seen([getattr(MODELS[m], theme) for m in COMPARED], "grey")[:, 0]
    assert min(abs(a - b) for a, b in combinations(lightness, 2)) >= IN_GREY


def test_two_models_differ_by_dash_or_marker_or_by_far():
    for (a, p), (b, q) in combinations(MODELS.items(), 2):
        assert len({*p[1:4], *q[1:4]}) == 6, f"{a} and {b} share an ink"
        if (p.dash, p.marker) == (q.dash, q.marker):
            for theme in ("light", "dark"):
                points = seen([getattr(p, theme), getattr(q, theme)], "normal")
                assert float(ciede2000(*points)) >= APART, (a, b, theme)


def test_no_name_means_two_things():
    assert not set(palette.models) & set(MEANINGS)


def test_an_unknown_model_is_refused_by_name():
    with pytest.raises(FigureError, match=r"model: 'lstmm' is none of rnn, rnn_relu"):
        palette.models["lstmm"]
    with pytest.raises(FigureError, match=r"quantity: 'memory' is none of forget"):
        palette.quantities["memory"]


@pytest.mark.parametrize("name", ["rnn", "lstm", "ngram", "gradient", "neutral"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_shades_only_gain_contrast(theme, name):
    page, text = PAGE[theme]["page"], PAGE[theme]["text"]
    own = palette.tokens(theme)[palette.variable(name)[4:-1]]
    ratios = [contrast(palette.mix(own, text, share), page) for share in palette.SHARES]
    assert ratios == sorted(ratios) and ratios[0] >= TEXT


def test_every_ink_and_shade_of_a_picture_becomes_one_of_the_page():
    names = [*MEANINGS, *MODELS]
    inks = [ink for name in names for ink in palette.shades(name, 5)]
    assert len(set(inks)) == len(inks) == len(palette.replacements())
    with pytest.raises(FigureError, match="count: expected 1 to 5 shades, got 6"):
        palette.shades("lstm", 6)
