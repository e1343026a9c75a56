"""The instructors' page: its tables come from the solutions and from what was measured."""

import json
import os
import re
from pathlib import Path

import pytest

import exercise_card as card
from course_utils.grading.exercise import load

ROOT = Path(__file__).parents[2]
SOLUTIONS = sorted((ROOT / "solutions").glob("*/*.ipynb"))
PAGES = sorted((ROOT / "book").glob("*/*.md"))
REFERENCE = ROOT / "book" / "reference"
MEASURED = sorted((ROOT / "benchmarks" / "results" / "grading").glob("*.json"))


def kept(name, text):
    """A table on the page is this text; written with COURSE_WRITE=1."""
    if os.environ.get("COURSE_WRITE"):
        (REFERENCE / name).write_text(text, "utf-8")
    assert (REFERENCE / name).read_text("utf-8") == text, "run this test with COURSE_WRITE=1"


def chapter(exercise):
    """The page that hands the exercise out."""
    line = f"```{{exercise-card}} {exercise.part}/{exercise.name}\n"
    pages = [p for p in PAGES if line in p.read_text("utf-8") and p.parent != REFERENCE]
    assert len(pages) == 1, f"{exercise.name}: one chapter should have its card, found {pages}"
    return f"{{doc}}`/book/{pages[0].relative_to(ROOT / 'book').with_suffix('').as_posix()}`"


def order():
    """Chapters in the order of the table of contents."""
    return re.findall(r"file: (\S+)", (ROOT / "_toc.yml").read_text("utf-8"))


def test_the_plan_is_made_from_the_solutions():
    rows = []
    for exercise in map(load, SOLUTIONS):
        title = card.title(exercise)
        where = chapter(exercise)
        place = order().index(where[7:-1])
        points, time = exercise.max_score, card.minutes(exercise) / 60
        numbers = f"{len(exercise.questions)} | {points:g} | {time:g}"
        row = f"| `{exercise.name}`: {title} | {where} | {numbers} |"
        rows.append((place, row, points, time))
    rows.sort()
    lines = ["| Exercise | Chapter | Questions | Points | Hours |", "|---|---|---|---|---|"]
    lines += [row for _, row, _, _ in rows]
    points, time = sum(r[2] for r in rows), sum(r[3] for r in rows)
    lines.append(f"| all | | | {points:g} | {time:g} |")
    kept("plan.inc", "\n".join(lines) + "\n")


def test_the_speed_is_what_was_measured():
    heads = {"ours": "This course, all three runs", "nbgrader": "nbgrader", "nbval": "nbval",
             "otter": "otter"}  # fmt: skip
    lines = [f"| Notebook | {' | '.join(heads.values())} |", "|---|---|---|---|---|"]
    for path in MEASURED:
        found = json.loads(path.read_text("utf-8"))
        each = {(row["tool"], row["notebook"]): row["cpu_s"] for row in found["rows"]}
        for name in dict.fromkeys(row["notebook"] for row in found["rows"]):
            cells = (f"{each[t, name]:.2f} s" if (t, name) in each else "" for t in heads)
            lines.append(f"| {name} | {' | '.join(cells)} |")
        about = found["machine"]
        lines += ["", "| Goal | Seen | At most | |", "|---|---|---|---|"]
        for goal in found["goals"]:
            seen = f"{goal['value']:.2g} | {goal['most']:g} | {'met' if goal['met'] else 'missed'}"
            lines.append(f"| {goal['name']} | {seen} |")
        where = f"{about['cpu']}, {about['cores']} cores, load {about['load']:g}"
        lines += ["", f"Batches of {sizes(found)}, counted: {found['counted']}; {where}, "
                  f"Python {about['versions']['python']}, {about['date']}."]  # fmt: skip
        lines += [f"{tool}: {why}." for tool, why in found["installed"].items() if why]
    kept("speed.inc", "\n".join(lines) + "\n")


def sizes(found):
    """"100 (torch: 25)": how many submissions a batch had."""
    others = {k: n for k, n in found.get("batches", {}).items() if n != found["batch"]}
    said = ", ".join(f"{name}: {count}" for name, count in others.items())
    return f"{found['batch']} ({said})" if said else str(found["batch"])


@pytest.mark.parametrize("path", MEASURED, ids=lambda p: p.stem)
def test_what_is_committed_compares_like_with_like(path):
    found = json.loads(path.read_text("utf-8"))
    tools = {(row["tool"], row["notebook"]): row for row in found["rows"]}
    assert {tool for tool, _ in tools} >= {"ours", "nbgrader", "nbval"}
    assert {row["runs"] for row in found["rows"] if row["tool"] == "ours"} == {3}
    assert all(row["cpu_s"] > 0 for row in found["rows"])
    for goal in found["goals"]:
        assert goal["met"] == (goal["value"] <= goal["most"])
