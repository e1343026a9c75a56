"""A small class: an exercise, three students, and records that say what a grader would."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from course_utils.grading.divide import Entry
from course_utils.grading.exercise import load
from course_utils.grading.handout import solution_answers
from course_utils.grading.records import Record
from course_utils.grading.roster import Student
from course_utils.grading.rows import Course, klass
from course_utils.grading.similar import fingerprint
from course_utils.grading.systems import Sender

ROOT = Path(__file__).parents[2]
EXERCISE = load(ROOT / "solutions" / "lstm" / "lstm_step.ipynb")
ANSWERS = solution_answers(EXERCISE)
KEYS = list(EXERCISE.questions)
DEADLINE = datetime(2027, 1, 15, 23, 59, tzinfo=UTC)
ADA = Student("Ada Lovelace", "ada@x.edu", "4711", "S1", "alove", "A", "adagit")
BOB = Student("Doe, Bob", "bob.doe@x.edu", "4712", "S2", "bdoe")
EVE = Student("Eve Roe", "eve@x.edu", "4713", "S3", "eroe")


def record(name, missing=(), status="graded", reason="", answers=None, **more):
    """A record with all points but those of some questions."""
    made = Record.empty(EXERCISE, "namespaces", status, reason)
    for key, question in made.questions.items():
        question.points = 0.0 if key in missing or status != "graded" else question.max
    made.add_up()
    made.fingerprint = fingerprint(EXERCISE, answers) if answers else {}
    return replace(made, submission=name, file=name, **more)


def entry(name, *senders):
    return Entry(name, None, senders=senders)


def rows_of(*pairs, **course):
    """The klass of (entry, record) pairs."""
    entries = [e for e, _ in pairs]
    return klass(EXERCISE, entries, {e.name: r for e, r in pairs}, Course(**course))


def sender(system="gradescope", late_hours=0.0, **who):
    return Sender(system, submitted=DEADLINE + timedelta(hours=late_hours), **who)
