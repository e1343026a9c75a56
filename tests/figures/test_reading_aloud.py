"""Shaded text and scores: what is shown is what was given."""

import re
import sys

import pytest

from course_utils.figures.page import FigureError
from course_utils.figures.score import score
from course_utils.figures.shaded import shaded

TUNE = "T:A Test\nM:6/8\nL:1/8\nK:G\nD|G2A BAG|A>BA d2c|(BAG) F3|G3 G2||\n"


def test_shaded_text_is_the_text_and_deeper_means_more():
    body = shaded('a<b\n"c"', [0, 0, 0.5, 0, 1, 1, 1], alt="the quote is shaded", scale=None).html()
    assert 'aria-label="the quote is shaded"' in body
    assert re.sub("<[^>]*>", "", body) == "a&lt;b\n&quot;c&quot;"
    shades = [int(k) for k in re.findall(r"(\d+)%", body)]
    assert shades == sorted(shades)
    assert len(shades) == 2


def test_shaded_text_stands_at_reading_size_with_a_scale_and_whole_words():
    body = shaded("two words", [0.5] * 9, alt="x", scale=("no change", "8.2 bits")).html()
    assert re.sub("<[^>]*>", "", body) == "two wordsno change  8.2 bits"
    assert ">two words<" in body, "an element inside a word could break it"
    assert "<pre" not in body and "font-size" not in body and "tabindex" not in body
    assert "--u-model-lstm)" in shaded("a", [1], alt="x", meaning="lstm").html()
    with pytest.raises(FigureError, match="meaning: 'blue' is none of"):
        shaded("a", [1], alt="x", meaning="blue")


def test_one_character_is_framed_among_others_of_its_shade():
    body = shaded("abcd", [1, 1, 1, 1], alt="x", mark=2, scale=None).html()
    assert re.findall(r'outline[^>]*>(\w+)<', body) == ["c"]
    assert re.sub("<[^>]*>", "", body) == "abcd"


def test_a_value_for_every_character_or_none():
    with pytest.raises(FigureError, match=r"values: expected one a character \(3\), got 2"):
        shaded("abc", [0, 1], alt="x")


def test_a_score_is_engraved_in_the_colour_of_the_page():
    pytest.importorskip("verovio")
    body = score(TUNE, alt="four bars").html()
    assert 'aria-label="four bars"' in body
    assert body.count('class="note"') == 17
    assert "black" not in body
    own = re.search(r'<svg id="(\w+)"', body)[1]
    assert f"#{own} path" in body  # the rule that draws staves and stems finds them
    assert body == score(TUNE, alt="four bars").html()


def test_without_verovio_there_are_letters_but_no_book(monkeypatch):
    monkeypatch.setitem(sys.modules, "verovio", None)
    monkeypatch.delenv("UNROLLED_BOOK", raising=False)
    assert "pip install verovio" in score(TUNE, alt="four bars").html()
    monkeypatch.setenv("UNROLLED_BOOK", "1")
    with pytest.raises(FigureError, match="pip install verovio"):
        score(TUNE, alt="four bars")
