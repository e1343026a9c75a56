"""A class of 200, 40 of them hostile: every row is right, and no entry has cost another."""

import csv
import json
import os
from pathlib import Path

import attacks
import pytest

from course_utils.grading.batch import cores, grade_class
from course_utils.grading.exercise import load
from course_utils.grading.files import shown
from course_utils.grading.handout import as_submission, solution_answers

ROOT = Path(__file__).parents[2]
SOLUTION = ROOT / "solutions" / "lstm" / "lstm_step.ipynb"
EXERCISE = load(SOLUTION)
ANSWERS = solution_answers(EXERCISE)
KEYS = list(EXERCISE.questions)
SIZE = int(os.environ.get("COURSE_CLASS", 200))


def hostile():
    """(file's name, bytes, points or None where it must not be graded) of 40 entries."""
    tried = [a for group in attacks.GROUPS.values() for a in group]
    slow, quick = [a for a in tried if a.slow], [a for a in tried if not a.slow]
    for number, attack in enumerate([*slow[:4], *quick[:: len(quick) // 30][:30]]):
        given = {**ANSWERS, "q2": attack.q2, **attack.other}
        given = {key: marked(key, source) for key, source in given.items()}
        data = as_submission(EXERCISE, given)
        yield f"h{number:02}.ipynb", data, sum(attack.points)
    yield "=cmd().ipynb", as_submission(EXERCISE, ANSWERS), 10
    yield "h\udce9.ipynb", as_submission(EXERCISE, ANSWERS), 10
    yield "empty.ipynb", b"", None
    yield "cut.ipynb", as_submission(EXERCISE, ANSWERS)[:5000], None
    yield "deep.ipynb", b"[" * 200_000, None
    yield "list.ipynb", b"[1, 2]", None


def marked(key, source):
    """An answer with its marker line."""
    line = f"# === ANSWER {key} ==="
    return source if source.startswith(line) else f"{line}\n{source}"


def honest(number):
    """(bytes, points) of an honest submission: right but for some questions left open."""
    left = [key for k, key in enumerate(KEYS) if (number >> k) & 1]
    points = sum(q.points for key, q in EXERCISE.questions.items() if key not in left)
    return as_submission(EXERCISE, {k: v for k, v in ANSWERS.items() if k not in left}), points


@pytest.mark.slow
def test_every_row_is_right(tmp_path, sandbox):
    folder, wanted = tmp_path / "in", {}
    folder.mkdir()
    for name, data, points in hostile():
        (folder / name).write_bytes(data)
        wanted[name] = points
    for number in range(SIZE - len(wanted)):
        name = f"s{number:03}"
        data, wanted[name] = honest(number)
        (folder / name).mkdir()
        (folder / name / "lstm_step.ipynb").write_bytes(data)
    done = grade_class(folder, SOLUTION, tmp_path / "out", {"jobs": cores()})
    assert len(done.rows) == SIZE
    found = {row.record.submission: row for row in done.rows}
    assert set(found) == {shown(name) for name in wanted}
    wrong = {}
    for name, points in wanted.items():
        row = found[shown(name)]
        if row.final != points:
            wrong[name] = (row.final, points, row.record.reason)
    assert not wrong, json.dumps(wrong, indent=1)
    with (tmp_path / "out" / "grades.csv").open(encoding="utf-8") as lines:
        assert len(list(csv.DictReader(lines))) == SIZE
