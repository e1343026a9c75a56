"""Questions to oneself: how they are written, and that every chapter ends in some."""

from pathlib import Path

import pytest
import yaml

import self_test_ext

ROOT = Path(__file__).parents[2]
CHAPTERS = [
    chapter["file"]
    for part in yaml.safe_load((ROOT / "_toc.yml").read_text("utf-8"))["parts"]
    if part.get("numbered")
    for chapter in part["chapters"]
]


def test_a_question_is_a_line_and_its_answer_what_follows():
    text = "? First, with $x$?\nIts answer.\n\n- in parts\n\n? Second?\nYes."
    found = self_test_ext.pairs(text.split("\n"))
    assert found == [
        (0, "First, with $x$?", ["Its answer.", "", "- in parts", ""]),
        (5, "Second?", ["Yes."]),
    ]


@pytest.mark.parametrize(
    "text, said",
    [
        ("Words first.\n? A question?\nYes.", "expected `\\? a question`, found 'Words first.'"),
        ("? A question?\n\n? Another?\nYes.", "no answer to 'A question\\?'"),
        ("", "no question"),
    ],
)
def test_what_is_missing_is_said(text, said):
    with pytest.raises(ValueError, match=said):
        self_test_ext.pairs(text.split("\n"))


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_every_chapter_ends_in_questions_to_oneself(chapter):
    """Right before its exercise, at least four of them."""
    text = (ROOT / f"{chapter}.md").read_text("utf-8")
    assert text.count("## Check yourself") == 1
    tail = text.partition("## Check yourself")[2]
    block = tail.partition("```{self-test}\n")[2].partition("\n```\n")[0]
    assert 4 <= len(self_test_ext.pairs(block.split("\n"))) <= 8
    assert tail.count("\n## ") == 1
    assert "\n## Exercise\n" in tail
