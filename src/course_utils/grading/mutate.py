"""Wrong variants that every exercise must reject, and right ones that it must accept.

``tests/mutants/<name>.py`` holds one function a variant, named after the mistake.  It gets the
solution's answers (question -> source) and returns those it changes:

    @wrong("q2", hint="h is o * tanh(c): squash the cell before the gate")
    def forgets_the_tanh(answers):
        return {"q2": swap(answers["q2"], "o * np.tanh(c)", "o * c")}
"""

import ast
import importlib.util
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from course_utils.grading.exercise import ExerciseError, load
from course_utils.grading.grade import grade, make_references
from course_utils.grading.handout import as_submission
from course_utils.grading.reach import within_reach
from course_utils.grading.recall import trials
from course_utils.grading.weaker import WEAKER, kill_rates


@dataclass(frozen=True)
class Mutant:
    """loses: the questions that must lose points (none for a right variant)."""

    name: str
    loses: tuple
    hint: str
    change: object

    def answers(self, exercise):
        """The solution's answers with this variant's change."""
        solution = {c.question: c.source for c in exercise.cells if c.role == "answer"}
        return {**solution, **self.change(dict(solution))}


def wrong(*loses, hint=""):
    """Mark a function as a wrong variant; ``hint`` is what a student who does this is told."""
    if not loses:
        raise ValueError("wrong: say which questions must lose points")

    def mark(change):
        change.mutant = Mutant(change.__name__, loses, hint, change)
        return change

    return mark


def right(change):
    """Mark a function as another correct answer."""
    change.mutant = Mutant(change.__name__, (), "", change)
    return change


def swap(source, old, new):
    """``source`` with ``old`` replaced once; that it is there is checked."""
    if source.count(old) != 1:
        raise ExerciseError(f"a variant looks for {old!r}, found {source.count(old)} times")
    return source.replace(old, new)


