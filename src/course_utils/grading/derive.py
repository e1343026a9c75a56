"""Student notebooks from the solutions: ``course derive``.

``exercises/<part>/<name>.ipynb`` is the solution with its answers replaced by stubs, and complete
in itself: one cell installs what Colab lacks, one says the rules, one carries the public
references, from which `grading.check` and `course check` judge and give hints.  The check cells
carry the public seed's bundles as outputs, so that nbval can compare them.
"""

import ast
import copy
import json
import re
from pathlib import Path

from course_utils.grading.bundle import MIME, unpack
from course_utils.grading.compare import compare
from course_utils.grading.diagnosis import read_task, wrong_variants
from course_utils.grading.diagnosis.task import expressions
from course_utils.grading.exercise import RULES, Cell, ExerciseError, find, load
from course_utils.grading.files import write
from course_utils.grading.fingerprint import print_of
from course_utils.grading.handout import lines
from course_utils.grading.handout_cells import added_cells, is_module
from course_utils.grading.reach import needed
from course_utils.grading.recall import trials
from course_utils.grading.runner import run_program

CARRIED = ("kernelspec", "language_info", "course")
INPUTS = "{}-inputs"


def derive_all(solutions, exercises, mutants=None, names=()):
    """Write every student notebook, or those of these names; the paths written."""
    written, known = [], sorted(Path(solutions).glob("*/*.ipynb"))
    for path in [find(name, solutions) for name in names] or known:
        for target, text in derive(path, mutants).items():
            write(Path(exercises) / target, text)
            written.append(Path(exercises) / target)
    return written


def derive(path, mutants=None, diagnosed=True, sandbox=None):
    """One solution -> {relative path: text} of its student notebook.

    diagnosed: False leaves out the wrong cells of the diagnosis, which take a while.
    sandbox: see `trials`.
    """
    exercise = load(path)
    with trials(exercise, sandbox) as sandbox:
        run = run_program(with_inputs(exercise), exercise, sandbox, exercise.seed)
        references = emitted(exercise, run)
        mistakes = known_mistakes(exercise, sandbox, mutants, references)
    public = public_of(exercise, references, mistakes, run if diagnosed else None)
    notebook = student_notebook(exercise, references, public)
    text = json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"
    return {Path(exercise.part, exercise.path.name): text}


def public_of(exercise, references, mistakes, run):
    """What the notebook carries: the exercise without its answers, references, wrong answers."""
    questions = {}
    for key, rules in exercise.questions.items():
        bundles = [references[c.cell_id] for c in exercise.cells if is_check(c, key)]
        entry = {k: getattr(rules, k) for k in RULES if k != "diagnose"}
        entry |= {"requires": rules.requires, "mistakes": mistakes.get(key, [])}
        entry |= {"bundle": {"question": key, "parts": merge(bundles)}}
        if rules.diagnose and run is not None:
            entry["diagnosis"] = diagnosis(exercise, key, entry, run)
        questions[key] = entry
    sources = exercise.with_answers({})
    return {
        "assignment": exercise.name,
        "part": exercise.part,
        "seed": exercise.seed,
        "cells": [[c.cell_id, c.role, c.source, c.question] for c in sources],
        "questions": questions,
        "helpers": exercise.helpers,
        "preload": exercise.preload,
        "rooms": exercise.rooms,
        "away": [name for name in exercise.forbidden if is_module(name)],
    }


def with_inputs(exercise):
    """The solution's program, with a cell after each check that emits what it computed with."""
    program = []
    for cell in exercise.cells:
        program.append(cell)
        about = exercise.questions[cell.question].diagnose if cell.role == "check" else {}
        if about:
            pairs = ", ".join(f"{k!r}: np.asarray({v})" for k, v in expressions(about).items())
            source = f"{unemitted(cell.source)}\ngrading.check({cell.question!r}, **{{{pairs}}})"
            program.append(Cell(INPUTS.format(cell.question), "check", source, cell.question))
    return tuple(program)


