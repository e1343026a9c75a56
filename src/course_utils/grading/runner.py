"""Run a program of cells in isolates; a crash, a loop or a bomb costs its own question only.

When an isolate is gone, the question of the cell that was running loses its answer, a fresh isolate
replays the program without it, and the rest goes on.
"""

import ast
from dataclasses import dataclass, field

from course_utils.grading.bundle import MIME
from course_utils.grading.sandbox.isolate import IsolateGone, Limits, OutOfTurn
from course_utils.grading.syntax import parsed

GIVEN_TIMEOUT_S = 60


@dataclass
class Outcome:
    """What one check cell emitted: a raw bundle, or None and the reason why not.

    error: the name of the exception, where the reason and the lines are the student's words.
    """

    bundle: dict | None = None
    reason: str = ""
    lines: tuple = ()
    error: str = ""


@dataclass
class Run:
    """checks: outcome of each check cell by id; errors: what an answer cell itself raised.

    own: what the student's own cells beside an answer raised, by question.
    """

    checks: dict = field(default_factory=dict)
    errors: dict = field(default_factory=dict)
    lost: dict = field(default_factory=dict)
    own: dict = field(default_factory=dict)

    def cause(self, key, outcome):
        """Why a check gave nothing, as (text, lines): the first error of its question."""
        if key in self.errors:
            return self.errors[key]
        if key in self.own and outcome.reason.startswith("NameError"):
            return self.own[key]
        return outcome.reason, tuple(line for line in outcome.lines if ", in " in line)


class GivenCellFailed(RuntimeError):
    """A cell that the author wrote failed: no student's fault."""


def run_program(program, exercise, sandbox, seed, lost=None, seen=None):
    """Run all cells at one seed; ``lost``: questions to leave out from the start, with reasons.

    seen: called with the run after every check, to tell of it as it goes.
    """
    lost = dict(lost or {})
    while True:
        run = Run(lost=lost)
        blame = attempt(program, exercise, sandbox, seed, run, seen)
        if blame is None:
            return run
        key, reason = blame
        lost[key] = reason


def attempt(program, exercise, sandbox, seed, run, seen=None):
    """One isolate's life; None, or the question that ended it and how."""
    memory = max(q.memory_mb for q in exercise.questions.values())
    previous, imports = None, given_imports(program)
    with sandbox.isolate(Limits(memory_mb=memory, total_mb=memory), exercise.forbidden) as isolate:
        for cell in program:
            if cell.question in run.lost:
                if cell.role == "check":
                    run.checks[cell.cell_id] = Outcome(reason=run.lost[cell.question])
                continue
            limit = GIVEN_TIMEOUT_S
            if cell.question:
                limit = exercise.questions[cell.question].timeout_s
            source = cell.source
            if cell.role == "check" or (cell.role == "given" and previous is not None):
                source = f"{imports}\n{cell.source}"
            try:
                if cell.role == "check":  # an answer's own `np` is for that answer
                    isolate.run(imports, limit)
                reply = isolate.run(source, limit, cell.role, seed)
            except IsolateGone as error:
                if previous is not None and (isinstance(error, OutOfTurn) or not cell.question):
                    return previous.question, ended(previous, error)
                if cell.question is None:
                    raise GivenCellFailed(f"{cell.cell_id}: {error}") from None
                return cell.question, ended(cell, error)
            if cell.question and out_of_memory(reply):
                return cell.question, ended(cell, "MemoryError: its memory was used up")
            if cell.role == "given" and previous is not None and reply.get("error"):
                return previous.question, "after it a cell failed that works without it"
            record(cell, reply, run, exercise)
            if seen is not None and cell.role == "check":
                seen(run)
            previous = cell if cell.question else previous
    return None


def given_imports(program):
    """The imports of the given cells on one line: an answer that uses a name such as ``np`` for
    something else shall not cost the questions after it."""
    lines = []
    for cell in program:
        tree = parsed(cell.source) if cell.role == "given" else None
        if tree is not None:  # None: a magic
            imports = [n for n in tree.body if isinstance(n, (ast.Import, ast.ImportFrom))]
            lines += [ast.unparse(n) for n in imports if getattr(n, "module", "") != "__future__"]
    return "; ".join(lines)


def out_of_memory(reply):
    """Did the cell run out of memory?  What it still holds would fail the cells after it."""
    error = reply.get("error")
    return isinstance(error, dict) and error.get("name") == "MemoryError"


def ended(cell, error):
    """Why a question lost its isolate, for its student."""
    where = "your answer ran" if cell.role == "answer" else "the check called your answer"
    return f"{error} (while {where})"


def record(cell, reply, run, exercise):
    """Sort a reply: a check's one bundle, or an error."""
    error = readable(reply.get("error"))
    if cell.role == "given":
        if error:
            raise GivenCellFailed(f"{cell.cell_id}: {error[0]}")
    elif cell.role == "answer":
        if error:
            pristine = {c.cell_id for c in exercise.cells}
            kept = run.errors if cell.cell_id in pristine else run.own
            kept.setdefault(cell.question, error)
    else:
        run.checks[cell.cell_id] = outcome(cell, reply, error)


def outcome(cell, reply, error):
    """The one bundle of a check cell for its own question; otherwise a reason."""
    outputs = reply.get("outputs")
    outputs = outputs if isinstance(outputs, list) else []
    bundles = [o[MIME] for o in outputs if isinstance(o, dict) and MIME in o]
    if error:
        return Outcome(reason=error[0], lines=error[1], error=error[0].partition(":")[0])
    if len(bundles) != 1:
        return Outcome(reason=f"the check gave {len(bundles)} outputs instead of one")
    bundle = bundles[0]
    if not isinstance(bundle, dict) or bundle.get("question") != cell.question:
        return Outcome(reason="the check's output belongs to another question")
    return Outcome(bundle=bundle)


def readable(error):
    """An error of foreign JSON as (text, lines), or None."""
    if error is None:
        return None
    if not isinstance(error, dict):
        return "an error that cannot be read", ()
    name, text = str(error.get("name"))[:100], str(error.get("text"))[:500]
    lines = error.get("lines")
    lines = lines if isinstance(lines, list) else []
    return f"{name}: {text}", tuple(str(line)[:300] for line in lines[:6])
