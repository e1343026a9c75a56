"""What the reference pages and the exercise cards are made of: no build, no browser."""

import itertools
import re
from collections import Counter
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml
from docutils import nodes
from docutils.utils import new_document
from pybtex.database import parse_file

import address
import citations
import course_map
import course_map_drawing
import exercise_card as card
import lowering
import readme
from course_utils import ledger
from course_utils.specs import SPECS
from folds import fold

ROOT = Path(__file__).parents[2]
ENTRIES = parse_file(ROOT / "book" / "references.bib").entries
UNLINKED = {"hochreiter1991"}  # a diploma thesis that no registry knows
EXERCISES = sorted(
    p.relative_to(ROOT / "exercises").with_suffix("").as_posix()
    for p in ROOT.glob("exercises/*/*.ipynb")
)
CHAPTERS = [
    name.removeprefix("book/")
    for part in yaml.safe_load((ROOT / "_toc.yml").read_text("utf-8"))["parts"]
    if part.get("numbered")
    for name in (chapter["file"] for chapter in part["chapters"])
]


# -- the bibliography ------------------------------------------------------------------------------


def test_entries_are_sorted_by_key():
    assert list(ENTRIES) == sorted(ENTRIES)


@pytest.mark.parametrize("key", ENTRIES)
def test_an_entry_can_be_cited_and_found(key):
    fields = ENTRIES[key].fields
    linked = {"doi", "eprint", "url"} & set(fields)
    assert bool(linked) != (key in UNLINKED), f"{key}: give a doi, an eprint (arXiv) or a url"
    assert re.fullmatch(r"(19|20)\d\d", fields["year"]) and fields["year"] in key
    assert re.fullmatch(r"10\.\d{4,}/\S+", fields.get("doi", "10.1000/x"))
    assert re.fullmatch(r"\d{4}\.\d{4,5}", fields.get("eprint", "1000.10000"))
    assert fields["title"] and ENTRIES[key].persons["author"]


def test_no_two_entries_are_cited_alike():
    labels = Counter(citations.Labels().format_labels(ENTRIES.values()))
    assert not [label for label, count in labels.items() if count > 1]


def test_what_the_code_cites_is_in_the_bibliography():
    cited = {spec.source.cite for spec in SPECS.values()}
    cited |= {claim.source["cite"] for claim in ledger.claims() if claim.source}
    assert cited <= set(ENTRIES)


# -- the cards -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", EXERCISES)
def test_a_card_says_what_the_exercise_is(name):
    about = card.facts(name)
    assert about.title and about.points > 0 and about.questions > 0
    assert about.minutes >= 5 * about.questions
    named = set(about.mistakes.values())
    assert len(named) == about.questions, f"{name}: a question without a mistake that it knows"


def test_a_notebook_may_say_its_minutes_itself():
    exercise = card.load(ROOT / "solutions" / f"{EXERCISES[0]}.ipynb")
    exercise.notebook["metadata"].setdefault("course", {})["minutes"] = 77
    assert card.minutes(exercise) == 77


@pytest.mark.parametrize(
    "minutes, text",
    [(25, "25 min"), (30, "30 min"), (60, "1 h"), (90, "1½ h"), (130, "2 h 10 min")],
)
def test_hours_are_printed_shortly(minutes, text):
    assert card.hours(minutes) == text


def test_an_unknown_exercise_is_refused_with_the_known_ones():
    with pytest.raises(FileNotFoundError, match=r"no exercise 'lstm/nothing'.*lstm/backward"):
        card.facts("lstm/nothing")


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_a_chapter_hands_its_exercise_out_by_card_not_by_path(chapter):
    text = (ROOT / "book" / f"{chapter}.md").read_text("utf-8")
    cards = course_map.CARD.findall(text)
    assert set(cards) <= set(EXERCISES)
    assert ("## Exercise" in text) == bool(cards)
    assert not re.search(r"`exercises/[^`]+\.ipynb`", text), "a path is no link: use exercise-card"


def test_a_fold_and_a_download_reach_the_notebook():
    document = new_document("page")
    inside = nodes.bullet_list("", nodes.list_item("", nodes.paragraph("", "what is folded")))
    link = card.notebook_link("", "the file", path="exercises/lstm/backward.ipynb")
    document += [fold("2 more", inside), nodes.paragraph("", "", link)]
    links = SimpleNamespace(
        place=address.Address("https://github.com/someone/course"), enumerable=()
    )
    visitor = lowering.Lower(document, links, "page")
    document.walkabout(visitor)
    visitor.flush()
    [cell] = visitor.cells
    assert "<summary>2 more</summary>\n\n- what is folded\n\n</details>" in cell.source
    raw = "https://raw.githubusercontent.com/someone/course/main/exercises/lstm/backward.ipynb"
    assert f"[the file]({raw})" in cell.source


# -- the first page --------------------------------------------------------------------------------


def the_map():
    text = (ROOT / "book" / "intro.md").read_text("utf-8")
    return re.search(r"```\{course-map\}\n(.*?)```", text, re.DOTALL)[1]


def test_the_map_has_every_chapter():
    parts = course_map.parse(the_map())
    listed = [chapter for part in parts.values() for chapter in part["chapters"]]
    assert [chapter for chapter in listed if chapter in CHAPTERS] == CHAPTERS


@pytest.mark.parametrize(
    "old, new, said",
    [
        ("      able: ", "      can: ", "unrolled needs asks and able"),
        ("  about: ", "  says: ", "Recurrence needs `about` and `chapters`"),
        ("needs: [recurrence/unrolled]", "needs: [lstm/gates]", "bptt needs {'lstm/gates'}"),
    ],
)
def test_a_wrong_line_of_the_map_is_named(old, new, said):
    with pytest.raises(ValueError, match=re.escape(said)):
        course_map.parse(the_map().replace(old, new, 1))


def test_no_line_of_the_map_runs_through_a_chapter():
    """On a map as large as ours, whichever chapter needs which of those before it."""
    stops = [(column, row) for column in range(5) for row in range(4)]
    for source, target in itertools.combinations(stops, 2):
        corners = course_map_drawing.route(source, target)
        for (x0, y0), (x1, y1) in itertools.pairwise(corners):
            for x, y in itertools.starmap(course_map_drawing.place, stops):
                beside = max(x0, x1) <= x or min(x0, x1) >= x + course_map_drawing.WIDTH
                past = max(y0, y1) <= y or min(y0, y1) >= y + course_map_drawing.HEIGHT
                assert beside or past, (source, target)


def test_the_readme_counts_what_there_is():
    text = (ROOT / "README.md").read_text("utf-8")
    assert readme.counts() in text, "run: make derive"
    assert readme.renewed(text) == text


def test_reading_time_leaves_code_out():
    prose = "word " * 2000
    assert course_map.reading(prose) == 10
    assert course_map.reading(prose + "\n```{code-cell} ipython3\n" + prose + "\n```\n") == 10