def unemitted(source):
    """A check without what it emits: its names are its own, so whoever wants them runs it again."""
    body = ast.parse(source).body
    kept = [node for node in body if "grading.check(" not in ast.unparse(node)]
    return "\n".join(ast.unparse(node) for node in kept)


def diagnosis(exercise, key, entry, run):
    """The wrong cells of a question, by their numbers: see the room `diagnosis`."""
    about, outcome = exercise.questions[key].diagnose, run.checks[INPUTS.format(key)]
    if outcome.bundle is None:
        raise ExerciseError(f"{exercise.name}: {key}: diagnose: {outcome.reason}")
    arrays = {name: part.values for name, part in unpack(outcome.bundle)[1].items()}
    task = read_task(about, arrays)
    right = {n: p for n, p in unpack(entry["bundle"])[1].items() if n in task.parts}
    if set(right) != set(task.parts):
        raise ExerciseError(f"{exercise.name}: {key}: diagnose: the check emits {sorted(right)}")
    for name, values in task.right().items():
        if not compare(right[name], right[name]._replace(values=values)).ok:
            raise ExerciseError(f"{exercise.name}: {key}: diagnose: {name} is not what they give")
    classes = []
    for wrong in wrong_variants(task):
        parts = {n: right[n]._replace(values=v) for n, v in wrong.parts.items()}
        prints = differing(right, parts, entry)
        if prints:
            classes.append({"words": in_other_words(wrong.words, about), "prints": prints})
    return {"parts": list(task.parts), "time": task.with_time(), "classes": classes}


def in_other_words(words, about):
    """What is said of a wrong cell, in the words of the exercise: ``says`` of its diagnose."""
    for usual, own in about.get("says", {}).items():
        words = words.replace(usual, own)
    return words


def differing(right, parts, rules):
    """{name: print} of the parts that a wrong answer gets wrong."""
    near = rules["rtol"], rules["atol"]
    return {
        name: print_of(part)
        for name, part in parts.items()
        if not isinstance(part, str) and not compare(right[name], part, *near).ok
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


def emitted(exercise, run):
    """{check cell id: bundle} of the solution's run; the author's errors raise."""
    bundles = {}
    for cell_id in [c.cell_id for c in exercise.cells if c.role == "check"]:
        outcome = run.checks[cell_id]
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
    """{question: [{"hint", "prints"}]} from the exercise's wrong variants that carry a hint."""
    mistakes = {}
    for mutant in mutants(exercise.name) if mutants else ():
        if not mutant.hint:
            continue
        key = mutant.loses[0]
        program = exercise.with_answers(mutant.answers(exercise))
        run_with = {None, *needed(exercise, {key}, program)}
        program = [c for c in program if c.question in run_with]
        run = run_program(program, exercise, sandbox, exercise.seed)
        cells = [c.cell_id for c in exercise.cells if is_check(c, key)]
        bundles = [run.checks[c].bundle for c in cells]
        if all(bundles):
            right = unpack({"question": key, "parts": merge([references[c] for c in cells])})[1]
            given = unpack({"question": key, "parts": merge(bundles)})[1]
            rules = {"rtol": exercise.questions[key].rtol, "atol": exercise.questions[key].atol}
            prints = differing(right, given, rules)
            if len(prints) + sum(compare(right[n], given[n]).ok for n in right) >= len(right):
                mistakes.setdefault(key, []).append({"hint": mutant.hint, "prints": prints})
    return mistakes


def student_notebook(exercise, references, public):
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
    for raw in notebook["cells"]:
        raw["metadata"].get("course", {}).pop("diagnose", None)
    extra = added_cells(exercise, public)
    first = next(k for k, raw in enumerate(notebook["cells"]) if raw["cell_type"] == "code")
    setup = next(
        k for k, raw in enumerate(notebook["cells"])
        if re.search(r"grading\.begin\(", "".join(raw["source"]))
    )  # fmt: skip
    notebook["cells"].insert(setup + 1, extra["references"])
    notebook["cells"][first:first] = [extra[k] for k in ("rules", "install") if k in extra]
    notebook["metadata"] = {k: v for k, v in notebook["metadata"].items() if k in CARRIED}
    return notebook
