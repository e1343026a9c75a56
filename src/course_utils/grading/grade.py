"""Grade one submission: splice, run at the public and two secret seeds, let nbval judge.

References come from the solution, run in the same session under the same secret seeds.  A part of a
question counts when it is right at both secret seeds; the public run only explains mistakes, and
only of it is anything said in the student's own words.
"""

import builtins
from dataclasses import replace

from course_utils.grading import explain as explanations
from course_utils.grading import review, verdict
from course_utils.grading.bundle import BundleError, unpack
from course_utils.grading.explain import NOT_IN_IT
from course_utils.grading.guard import Overdue, time_limit
from course_utils.grading.notebook import Unreadable, read_cells
from course_utils.grading.pick import wrong_exercise
from course_utils.grading.plugin import Check, judge
from course_utils.grading.records import PartResult, Record
from course_utils.grading.references import make_references  # noqa: F401  also had from here
from course_utils.grading.runner import run_program
from course_utils.grading.similar import fingerprint
from course_utils.grading.splice import splice

READ_S, JUDGE_S = 20, 60
MOST_NOTES = 40
ERRORS = {n for n, v in vars(builtins).items() if isinstance(v, type) and issubclass(v, Exception)}


def grade(data, exercise, sandbox, references):
    """Bytes of a submission -> its `Record`."""
    record = Record.empty(exercise, sandbox.name)
    try:
        with time_limit(READ_S):
            cells, notes = read_cells(data)
            spliced = splice(exercise, cells)
    except Unreadable as error:
        return replace(record, status="unreadable", reason=str(error))
    except (Overdue, MemoryError, RecursionError):
        reason = "the notebook is too large or too tangled to be read; hand it in without outputs"
        return replace(record, status="unreadable", reason=reason)
    record.notes += [*notes, *spliced.notes][:MOST_NOTES]
    program = exercise.with_answers(spliced.answers, spliced.helpers)
    runs, lost = {}, {}
    for seed in (exercise.seed, *references.seeds):
        runs[seed] = run_program(program, exercise, sandbox, seed, lost)
        lost = runs[seed].lost
    checks = list(all_checks(exercise, references, runs))
    try:
        with time_limit(JUDGE_S):
            judged = judge([check for _, check in checks])
    except (Overdue, MemoryError):
        reason = "the values took too long to compare; grade it by hand"
        return replace(record, status="failed", reason=reason)
    if lost:
        said = "; ".join(f"{key}: {why}" for key, why in lost.items())
        record.status, record.reason = "partial", said
    decide(record, exercise, references, checks, judged)
    explain(record, exercise, runs, references)
    added = "\n".join(text for texts in spliced.helpers.values() for text in texts)
    for sources in (spliced.answers, dict.fromkeys(spliced.answers, added)):  # a helper serves all
        for key, reasons in review.forbidden(exercise, sources).items():
            kept = record.questions[key].review
            kept += [reason for reason in reasons if reason not in kept]
    record.fingerprint = fingerprint(exercise, spliced.answers)
    wrong = wrong_exercise(exercise.name, cells)
    if wrong and record.score == 0:
        record.reason, record.notes = wrong, list(notes)
        for question in record.questions.values():
            question.said = []
            for part in question.parts.values():
                part.public = part.secret = NOT_IN_IT
    return record


def all_checks(exercise, references, runs):
    """(seed, Check) for each check cell at each seed."""
    for seed, run in runs.items():
        for cell in exercise.cells:
            if cell.role != "check":
                continue
            rules, outcome = exercise.questions[cell.question], run.checks[cell.cell_id]
            yield (
                seed,
                Check(
                    cell_id=cell.cell_id,
                    question=cell.question,
                    source=cell.source,
                    reference=references.bundles[seed][cell.cell_id],
                    emitted=outcome.bundle,
                    reason=in_words(run, cell.question, outcome, seed == exercise.seed),
                    rtol=rules.rtol,
                    atol=rules.atol,
                    reveal=seed == exercise.seed,
                ),
            )


def in_words(run, key, outcome, public):
    """Why a check gave no values, for its student: the cause, not what follows from it.

    Of a secret run in words that are ours alone: a student's own text, the name of an exception of
    theirs too, could carry the secret numbers.
    """
    if outcome.bundle is not None or key in run.lost:
        return outcome.reason
    if public:
        return explanations.told(*run.cause(key, outcome))[0]
    if outcome.error:
        name = outcome.error if outcome.error in ERRORS else "an exception"
        return f"it stopped with {name}"
    return "it gave several outputs" if "outputs instead" in outcome.reason else outcome.reason


def decide(record, exercise, references, checks, judged):
    """Points from the verdicts at the secret seeds; what to say from the public ones first."""
    for (seed, check), verdicts in zip(checks, judged, strict=True):
        parts = record.questions[check.question].parts
        for name, said in verdicts.parts.items():
            part = parts.setdefault(name, PartResult())
            if seed in references.seeds:
                part.ok = part.ok and said.ok
                if not said.ok:
                    part.secret = part.secret or said.text
            elif not said.ok:
                part.public = said.text
    for key, question in record.questions.items():
        join(question.parts, exercise.questions[key].joined)
        right = sum(part.ok for part in question.parts.values())
        question.points = round(question.max * right / len(question.parts), 4)
    record.add_up()


def join(parts, joined):
    """Parts that prove nothing alone count only with the part that they are joined to."""
    for name, other in joined.items():
        if name in parts and parts[name].ok and not (other in parts and parts[other].ok):
            parts[name].ok = False
            parts[name].public = parts[name].secret = verdict.alone_is_idle(other)


def explain(record, exercise, runs, references):
    """Say what went wrong in words: an error, a loss, a known mistake, a hard-coded answer."""
    public = runs[exercise.seed]
    known = exercise.references.get("questions", {})
    for key, question in record.questions.items():
        said, cases = question.said, {"stacked": exercise.questions[key].stacked}
        for name, part in question.parts.items():
            part.public = verdict.located(part.public, cases, name)
            part.secret = verdict.located(part.secret, cases, name)
        wrong = [part for part in question.parts.values() if not part.ok]
        if not wrong:
            continue
        if key in known:
            given = emitted_parts(exercise, public, key)
            said += verdict.causes(known[key], given) if given else []
        if all(not part.public for part in wrong):
            said.append("Right for the public seed, wrong for others: is a number or size fixed?")
        said += [line for line in error_lines(exercise, public, key) if line not in said]


def error_lines(exercise, run, key):
    """The student's own lines at which a question's public run stopped."""
    for cell in exercise.cells:
        if cell.role == "check" and cell.question == key and key not in run.lost:
            outcome = run.checks[cell.cell_id]
            if outcome.bundle is None or key in run.errors:
                return explanations.told(*run.cause(key, outcome))[outcome.bundle is None :]
    return []


def emitted_parts(exercise, run, key):
    """All parts that a question's checks emitted, readable or not."""
    parts = {}
    for cell in exercise.cells:
        if cell.role == "check" and cell.question == key:
            try:
                parts.update(unpack(run.checks[cell.cell_id].bundle)[1])
            except BundleError:
                continue
    return parts
