"""The verdict inside a running notebook: what the grader would do, told at once.

What the kernel remembers of the cells that were run says what the answer was: whether Python could
read it, whether it uses what is not there when it is graded, and whether it stands in another cell.
"""

import re

from course_utils.grading import explain, review, verdict
from course_utils.grading.sandbox.student_package import closed_rooms

ran = {}  # {cell: its last source}, the latest at the end; a cell is known by its id or its turn
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
    source = last_answer(question, rules, public, shell)
    if not away or not source:
        return []
    values = shell.user_ns if shell is not None else {}
    return review.modules_used(source, away, values)


def last_answer(question, rules, public, shell):
    """The source of the cell that answered a question last, "" where it is not known."""
    from course_utils.grading.exercise import MARKER
    from course_utils.grading.splice import bound

    history = list(shell.user_ns.get("In", ())) if shell is not None else []
    wanted = set(rules.get("requires", ()))
    for source in reversed(history):
        if wanted and wanted <= bound(source) and not untouched(question, source, public):
            return source
        if not wanted and question in MARKER.findall(source):
            return source
    return ""


def untouched(question, source, public):
    """Is a source the answer's cell as it was handed out?"""
    from course_utils.grading.splice import squeeze

    cells = public.get("cells", ())
    return any(
        squeeze(source) == squeeze(given)
        for _, role, given, key in cells
        if role == "answer" and key == question
    )


def note(info):
    """Remember what a cell holds when it is run; without ids of cells, those without a marker."""
    from course_utils.grading.exercise import MARKER

    cell = getattr(info, "cell_id", None)
    if cell is None and MARKER.search(info.raw_cell):
        return  # it may be an older trial in a cell that holds something else by now
    cell = len(ran) if cell is None else cell
    ran.pop(cell, None)
    ran[cell] = info.raw_cell


def elsewhere(question, rules, public):
    """An answer that stands in another cell than the one that was handed out for it, or ""."""
    from course_utils.grading.splice import bound

    wanted = set(rules.get("requires", ()))
    for source in reversed(ran.values()):
        if wanted and wanted <= bound(source) and not untouched(question, source, public):
            return source
    return ""


def taken_from_above(question, public, error, shell):
    """Take an answer from above the untouched cell that replaced it, and check again, as the
    grader does; False where there is none."""
    unanswered = isinstance(error, NotImplementedError) and explain.NOT_ANSWERED in explain.told(
        f"NotImplementedError: {error}"
    )
    source = elsewhere(question, public["questions"][question], public) if unanswered else ""
    if not source:
        return False
    print(
        f"Note: your answer to {question} stands above the cell for it, which replaced it when "
        "you ran that. It was taken, as when it is graded; move it into its cell."
    )
    check = shell.user_ns["In"][-1]
    if shell.run_cell(source, silent=True).success:
        shell.run_cell(check, silent=True)
    return True


def explain_errors(shell, public):
    """Have errors of check cells told as sentences; all others look as they always do."""

    taking = []
    if not ran:
        ran.update(enumerate(shell.user_ns.get("In", ())))
    shell.events.register("pre_run_cell", note)

    def handler(shell, kind, error, trace, tb_offset=None):
        source = shell.user_ns.get("In", [""])[-1]
        checked = CHECKED.findall(source)
        rules = public.get("questions", {})
        if checked and checked[0] in rules:
            if not taking:
                taking.append(checked[0])
                try:
                    if taken_from_above(checked[0], public, error, shell):
                        return None
                finally:
                    taking.clear()
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
