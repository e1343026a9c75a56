"""The verdict inside a running notebook: what the grader would do, told at once.

What the kernel remembers of the cells that were run says what the answer was: whether Python could
read it, and whether it uses what is not there when it is graded.
"""

import re

from course_utils.grading import explain, review, verdict
from course_utils.grading.sandbox.student_package import closed_rooms

CHECKED = re.compile(r"grading\s*\.\s*check\(\s*[\"'](\w+)[\"']")


def verdict_here(question, rules, bundle, public, shell):
    """Lines of the verdict on a bundle; public: what the notebook's references hold."""
    names = not_there(question, rules, public, shell)
    if names:
        return verdict.not_allowed(question, rules, names).lines
    return verdict.judge(question, rules, bundle).lines


def not_there(question, rules, public, shell):
    """Forbidden modules that the answer uses, by its source and by what its names stand for."""
    away = sorted({*public["away"], *closed_rooms(public["rooms"])})
    source = last_answer(question, rules, shell)
    if not away or not source:
        return []
    values = shell.user_ns if shell is not None else {}
    return review.modules_used(source, away, values)


def last_answer(question, rules, shell):
    """The source of the cell that answered a question last, "" where it is not known."""
    from course_utils.grading.exercise import MARKER
    from course_utils.grading.splice import bound

    history = list(shell.user_ns.get("In", ())) if shell is not None else []
    wanted = set(rules.get("requires", ()))
    for source in reversed(history):
        if wanted and wanted <= bound(source):
            return source
        if not wanted and question in MARKER.findall(source):
            return source
    return ""


def explain_errors(shell, public):
    """Have errors of check cells told as sentences; all others look as they always do."""

    def handler(shell, kind, error, trace, tb_offset=None):
        source = shell.user_ns.get("In", [""])[-1]
        checked = CHECKED.findall(source)
        rules = public.get("questions", {})
        if checked and checked[0] in rules:
            print("\n".join(why(checked[0], rules[checked[0]], error, shell)))
            return None
        shell.showtraceback((kind, error, trace), tb_offset=tb_offset)
        return None

    shell.set_custom_exc((Exception,), handler)


def why(question, rules, error, shell):
    """An error of a check cell, its cause first: an answer that Python could not read."""
    from course_utils.grading.exercise import MARKER
    from course_utils.grading.sandbox.cellrun import describe

    history = [s for s in shell.user_ns.get("In", ()) if question in MARKER.findall(s)]
    if history:
        try:
            compile(shell.transform_cell(history[-1]), "<answer>", "exec")
        except SyntaxError as cause:
            error = cause
    details = describe(error)
    lines = explain.told(f"{details['name']}: {details['text']}", details["lines"])
    if details["name"] == "NameError":
        lines.append("Run the cell with your answer first; if that shows an error, mend it.")
    return verdict.nothing(question, rules, lines).lines
