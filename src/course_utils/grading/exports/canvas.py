"""canvas.csv for Canvas's gradebook (Grades, Import).

As the importer of Canvas reads it (canvas-lms, app/models/gradebook_importer.rb): a header that
begins Student, ID, SIS User ID, SIS Login ID, Section; a row whose first cell holds "Points
Possible"; then a row for each student, found by ID, else SIS User ID, else SIS Login ID, else name.
An empty cell changes no grade.  A column called "lstm_step (123)" is the assignment 123.
"""

from course_utils.grading.exports.tables import csv_safe, number, spreadsheet

HEADER = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section"]


def canvas(out, exercise, klass):
    """Write canvas.csv: the students of the roster, and senders that it does not know.

    Without a roster the ID is the one that Canvas wrote into the file's name.  A submission that
    could not be graded stays blank, and so does a student without one.
    """
    rows = [["    Points Possible", "", "", "", "", number(exercise.max_score)]]
    for row in klass.rows:
        if row.counts:
            rows.append([*identity(row), number(row.final)])
    for student in klass.missing:
        rows.append([*columns(student), ""])
    spreadsheet(out, "canvas.csv", [*HEADER, exercise.name], rows)


def identity(row):
    """The five columns that say who it is."""
    if row.student is not None:
        known = columns(row.student)
        if not known[1] and row.sender is not None and row.sender.system == "canvas":
            known[1] = row.sender.user_id
        return known
    if row.sender is not None:
        number_here = row.sender.user_id if row.sender.system == "canvas" else ""
        sis = row.sender.user_id if row.sender.system == "gradescope" else ""
        return [csv_safe(v) for v in (row.sender.name, number_here, sis, row.sender.email, "")]
    name = csv_safe(row.record.submission.removesuffix(".ipynb"))
    return [name, "", "", name, ""]


def columns(student):
    """A student of the roster as Canvas's columns."""
    values = (student.name, student.id, student.sis_id, student.login or student.email)
    return [csv_safe(v) for v in (*values, student.section)]
