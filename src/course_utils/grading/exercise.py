"""An exercise as the grader sees it: the cells of ``solutions/<part>/<name>.ipynb`` and its rules.

Roles, from each cell's ``metadata.course``: an *answer* holds what a student writes, a *check*
emits values, every other code cell is *given*.  Points, tolerances, limits and forbidden names
stand on the answer cell; nothing of this is ever read from a submission.
"""

import ast
import json
import re
from dataclasses import dataclass, replace
from pathlib import Path

from course_utils.errors import UserError
from course_utils.grading.compare import ATOL, RTOL

MARKER = re.compile(r"^# === ANSWER (\w+) ===", re.MULTILINE)
BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"
SEED = re.compile(r"^SEED = (\d+)", re.MULTILINE)


class ExerciseError(UserError, ValueError):
    """The author's notebook breaks a rule; the message names the cell and the remedy."""


@dataclass(frozen=True)
class Question:
    """The rules of one question."""

    key: str
    points: float
    rtol: float = RTOL
    atol: float = ATOL
    timeout_s: float = 10.0
    memory_mb: int = 2048
    forbid: tuple = ()
    requires: tuple = ()


@dataclass(frozen=True)
class Cell:
    """One code cell of the program that is run; role: given, answer or check."""

    cell_id: str
    role: str
    source: str
    question: str | None = None


@dataclass(frozen=True)
class Exercise:
    """A whole exercise; ``cells`` are those of the solution, ``stubs`` replace its answers."""

    name: str
    part: str
    seed: int
    cells: tuple
    questions: dict
    stubs: dict
    notebook: dict
    helpers: str = "drop"
    preload: tuple = ("numpy",)
    rooms: tuple = ()

    @property
    def max_score(self):
        """The sum of all points."""
        return sum(q.points for q in self.questions.values())

    @property
    def forbidden(self):
        """Every name that some question forbids."""
        return sorted({name for q in self.questions.values() for name in q.forbid})

    def with_answers(self, answers):
        """The program with these sources as answers (missing ones: the stub)."""
        return tuple(
            replace(c, source=answers.get(c.question, self.stubs[c.question]))
            if c.role == "answer"
            else c
            for c in self.cells
        )


def load(path):
    """Read ``solutions/<part>/<name>.ipynb``."""
    path = Path(path)
    notebook = json.loads(path.read_text("utf-8"))
    about = notebook["metadata"].get("course", {})
    cells, questions, stubs = [], {}, {}
    for raw in notebook["cells"]:
        if raw["cell_type"] != "code":
            continue
        course = raw["metadata"].get("course", {})
        cell = Cell(
            raw["id"],
            course.get("role", "given"),
            "".join(raw["source"]),
            course.get("question"),
        )
        cells.append(cell)
        if cell.role == "answer":
            if cell.question in questions:
                raise ExerciseError(f"{path.name}: two answer cells for {cell.question}")
            stubs[cell.question] = stub(cell.source, cell.question)
            questions[cell.question] = question(cell, course, stubs[cell.question])
    check_rules(path.name, cells, questions)
    seeds = [SEED.search(c.source) for c in cells if c.role == "given"]
    seeds = [found for found in seeds if found]
    if len(seeds) != 1:
        raise ExerciseError(f"{path.name}: one given cell must set `SEED = <number>`")
    return Exercise(
        name=path.stem,
        part=path.parent.name,
        seed=int(seeds[0].group(1)),
        cells=tuple(cells),
        questions=questions,
        stubs=stubs,
        notebook=notebook,
        helpers=about.get("helpers", "drop"),
        preload=("numpy", *about.get("preload", ())),
        rooms=tuple(about.get("rooms", ())),
    )


def question(cell, course, stub_source):
    """The rules of a question from its answer cell's metadata."""
    allowed = {"points", "rtol", "atol", "timeout_s", "memory_mb", "forbid"}
    unknown = set(course) - allowed - {"role", "question"}
    if unknown:
        raise ExerciseError(f"{cell.cell_id}: unknown rule {sorted(unknown)}; know {allowed}")
    rules = {k: course[k] for k in allowed & set(course)}
    rules["forbid"] = tuple(rules.get("forbid", ()))
    return Question(key=cell.question, requires=defined(stub_source), **rules)


def check_rules(name, cells, questions):
    """Every question has a marker and a check; every check has a question."""
    for cell in cells:
        marker = MARKER.match(cell.source)
        if cell.role == "answer" and (not marker or marker.group(1) != cell.question):
            raise ExerciseError(f"{name}: {cell.cell_id} lacks its line # === ANSWER … ===")
        if cell.role == "check" and cell.question not in questions:
            raise ExerciseError(f"{name}: {cell.cell_id} checks {cell.question}, no such answer")
    for key in questions:
        if not any(c.role == "check" and c.question == key for c in cells):
            raise ExerciseError(f"{name}: {key} has no check cell")


def stub(source, key):
    """An answer cell as students get it: what they write is replaced by NotImplementedError."""
    lines, inside, found = [], False, False
    for line in source.split("\n"):
        if line.strip() == BEGIN:
            inside = found = True
            indent = line[: len(line) - len(line.lstrip())]
            lines.append(f'{indent}raise NotImplementedError("{key}: write your answer here")')
        elif line.strip() == END:
            inside = False
        elif not inside:
            lines.append(line)
    if not found or inside:
        raise ExerciseError(f"{key}: the answer needs a line `{BEGIN}` and a line `{END}`")
    return "\n".join(lines)


def defined(source):
    """Names of the functions and classes that a source defines at its top level."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return tuple(re.findall(r"^(?:def|class) (\w+)", source, re.MULTILINE))
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    return tuple(node.name for node in tree.body if isinstance(node, kinds))


def find(name, solutions):
    """The path of a solution by its bare name."""
    paths = sorted(Path(solutions).glob(f"*/{name}.ipynb"))
    if len(paths) != 1:
        known = ", ".join(sorted(p.stem for p in Path(solutions).glob("*/*.ipynb")))
        raise ExerciseError(f"assignment: {name!r} is unknown in {solutions}; known: {known}")
    return paths[0]
