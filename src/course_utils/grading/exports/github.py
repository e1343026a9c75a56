"""github.json for GitHub Classroom's autograding reporter.

The reporter (github-education-resources/autograding-grading-reporter, src/main.js and
src/notify-classroom.js) decodes the environment's ``<RUNNER>_RESULTS`` from base64 into JSON with
``status``, ``max_score`` and ``tests`` (``name``, ``status``, ``score``, ``message``), adds up the
scores and fails the check where ``status`` is "fail" or "error".
"""

import base64
import hashlib
import json

from course_utils.grading.exports.gradescope import tests_of
from course_utils.grading.files import shown, write


def github(out, exercise, klass):
    """Write github.json: {submission: {"result", "sha256"}}; ``result`` is what the reporter reads.

    Where lateness or a person changed the score, one more test carries the difference, for the
    reporter believes nothing but the tests' scores.
    """
    results = {shown(row.record.submission): packed(row) for row in klass.rows}
    write(out / "github.json", json.dumps(results, indent=1) + "\n")


def packed(row):
    """One result as the reporter wants it, and its hash."""
    text = json.dumps(result(row)).encode()
    return {
        "result": base64.b64encode(text).decode("ascii"),
        "sha256": hashlib.sha256(text).hexdigest(),
    }


def result(row):
    """The result before it is packed."""
    record = row.record
    tests = [
        {
            "name": t["name"],
            "status": "pass" if t["status"] == "passed" else "fail",
            "score": t["score"],
            "message": t["output"],
        }
        for t in tests_of(record)
    ]
    if row.adjusted is not None and row.adjusted != record.score:
        change = round(row.adjusted - record.score, 4)
        why = "; ".join(row.notes)
        tests.append({"name": "adjusted", "status": "pass", "score": change, "message": why})
    status = "pass" if all(t["status"] == "pass" for t in tests) else "fail"
    if record.status in ("unreadable", "failed"):
        status = "error"
    return {"version": 1, "status": status, "max_score": record.max_score, "tests": tests}
