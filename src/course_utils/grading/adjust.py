"""What a person changed: a CSV file beside the records, which never touches them.

    submission,question,add,set,reason
    ada.ipynb,q2,,2,"right, by another convention"
    bob.ipynb,,-1,,"handed in by mail"

``submission`` is the row's name, or the student's email, number or name.  With a question, its
points are changed before a late penalty; without one, the whole score is, after it.
"""

import csv
import io
import math
from dataclasses import dataclass

from course_utils.errors import UserError
from course_utils.grading.roster import csv_text

COLUMNS = ("submission", "question", "add", "set", "reason")


@dataclass(frozen=True)
class Adjustment:
    """One line: add to, or set, the points of a question or of the whole submission."""

    submission: str
    question: str = ""
    add: float | None = None
    set: float | None = None
    reason: str = ""

    def apply(self, points):
        """The points afterwards."""
        return self.set if self.set is not None else points + self.add

    def said(self):
        """What the row and the student are told."""
        what = f"set to {self.set:g}" if self.set is not None else f"changed by {self.add:+g}"
        about = f"{self.question}: " if self.question else ""
        return f"{about}points {what} by hand{': ' + self.reason if self.reason else ''}"


def load_adjustments(path, exercise):
    """The adjustments of a CSV file; UserError names the line that is wrong."""
    rows = csv.DictReader(io.StringIO(csv_text("--adjust", path), newline=""))
    try:
        unknown = set(rows.fieldnames or ()) - set(COLUMNS)
        if unknown or "submission" not in (rows.fieldnames or ()):
            raise UserError(f"--adjust: the first line of {path} must be {','.join(COLUMNS)}")
        return [one(path, rows.line_num, row, exercise) for row in rows if any(row.values())]
    except csv.Error as error:
        raise UserError(f"--adjust: {path}, line {rows.line_num}: {error}") from None


def one(path, line, row, exercise):
    """One line, checked."""
    row = {k: (v or "").strip() for k, v in row.items() if k}
    numbers = {name: number(path, line, name, row.get(name, "")) for name in ("add", "set")}
    if (numbers["add"] is None) == (numbers["set"] is None):
        raise UserError(f"--adjust: {path}, line {line}: give add or set, and not both")
    question = row.get("question", "")
    if question and question not in exercise.questions:
        known = ", ".join(exercise.questions)
        raise UserError(f"--adjust: {path}, line {line}: no question {question}; know {known}")
    return Adjustment(row["submission"], question, **numbers, reason=row.get("reason", ""))


def number(path, line, name, text):
    """A finite number, None for nothing."""
    try:
        value = float(text) if text else None
    except ValueError:
        value = math.nan
    if value is not None and not math.isfinite(value):
        raise UserError(f"--adjust: {path}, line {line}: {name} is no number: {text!r}")
    return value
