"""Results for other systems: JUnit always; Gradescope, Canvas, Moodle and GitHub when asked for.

Nothing here holds an expected value of a secret seed, and no text that a spreadsheet would run.
"""

import base64
import csv
import hashlib
import io
import json
import re
import xml.etree.ElementTree as ET

from course_utils.grading.files import shown, write

SIGNS = "=+@\uff1d\uff0b\uff0d\uff20\ufe62\ufe63\ufe66\ufe6b\u2212-"  # plain, full-width, small
FORMULA = re.compile(rf"((?:^|[;|\t])[\s'\"]*)(?=[{SIGNS}])")


def csv_safe(value):
    """A text that no spreadsheet takes for a formula, on one line.

    Where the locale splits cells at ``;`` a formula may start in the middle, and full-width signs
    are read as plain ones; so an apostrophe stands before each of them.
    """
    text = " ".join(shown(str(value)).split())
    text = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
    return FORMULA.sub(r"\1'", text)


def number(value):
    """3.0 as 3, 2.25 as 2.25."""
    return f"{value:.4f}".rstrip("0").rstrip(".")


def grades(exercise, records):
    """grades.csv as text: a row for every submission."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    keys = list(exercise.questions)
    rows.writerow(["submission", "score", "max_score", "status", "reason", *keys])
    for r in records:
        fixed = [csv_safe(r.submission), number(r.score), number(r.max_score)]
        mark = "UNSANDBOXED. " if r.sandbox == "unsandboxed" else ""
        points = [number(r.questions[k].points) for k in keys]
        rows.writerow([*fixed, r.status, csv_safe(mark + r.reason), *points])
    return text.getvalue()


def junit(exercise, records):
    """junit.xml: a suite per submission, a test case per question."""
    root = ET.Element("testsuites", name=exercise.name)
    for record in records:
        questions = record.questions.items()
        failed = sum(q.points < q.max for _, q in questions)
        suite = ET.SubElement(
            root,
            "testsuite",
            name=plain(record.submission),
            tests=str(len(record.questions)),
            failures=str(failed),
        )
        for key, question in questions:
            case = ET.SubElement(suite, "testcase", classname=exercise.name, name=key)
            properties = ET.SubElement(case, "properties")
            values = (("points", question.points), ("max", question.max))
            for name, value in (*values, ("status", record.status)):
                ET.SubElement(properties, "property", name=name, value=str(value))
            if question.points < question.max:
                ET.SubElement(case, "failure", message=plain(summary(question, record))[:300])
    return ET.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def plain(text):
    """A text that XML can hold."""
    text = str(text).encode("utf-8", "replace").decode("utf-8")
    return "".join(c if c.isprintable() else " " for c in text)


def summary(question, record):
    """One line on why a question is not full."""
    wrong = [f"{n}: {p.public or p.secret}" for n, p in question.parts.items() if not p.ok]
    return "; ".join([*question.said[:1], *wrong]) or record.reason or "not right"


def tests_of(record):
    """Gradescope's list of tests."""
    return [
        {
            "name": key,
            "number": str(number),
            "score": question.points,
            "max_score": question.max,
            "status": "passed" if question.points == question.max else "failed",
            "output": "" if question.points == question.max else summary(question, record),
            "visibility": "visible",
        }
        for number, (key, question) in enumerate(record.questions.items(), 1)
    ]


def gradescope(out, exercise, records):
    """``gradescope/<submission>.json``: what run_autograder puts at results/results.json."""
    for record in records:
        result = {
            "score": record.score,
            "output": "\n".join(filter(None, [record.reason, *record.notes])),
            "stdout_visibility": "hidden",
            "tests": tests_of(record),
        }
        path = out / "gradescope" / f"{record.file}.json"
        write(path, json.dumps(result, indent=1) + "\n")


def spreadsheet(out, name, header, rows):
    """A small CSV file."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([header, *rows])
    write(out / name, text.getvalue())


def student(record):
    """The submission's name without its ending, as a key to match people by."""
    return csv_safe(record.submission.removesuffix(".ipynb"))


def canvas(out, exercise, records):
    """canvas.csv: fill it by ID; Canvas matches on the first columns."""
    header = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", exercise.name]
    rows = [[student(r), "", "", student(r), "", r.score] for r in records]
    spreadsheet(out, "canvas.csv", header, rows)


def moodle(out, exercise, records):
    """moodle.csv: map the first column to the ID number when importing."""
    header = ["ID number", exercise.name, "Feedback comments"]
    rows = [[student(r), r.score, csv_safe(r.reason)] for r in records]
    spreadsheet(out, "moodle.csv", header, rows)


def github(out, exercise, records):
    """github.json: GitHub Classroom's base64 result for each submission, and a hash to compare."""
    found = {}
    for record in records:
        result = {
            "version": 1,
            "status": "pass" if record.score == record.max_score else "fail",
            "max_score": record.max_score,
            "tests": [
                {"name": t["name"], "status": "pass" if t["status"] == "passed" else "fail",
                 "score": t["score"], "message": t["output"]}
                for t in tests_of(record)
            ],
        }  # fmt: skip
        text = json.dumps(result).encode()
        found[record.submission] = {
            "result": base64.b64encode(text).decode("ascii"),
            "sha256": hashlib.sha256(text).hexdigest(),
        }
    write(out / "github.json", json.dumps(found, indent=1) + "\n")


EXPORTS = {"gradescope": gradescope, "canvas": canvas, "moodle": moodle, "github": github}
