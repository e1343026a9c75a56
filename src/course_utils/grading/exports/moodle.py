"""moodle.csv for Moodle's gradebook (Grades, Import, CSV file).

Moodle's page "Grade import": map the column "Email address" to useremail, or "ID number" to
useridnumber; map the grade and its feedback together, for feedback alone would delete the grade.
Both columns bear the names that Moodle's own export gives them.  An empty grade is not imported.
"""

from course_utils.grading.exports.tables import csv_safe, number, spreadsheet


def moodle(out, exercise, klass):
    """Write moodle.csv: who it is, the grade, and feedback in one line.

    Without a roster only the name is known (Moodle's downloads hold no address): then map "Full
    name", or give --roster.  A submission that could not be graded has no grade and says why.
    """
    header = ["Full name", "Email address", "ID number", exercise.name, "Feedback comments"]
    rows = []
    for row in klass.rows:
        if row.counts:
            who = student(row)
            rows.append([*who, number(row.final), csv_safe(said(row))])
    spreadsheet(out, "moodle.csv", header, rows)


def student(row):
    """Name, address and number of a row's student."""
    if row.student is not None:
        return [csv_safe(v) for v in (row.student.name, row.student.email, row.student.sis_id)]
    if row.sender is not None:
        sid = row.sender.user_id if row.sender.system == "gradescope" else ""
        return [csv_safe(v) for v in (row.sender.name, row.sender.email, sid)]
    name = row.record.submission.removesuffix(".ipynb")
    return [csv_safe(name), csv_safe(name) if "@" in name else "", csv_safe(name)]


def said(row):
    """What the student may read: points lost by question, the reason, notes; no flags."""
    record = row.record
    lost = [f"{k}: {q.points:g} of {q.max:g}" for k, q in record.questions.items() if not q.full]
    lost = [] if row.final is None else lost
    said = [*([record.reason] if record.reason else []), *row.notes, *lost]
    return "; ".join(part.removesuffix(".") for part in said)
