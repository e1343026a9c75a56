"""Grade one submission: splice, run at the public and two secret seeds, let nbval judge.

References come from the solution, run in the same session under the same secret seeds.  A part of a
question counts when it is right at both secret seeds; the public run only explains mistakes.
"""

import secrets
from dataclasses import dataclass, replace

from course_utils.grading import explain as explanations
from course_utils.grading import review, verdict
from course_utils.grading.exercise import ExerciseError
from course_utils.grading.notebook import Unreadable, read_cells
from course_utils.grading.plugin import Check, judge
from course_utils.grading.records import PartResult, Record
from course_utils.grading.runner import run_program
from course_utils.grading.splice import splice

MOST_TRIES = 20


@dataclass(frozen=True)
class References:
    """seeds: two secret ones; bundles: {seed: {check cell id: bundle}}, the public seed's too."""

    seeds: tuple
    bundles: dict


def make_references(exercise, sandbox, first=None):
    """Run the solution at the public seed and at two secret ones that draw different shapes."""
    draw = secrets.randbits if first is None else seeds_from(first)
    bundles = {exercise.seed: reference(exercise, sandbox, exercise.seed)}
    chosen = []
    for _ in range(MOST_TRIES):
        seed = draw(31)
        if seed in bundles:
            continue
        found = reference(exercise, sandbox, seed)
        if not chosen or shapes_differ(bundles[chosen[0]], found):
            chosen.append(seed)
            bundles[seed] = found
        if len(chosen) == 2:
            return References(tuple(chosen), bundles)
    raise ExerciseError(
        f"{exercise.name}: {MOST_TRIES} seeds gave the same shapes in some question; draw the "
        "sizes from SEED in every check cell"
    )


def seeds_from(first):
    """A stand-in for secrets.randbits that gives the same seeds again, to resume a run."""
    import random

    return random.Random(first).getrandbits


def reference(exercise, sandbox, seed):
    """The solution's bundles at one seed."""
    run = run_program(exercise.cells, exercise, sandbox, seed)
    for cell_id, outcome in run.checks.items():
        if outcome.bundle is None:
            raise ExerciseError(f"{exercise.name}: the solution fails {cell_id}: {outcome.reason}")
    return {cell_id: outcome.bundle for cell_id, outcome in run.checks.items()}


def shapes_differ(one, other):
    """Does every check differ in some shape between two seeds?  (Hard-coding must not pay.)"""

    def shapes(bundle):
        return {name: part["shape"] for name, part in bundle["parts"].items()}

    return all(shapes(one[k]) != shapes(other[k]) for k in one)


def grade(data, exercise, sandbox, references):
    """Bytes of a submission -> its `Record`."""
    record = Record.empty(exercise, sandbox.name)
    try:
        cells, notes = read_cells(data)
    except Unreadable as error:
        return replace(record, status="unreadable", reason=str(error))
    record.notes += notes
    spliced = splice(exercise, cells)
    record.notes += spliced.notes
    program = exercise.with_answers(spliced.answers, spliced.helpers)
    runs, lost = {}, {}
    for seed in (exercise.seed, *references.seeds):
        runs[seed] = run_program(program, exercise, sandbox, seed, lost)
        lost = runs[seed].lost
    checks = list(all_checks(exercise, references, runs))
    if lost:
        said = "; ".join(f"{key}: {why}" for key, why in lost.items())
        record.status, record.reason = "partial", said
    decide(record, references, checks, judge([c for _, c in checks]))
    explain(record, exercise, runs, references)
    for key, found in review.forbidden(exercise, spliced.answers).items():
        record.questions[key].review = found
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
                    reason=in_words(run, cell.question, outcome),
                    rtol=rules.rtol,
                    atol=rules.atol,
                    reveal=seed == exercise.seed,
                ),
            )


def in_words(run, key, outcome):
    """Why a check gave no values, for its student: the cause, not what follows from it."""
    if outcome.bundle is not None or key in run.lost:
        return outcome.reason
    return explanations.told(*run.cause(key, outcome))[0]


def decide(record, references, checks, judged):
    """Points from the verdicts at the secret seeds; what to say from the public ones first."""
    for (seed, check), found in zip(checks, judged, strict=True):
        parts = record.questions[check.question].parts
        for name, said in found.parts.items():
            part = parts.setdefault(name, PartResult())
            if seed in references.seeds:
                part.ok = part.ok and said.ok
                if not said.ok:
                    part.secret = part.secret or said.text
            elif not said.ok:
                part.public = said.text
    for question in record.questions.values():
        right = sum(part.ok for part in question.parts.values())
        question.points = round(question.max * right / len(question.parts), 4)
    record.add_up()


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
        for run in runs.values():
            if key in run.errors and not said:
                text, lines = run.errors[key]
                said += [f"Your cell stopped with {text}", *lines]
        if key in known:
            given = emitted_parts(exercise, public, key)
            said += verdict.causes(known[key], given) if given else []
        if all(not part.public for part in wrong):
            said.append("Right for the public seed, wrong for others: is a number or size fixed?")
        for run in runs.values():
            for cell in exercise.cells:
                if cell.role == "check" and cell.question == key:
                    said += [t for t in run.checks[cell.cell_id].lines if t not in said]


def emitted_parts(exercise, run, key):
    """All parts that a question's checks emitted, readable or not."""
    from course_utils.grading.bundle import BundleError, unpack

    parts = {}
    for cell in exercise.cells:
        if cell.role == "check" and cell.question == key:
            try:
                parts.update(unpack(run.checks[cell.cell_id].bundle)[1])
            except BundleError:
                continue
    return parts
