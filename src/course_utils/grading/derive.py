"""Student notebooks and public references from the solutions: ``course derive``.

``exercises/<part>/<name>.ipynb`` is the solution with its answers replaced by stubs; its check
cells carry the bundle of the public seed, so that nbval can compare them.  The same bundles, and
those of known mistakes with their hints, go to ``grading/public/<name>.json`` for `grading.check`.
"""

import copy
import json
from pathlib import Path

from course_utils.grading.bundle import MIME
from course_utils.grading.exercise import ExerciseError, load
from course_utils.grading.files import write
from course_utils.grading.runner import run_program
from course_utils.grading.sandbox.backends import open_sandbox

PUBLIC = Path(__file__).parent / "public"
CARRIED = ("kernelspec", "language_info", "course")


def derive_all(solutions, exercises, public=PUBLIC, mutants=None):
    """Write every student notebook; the paths written."""
    written = []
    for path in sorted(Path(solutions).glob("*/*.ipynb")):
        for target, text in derive(path, mutants).items():
            folder = public if target.suffix == ".json" else Path(exercises)
            write(folder / target, text)
            written.append(folder / target)
    return written


def derive(path, mutants=None):
    """One solution -> {relative path: text} of the student notebook and its references."""
    exercise = load(path)
    with open_sandbox(exercise, unsandboxed=True) as sandbox:  # the author's own code
        references = emitted(exercise, sandbox, exercise.cells)
        mistakes = known_mistakes(exercise, sandbox, mutants, references)
    notebook = student_notebook(exercise, references)
    public = {"seed": exercise.seed, "questions": {}}
    for key, rules in exercise.questions.items():
        bundles = [references[c.cell_id] for c in exercise.cells if is_check(c, key)]
        public["questions"][key] = {
            "rtol": rules.rtol,
            "atol": rules.atol,
            "bundle": {"question": key, "parts": merge(bundles)},
            "mistakes": mistakes.get(key, []),
        }
    return {
        Path(exercise.part, path.name): json.dumps(notebook, indent=1, ensure_ascii=False) + "\n",
        Path(f"{exercise.name}.json"): json.dumps(public, ensure_ascii=False) + "\n",
    }


def is_check(cell, key):
    """Does this cell check that question?"""
    return cell.role == "check" and cell.question == key


def merge(bundles):
    """The parts of several bundles of one question."""
    parts = {}
    for bundle in bundles:
        if set(parts) & set(bundle["parts"]):
            raise ExerciseError(f"{bundle['question']}: two checks emit the same name")
        parts.update(bundle["parts"])
    return parts


def emitted(exercise, sandbox, program):
    """Run a program at the public seed; {check cell id: bundle}; the author's errors raise."""
    run = run_program(program, exercise, sandbox, exercise.seed)
    bundles = {}
    for cell_id, outcome in run.checks.items():
        if outcome.bundle is None:
            raise ExerciseError(f"{exercise.name}: {cell_id}: {outcome.reason}")
        bundles[cell_id] = outcome.bundle
        refuse_guessable(exercise.name, cell_id, outcome.bundle)
    return bundles


def refuse_guessable(name, cell_id, bundle):
    """A check that emits True, zeros or a single small integer could be passed by guessing."""
    for part, raw in bundle["parts"].items():
        if raw["kind"] == "unreadable":
            raise ExerciseError(f"{name}: {cell_id}: {part}: {raw['why']}")
        distinct = set(raw["data"])
        if raw["kind"] == "bool" or distinct <= {0, 1} or not distinct:
            raise ExerciseError(f"{name}: {cell_id}: {part} can be guessed; emit the values")


def known_mistakes(exercise, sandbox, mutants, references):
    """{question: [{"hint", "bundle"}]} from the exercise's wrong variants that carry a hint."""
    found = {}
    for mutant in mutants(exercise.name) if mutants else ():
        if not mutant.hint:
            continue
        run = run_program(
            exercise.with_answers(mutant.answers(exercise)), exercise, sandbox, exercise.seed
        )
        key = mutant.loses[0]
        cells = [c.cell_id for c in exercise.cells if is_check(c, key)]
        bundles = [run.checks[c].bundle for c in cells]
        if all(bundles):
            entry = {"hint": mutant.hint, "bundle": {"question": key, "parts": merge(bundles)}}
            found.setdefault(key, []).append(entry)
    return found


def student_notebook(exercise, references):
    """The solution's notebook with stubs for answers and outputs in its check cells alone."""
    notebook = copy.deepcopy(exercise.notebook)
    roles = {c.cell_id: c for c in exercise.cells}
    for raw in notebook["cells"]:
        if raw["cell_type"] != "code":
            continue
        cell = roles[raw["id"]]
        raw["outputs"], raw["execution_count"] = [], None
        if cell.role == "answer":
            raw["source"] = lines(exercise.stubs[cell.question])
        if cell.role == "check":
            raw["execution_count"] = 1
            raw["outputs"] = [
                {
                    "output_type": "display_data",
                    "metadata": {},
                    "data": {MIME: references[raw["id"]]},
                }
            ]
    notebook["metadata"] = {k: v for k, v in notebook["metadata"].items() if k in CARRIED}
    return notebook


def lines(source):
    """A source as the list of lines that notebooks store."""
    return source.splitlines(keepends=True)
