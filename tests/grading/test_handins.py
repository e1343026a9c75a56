"""Whatever a file has been through, the answers in it are found, or the student learns why not."""

import copy
import json
import os
from dataclasses import replace
from pathlib import Path

import handins
import pytest
from fuzzing import fuzz
from hypothesis import strategies as st

from course_utils.grading.exercise import load
from course_utils.grading.explain import NOT_IN_IT
from course_utils.grading.grade import grade
from course_utils.grading.handout import as_submission, solution_answers
from course_utils.grading.notebook import Unreadable, read_cells
from course_utils.grading.splice import splice

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "book" / "reference" / "handins.inc"
EXERCISE = load(ROOT / "solutions" / "lstm" / "lstm_step.ipynb")
SOLVED = json.loads(as_submission(EXERCISE, solution_answers(EXERCISE)))


def data_of(case):
    found = case.change(copy.deepcopy(SOLVED))
    return found if isinstance(found, bytes) else json.dumps(found).encode()


@pytest.mark.parametrize("case", handins.CASES, ids=lambda c: c.title.replace(" ", "-"))
def test_hand_in(case, graded):
    record = graded(data_of(case))
    assert record.status == case.status, record.reason
    assert tuple(q.points for q in record.questions.values()) == case.points, record
    assert case.note in "\n".join([record.reason, *record.notes])


def test_the_page_for_instructors_says_what_happens():
    """Written with COURSE_WRITE=1; the points are those that `test_hand_in` holds."""
    lines = ["| What is handed in | Points of 10 | What the student reads |", "|---|---|---|"]
    for case in handins.CASES:
        note = f"“{case.note}”" if case.note else ""
        lines.append(f"| {case.title} | {sum(case.points)} | {note} |")
    text = "\n".join(lines) + "\n"
    if os.environ.get("COURSE_WRITE"):
        PAGE.write_text(text, "utf-8")
    assert PAGE.read_text("utf-8") == text, "run this test with COURSE_WRITE=1"


def test_of_another_exercise_nothing_is_said_but_that(exercise, sandbox, references):
    other = ROOT / "solutions" / "recurrence" / "unrolled.ipynb"
    record = grade(other.read_bytes(), exercise, sandbox, references)
    assert record.score == 0 and "exercise unrolled, not of lstm_step" in record.reason
    assert record.notes == []
    for question in record.questions.values():
        assert question.said == [] and {p.public for p in question.parts.values()} == {NOT_IN_IT}


def test_helpers_are_kept_where_the_exercise_allows_them(exercise, sandbox, references):
    """The answer to q2 calls a function that the student wrote in a cell of their own."""
    notebook = copy.deepcopy(SOLVED)
    answer = handins.cell(notebook, "q2-answer")
    answer["source"] = "".join(answer["source"]).replace("np.tanh(c)", "squash(c)")
    place = notebook["cells"].index(answer)
    notebook["cells"].insert(place + 1, handins.new("def squash(v):\n    return np.tanh(v)\n"))
    data = json.dumps(notebook).encode()
    dropped = grade(data, replace(exercise, helpers="drop"), sandbox, references)
    kept = grade(data, exercise, sandbox, references)
    assert dropped.questions["q2"].points == 0
    assert "A cell that you added after q2 was not graded." in dropped.notes
    assert kept.score == 10


def test_a_forbidden_name_in_a_helper_is_told_to_the_instructor(exercise, sandbox, references):
    """Wherever it stands: a helper may serve any question."""
    notebook = copy.deepcopy(SOLVED)
    notebook["cells"].insert(1, handins.new("def helper(v):\n    import torch\n    return v\n"))
    record = grade(json.dumps(notebook).encode(), exercise, sandbox, references)
    assert record.questions["q1"].review == ["uses torch"]
    assert record.questions["q2"].review == []
    assert record.score == 10


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=20,
)
FIELDS = ("cell_type", "source", "metadata", "id", "outputs", "input", "worksheets", "cells")


@st.composite
def hostile_notebooks(draw):
    """A solved notebook in which some fields and cells were replaced by anything."""
    notebook = copy.deepcopy(SOLVED)
    for _ in range(draw(st.integers(0, 6))):
        where = draw(st.sampled_from([notebook, *notebook["cells"]]))
        if isinstance(where, dict):
            where[draw(st.sampled_from(FIELDS))] = draw(JSON)
        if not isinstance(notebook.get("cells"), list) or not notebook["cells"]:
            break
        if draw(st.booleans()):
            notebook["cells"].insert(draw(st.integers(0, 3)), draw(JSON))
    return notebook


def spliced(data):
    """Answers from bytes; a file may be refused, nothing else may happen."""
    try:
        cells, _ = read_cells(data)
    except Unreadable as error:
        assert str(error)
        return None
    result = splice(EXERCISE, cells)
    assert set(result.answers) <= set(EXERCISE.questions)
    for source in result.answers.values():
        assert isinstance(source, str)
        source.encode("utf-8")
    for key in EXERCISE.questions:
        if key not in result.answers:
            assert any(note.startswith(key) for note in result.notes)
    return result


@fuzz(hostile_notebooks(), few=60, many=3000)
def test_hostile_json_never_stops_the_splicer(notebook):
    spliced(json.dumps(notebook).encode())


@fuzz(st.binary(max_size=300), few=60, many=3000)
def test_any_bytes_are_read_or_refused(data):
    spliced(data)


@fuzz(st.data(), few=60, many=1200)
def test_damage_to_bytes_is_survived(data):
    raw = bytearray(json.dumps(SOLVED).encode())
    for _ in range(data.draw(st.integers(1, 5))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    spliced(bytes(raw))


@fuzz(st.permutations(SOLVED["cells"]), few=60, many=1200)
def test_the_order_of_cells_does_not_matter(cells):
    answers = spliced(json.dumps({**SOLVED, "cells": cells}).encode()).answers
    assert answers == solution_answers(EXERCISE)


@fuzz(st.lists(st.sampled_from(SOLVED["cells"]), max_size=30), few=60, many=1200)
def test_copies_and_gaps_change_no_answer(cells):
    """Whatever cells are missing or doubled, an answer that is there is the solution's."""
    result = spliced(json.dumps({**SOLVED, "cells": cells}).encode())
    for key, source in result.answers.items():
        assert source == solution_answers(EXERCISE)[key]
