"""CSV files that spreadsheets show and never run; grades.csv."""

import csv
import io
import re

from course_utils.grading.files import shown, write

SIGNS = "=+@\uff1d\uff0b\uff0d\uff20\ufe62\ufe63\ufe66\ufe6b\u2212-"  # plain, full-width, small
FORMULA = re.compile(rf"((?:^|[;|\t])[\s'\"]*)(?=[{SIGNS}])")
FIXED = (
    "submission", "score", "max_score", "status", "reason", "notes", "student", "late", "adjusted",
)  # fmt: skip


def csv_safe(value):
    """A text that no spreadsheet takes for a formula, on one line.

    Where the locale splits cells at ``;`` a formula may start in the middle, and full-width signs
    are read as plain ones; so an apostrophe stands before each of them.
    """
    text = " ".join(shown(str(value)).split())
    text = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
    return FORMULA.sub(r"\1'", text)


def number(value):
    """3.0 as 3, 2.25 as 2.25; None as nothing."""
    return "" if value is None else f"{value:.4f}".rstrip("0").rstrip(".")


def as_csv(header, rows):
    """A table as text."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([header, *rows])
    return text.getvalue()


def spreadsheet(out, name, header, rows):
    """A small CSV file."""
    write(out / name, as_csv(header, rows))


def grades(exercise, klass):
    """grades.csv as text: a row for every submission."""
    keys, rows = list(exercise.questions), []
    for row in klass.rows:
        r = row.record
        mark = "UNSANDBOXED. " if r.sandbox == "unsandboxed" else ""
        fixed = [csv_safe(r.submission), number(r.score), number(r.max_score), r.status]
        fixed += [csv_safe(mark + r.reason), csv_safe("; ".join(row.remarks())), csv_safe(row.who)]
        fixed += [number(row.late), number(row.adjusted)]
        rows.append([*fixed, *(number(r.questions[k].points) for k in keys)])
    return as_csv([*FIXED, *keys], rows)
