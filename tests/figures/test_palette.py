"""Every ink is legible on its page, and no two meanings look the same to any of three eyes."""

import re
import subprocess
import sys
from itertools import combinations

import numpy as np
import pytest

from course_utils.figures import palette
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
