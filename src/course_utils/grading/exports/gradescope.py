"""Gradescope: results.json as its harness reads it.

"Autograder Specifications" (gradescope-autograders.readthedocs.io, specs): a top ``score`` or one
on every test; ``output``, ``visibility``, ``stdout_visibility``, ``extra_data``; a test has
``score``, ``max_score``, ``status`` ("passed" or "failed"), ``name``, ``number``, ``output``,
``visibility``.  The zip that makes Gradescope grade by itself is in autograder.py.
"""

import json

from course_utils.grading.exports.junit import summary
from course_utils.grading.files import shown, write


def tests_of(record):
    """The list of tests, one per question."""
    return [
        {
            "name": key,
            "number": str(number),
            "score": question.points,
            "max_score": question.max,
            "status": "passed" if question.full else "failed",
            "output": "" if question.full else shown(summary(question, record)),
            "visibility": "visible",
        }
        for number, (key, question) in enumerate(record.questions.items(), 1)
    ]


def result(row):
    """One row as results.json holds it; its top score overrides the tests'.

    Gradescope has no blank: a submission that could not be graded has 0, its tests say why.
    """
    record = row.record
    said = [record.reason, *record.notes, *row.notes]
    return {
        "score": row.final if row.final is not None else 0.0,
        "output": "\n".join(shown(line) for line in said if line),
        "visibility": "visible",
        "stdout_visibility": "hidden",
        "tests": tests_of(record),
        "extra_data": {"status": record.status, "sandbox": record.sandbox},
    }


def gradescope(out, exercise, klass):
    """Write ``gradescope/<submission>.json`` for each row, to look at or to upload by its API."""
    for row in klass.rows:
        path = out / "gradescope" / f"{row.record.file}.json"
        write(path, json.dumps(result(row), indent=1) + "\n")
