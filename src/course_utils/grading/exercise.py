"""An exercise as the grader sees it: the cells of ``solutions/<part>/<name>.ipynb`` and its rules.

Roles, from each cell's ``metadata.course``: an *answer* holds what a student writes, a *check*
emits values, every other code cell is *given*.  Points, tolerances, limits and forbidden names
stand on the answer cell; nothing of this is ever read from a submission.
"""

import ast
import json
import re
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from course_utils.errors import UserError
from course_utils.grading.bundle import decode
from course_utils.grading.compare import ATOL, RTOL
from course_utils.grading.syntax import libraries

MARKER = re.compile(r"^# === ANSWER (\w+) ===", re.MULTILINE)
BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"
SEED = re.compile(r"^SEED = (\d+)", re.MULTILINE)
OURS = "# === COURSE: "  # begins the cells that `derive` adds to what is handed out
REFERENCES = re.compile(r"^grading\.references\(\"\"\"\n(.*?)\"\"\"\)", re.MULTILINE | re.DOTALL)
RULES = (
    "points",
    "rtol",
    "atol",
    "timeout_s",
    "memory_mb",
    "forbid",
    "stacked",
    "joined",
    "diagnose",
)


class ExerciseError(UserError, ValueError):
    """The author's notebook breaks a rule; the message names the cell and the remedy."""


@dataclass(frozen=True)
class Question:
    """The rules of one question.

    requires: the functions that it asks for.  stacked: part -> the names of the cases that its
    check stacks along the first axis, or one word that stands before their number.  diagnose: what
    its check computes in terms of a cell's equations, see `diagnosis.task`.
    joined: {part: another part} for parts that an empty answer could get right, such as what a
    check emits of its own inputs: the first counts only where the other is right too.
    """

    key: str
    points: float
    rtol: float = RTOL
    atol: float = ATOL
    timeout_s: float = 10.0
    memory_mb: int = 2048
    forbid: tuple = ()
    requires: tuple = ()
    stacked: dict = field(default_factory=dict)
    diagnose: dict = field(default_factory=dict)
    joined: dict = field(default_factory=dict)


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
    notebook: dict = field(default_factory=dict)
    helpers: str = "allow"
    preload: tuple = ("numpy",)
    rooms: tuple = ()
    path: Path | None = None

    @property
    def max_score(self):
        """The sum of all points."""
        return sum(q.points for q in self.questions.values())

    @property
    def forbidden(self):
        """Every name that some question forbids."""
        return sorted({name for q in self.questions.values() for name in q.forbid})

    @cached_property
    def references(self):
        """The public references with hints, from the notebook that was handed out; {} without."""
        if self.path is None:
            return {}
        handed_out = self.path.parents[2] / "exercises" / self.part / self.path.name
        return references_in(handed_out.read_bytes()) if handed_out.is_file() else {}

    def with_answers(self, answers, helpers=None):
        """The program with these sources as answers (missing ones: the stub).

        helpers: {question: sources of cells of the student's own}, run after its answer; those of
        None before the first.
        """
        program, helpers = [], helpers or {}
        early = list(own_cells(helpers.get(None, ()), next(iter(self.questions)), "early"))
        for cell in self.cells:
            if cell.role == "answer":
                source = answers.get(cell.question, self.stubs[cell.question])
                own = own_cells(helpers.get(cell.question, ()), cell.question, "own")
                program += [*early, replace(cell, source=source), *own]
                early = []
            else:
                program.append(cell)
        return tuple(program)


def own_cells(sources, key, name):
    """Cells of a student's own as part of the program; they count as part of a question."""
    for k, source in enumerate(sources):
        yield Cell(f"{key}-{name}-{k}", "answer", source, key)


def references_in(data):
    """The references that a handed-out notebook carries in a cell of its own; {} without any."""
    from course_utils.grading.notebook import Unreadable, read_cells

    try:
        cells, _ = read_cells(data)
    except Unreadable:
        return {}
    for cell in cells:
        match = REFERENCES.search(cell.source) if cell.source.startswith(OURS) else None
        if match:
            return decode(match.group(1))
    return {}


def handed_out(public):
    """The `Exercise` that public references describe: all that `course check` needs to know."""
    questions = {}
    for key, entry in public["questions"].items():
        rules = {k: entry[k] for k in RULES if k in entry and k != "diagnose"}
        rules |= {"forbid": tuple(entry.get("forbid", ())), "requires": tuple(entry["requires"])}
        questions[key] = Question(key=key, **rules)
    cells = tuple(Cell(*cell) for cell in public["cells"])
    return Exercise(
        name=public["assignment"],
        part=public["part"],
        seed=public["seed"],
        cells=cells,
        questions=questions,
        stubs={c.question: c.source for c in cells if c.role == "answer"},
        helpers=public["helpers"],
        preload=tuple(public["preload"]),
        rooms=tuple(public["rooms"]),
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
    seeds = [match for match in seeds if match]
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
        path=path.resolve(),
        helpers=about.get("helpers", "allow"),
        preload=preload(cells, about.get("preload", ())),
        rooms=tuple(about.get("rooms", ())),
    )


def preload(cells, also):
    """What is loaded before an isolate starts: NumPy, ``also``, and what the cells import.

    PyTorch and its first optimiser take three seconds, which every run would pay anew.
    """
    found = [name for cell in cells for name in libraries(cell.source)]
    return tuple(dict.fromkeys(["numpy", *also, *found]))


def question(cell, course, stub_source):
    """The rules of a question from its answer cell's metadata."""
    allowed = set(RULES)
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
    lines, inside, begun = [], False, False
    for line in source.split("\n"):
        if line.strip() == BEGIN:
            inside = begun = True
            indent = line[: len(line) - len(line.lstrip())]
            lines.append(f'{indent}raise NotImplementedError("{key}: write your answer here")')
        elif line.strip() == END:
            inside = False
        elif not inside:
            lines.append(line)
    if not begun or inside:
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