def load_mutants(name, folder):
    """The variants of an exercise, in the order of their file; [] without one."""
    path = Path(folder, f"{name}.py")
    if not path.is_file():
        return []
    spec = importlib.util.spec_from_file_location(f"mutants_{name}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return [v.mutant for v in vars(module).values() if hasattr(v, "mutant")]


def try_mutant(mutant, exercise, sandbox, references):
    """Grade one variant; complaints about the exercise's checks ([] when all is well).

    Only questions that the change can reach are run: those of an exercise that does not name what
    the changed answers define would give what the solution gave.
    """
    answers = mutant.answers(exercise)
    changed = {c.question for c in exercise.cells if c.role == "answer"
               and c.source != answers[c.question]}  # fmt: skip
    program = exercise.with_answers(answers)
    reached = within_reach(exercise, changed | set(mutant.loses), program)
    record = grade(as_submission(reached, answers), reached, sandbox, references)
    complaints = []
    for key, question in record.questions.items():
        if key in mutant.loses and question.full:
            complaints.append(f"{mutant.name}: {key} keeps its points")
        if key not in mutant.loses and not question.full:
            complaints.append(f"{mutant.name}: {key} loses points: {question.parts}")
    return complaints


def idle_answers(exercise):
    """{name: answers} that do nothing: they give back their arguments, zeros, or nothing at all."""
    bodies = {
        "gives back its arguments": "    return {arguments}",
        "gives back zeros": "    return {zeros}",
        "gives back nothing": "    return None",
    }
    for name, body in bodies.items():
        answers = {}
        for cell in exercise.cells:
            if cell.role == "answer":
                functions = [
                    n for n in ast.parse(cell.source).body if isinstance(n, ast.FunctionDef)
                ]
                answers[cell.question] = "\n\n".join(idle(node, body) for node in functions)
        yield name, answers


def idle(node, body):
    """A function of the solution's name, arguments and number of results that does nothing."""
    arguments = [a.arg for a in node.args.args]
    returns = [n.value for n in ast.walk(node) if isinstance(n, ast.Return)]
    count = max([len(v.elts) for v in returns if isinstance(v, ast.Tuple)], default=1)
    given = [arguments[k % len(arguments)] for k in range(count)]
    zeros = [f"np.zeros_like(np.asarray({name}, dtype=float))" for name in given]
    text = body.format(arguments=", ".join(given), zeros=", ".join(zeros))
    return f"def {node.name}({', '.join(arguments)}):\n{text}\n"


def try_idle(exercise, sandbox, references):
    """Complaints about questions that give points for doing nothing."""
    complaints = []
    for name, answers in idle_answers(exercise):
        record = grade(as_submission(exercise, answers), exercise, sandbox, references)
        for key, question in record.questions.items():
            right = [part for part, result in question.parts.items() if result.ok]
            if question.points:
                complaints.append(f"{key}: an answer that {name} gets {', '.join(right)} right")
    return complaints


def measure(solution, folder, sandbox=None):
    """The kill rates of one exercise's wrong variants; see `weaker`, and `trials` for the rest."""
    exercise = load(solution)
    with trials(exercise, sandbox) as sandbox:
        return kill_rates(exercise, load_mutants(exercise.name, folder), sandbox)


def share(rates, test):
    """How many of the wrong variants a test catches, in percent; a dash where it is no test."""
    known = [rate for rate in rates if rate[test] is not None]
    variants = sum(rate["variants"] for rate in known)
    return f"{100 * sum(rate[test] for rate in known) / variants:.0f} %" if variants else "–"


def rows(rates):
    """The cells of the table: its head, a row for each exercise and one for all."""
    yield ["Exercise", "wrong variants", *WEAKER]
    for name, rate in rates.items():
        yield [name, str(rate["variants"]), *(share([rate], test) for test in WEAKER)]
    variants = sum(rate["variants"] for rate in rates.values())
    yield ["all", str(variants), *(share(rates.values(), test) for test in WEAKER)]


def table(rates):
    """{exercise: kill rates} as a Markdown table, with a line for all."""
    head, *body, last = rows(rates)
    body = [[f"`{name}`", *cells] for name, *cells in body]
    lines = [head, ["---"] * len(head), *body, last]
    text = "".join(f"| {' | '.join(cells)} |\n" for cells in lines)
    return text.replace(" --- ", "---")


def drawn(rates):
    """The same for a terminal."""
    from rich import box
    from rich.table import Table

    head, *body, last = rows(rates)
    title = "Share of the wrong variants that a test catches"
    made = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, show_edge=False)
    made.padding = (0, 1, 0, 0)
    made.add_column(head[0], no_wrap=True)
    for name in head[1:]:
        made.add_column(name, justify="right", min_width=max(map(len, name.split())))
    for cells in body:
        made.add_row(*cells)
    made.add_section()
    made.add_row(*last)
    return made


def trial_key(name, number=0):
    """The key of an exercise's trial with this number: the same in every run, so that CI is."""
    return f"{name} {number}".encode()


def try_all(solution, folder, sandbox=None, key=None):
    """All variants of one exercise -> (complaints, how many variants); sandbox: see `trials`.

    key: bytes that decide on the secret seeds (`make_references`); without, those of trial 0.
    """
    exercise = load(solution)
    mutants = load_mutants(exercise.name, folder)
    if not any(m.loses for m in mutants) or all(m.loses for m in mutants):
        return [f"{exercise.name}: needs wrong variants and a right one in {folder}"], len(mutants)
    complaints = [f"{question}: no wrong variant" for question in exercise.questions
                  if not any(question in m.loses for m in mutants)]  # fmt: skip
    with trials(exercise, sandbox) as sandbox:
        references = make_references(exercise, sandbox, key or trial_key(exercise.name))
        complaints += [text.partition(" at seed")[0] for text in references.skipped]
        complaints += try_idle(exercise, sandbox, references)
        for mutant in mutants:
            complaints += try_mutant(mutant, exercise, sandbox, references)
    return complaints, len(mutants)


def over_keys(solution, folder, count, sandbox=None):
    """`try_all` in trials 0 to count - 1 -> ({complaint: in how many}, how many variants).

    What depends on the numbers that a check happens to draw shows in some trials, not in all.
    """
    found, name = Counter(), load(solution).name
    with trials(load(solution), sandbox) as sandbox:
        for number in range(count):
            key = trial_key(name, number)
            complaints, variants = try_all(solution, folder, sandbox, key)
            found.update(complaint.partition(": {")[0] for complaint in complaints)
    return dict(found), variants
