"""``course check NOTEBOOK``: what the grader would say, in the student's terminal, at once.

The notebook that was handed out carries the whole exercise but its answers: rules, checks, and the
references of the public seed.  The answers are taken out of the student's file as the grader takes
them, and run by the grader's own runner, at the public seed.
"""

import re

from course_utils.grading import explain
from course_utils.grading.exercise import OURS, ExerciseError, handed_out, references_in
from course_utils.grading.local import Local
from course_utils.grading.notebook import read_cells
from course_utils.grading.runner import run_program
from course_utils.grading.sandbox.student_package import closed_rooms
from course_utils.grading.splice import splice
from course_utils.grading.verdict import judge, not_allowed, nothing, number

BEGIN = re.compile(r"grading\.begin\(\s*[\"'](\w+)[\"']")


def report(path, say=print, exercises=None):
    """Say line by line how a notebook does; (points, most) at the public seed.

    exercises: a folder with handed-out notebooks, for a file that has lost its references.
    """
    data = path.read_bytes()
    cells, notes = read_cells(data)
    public = references_in(data) or kept_elsewhere(cells, path, exercises)
    exercise = handed_out(public)
    away = sorted({*public["away"], *closed_rooms(exercise.rooms)})
    sandbox = Local(away)
    sandbox.start()
    spliced = splice(exercise, cells)
    for note in dict.fromkeys([*notes, *spliced.notes]):
        say(f"Note: {note}")
    program = exercise.with_answers(spliced.answers, spliced.helpers)
    total, told = 0.0, set()

    def tell(run):
        """Say the verdicts of all questions whose checks are done."""
        nonlocal total
        for key, rules in public["questions"].items():
            checks = [c.cell_id for c in exercise.cells if c.role == "check" and c.question == key]
            if key not in told and all(c in run.checks for c in checks):
                told.add(key)
                judged = verdict(key, rules, run, checks, away, spliced.answers.get(key))
                total += judged.points
                say("\n".join(judged.lines))

    tell(run_program(program, exercise, sandbox, exercise.seed, seen=tell))
    most = exercise.max_score
    say(f"{exercise.name}: {number(total)} of {number(most)} points with the notebook's numbers.")
    return round(total, 4), most


def kept_elsewhere(cells, path, exercises):
    """The references of the exercise that a notebook names, from a folder of exercises."""
    names = [name for cell in cells for name in BEGIN.findall(cell.source)] or [path.stem]
    for name in names:
        for notebook in sorted(exercises.glob(f"*/{name}.ipynb")) if exercises else ():
            public = references_in(notebook.read_bytes())
            if public:
                return public
    raise ExerciseError(
        f"{path.name}: the cell that begins with `{OURS}references` is missing; take it from a "
        "fresh copy of the exercise"
    )


def verdict(key, rules, run, checks, away, source):
    """The `Judged` of one question from what its cells did."""
    from course_utils.grading import review

    outcomes = [run.checks[c] for c in checks]
    missing = [o for o in outcomes if o.bundle is None]
    if key in run.lost:
        return nothing(key, rules, [run.lost[key]])
    if len(missing) == len(outcomes):
        text, lines = run.cause(key, missing[0])
        used = review.modules_used(source or "", away, {})
        if used and "Module" in text:
            return not_allowed(key, rules, used)
        return nothing(key, rules, explain.told(text, lines))
    parts = {}
    for outcome in [o for o in outcomes if o.bundle is not None]:
        parts |= outcome.bundle["parts"]
    return judge(key, rules, {"question": key, "parts": parts})
