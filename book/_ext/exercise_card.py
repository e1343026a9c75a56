"""The card of an exercise, made from its notebook and from the mistakes that its tests know.

    ```{exercise-card} lstm/backward
    ```

    ```{exercise-card} lstm/backward
    :mistakes: reads_dy_backwards walks_forwards
    ```

It shows title, questions, points, minutes, a few of the mistakes (those named, or the first of each
of the first questions), and leads to Colab and to the file.  The file is inside the link: a browser
that opens the book from a disk would show a notebook beside the page, not save it.
"""

import ast
import base64
import re
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.util.docutils import SphinxDirective

from course_utils.grading.exercise import BEGIN, END, load

ROOT = Path(__file__).parents[2]
MINUTES = 5  # to read a question; to write a line
SHOWN = 4  # mistakes on a card


@dataclass(frozen=True)
class Facts:
    """What a card says.  mistakes: {name of a wrong variant: the first question that it loses}."""

    path: str
    title: str
    questions: int
    points: float
    minutes: int
    mistakes: dict


def minutes(exercise):
    """An estimate by rule, to the next half hour, unless the notebook says ``minutes`` itself."""
    if said := exercise.notebook["metadata"].get("course", {}).get("minutes"):
        return int(said)
    lines = 0
    for cell in (c for c in exercise.cells if c.role == "answer"):
        for body in re.findall(rf"{BEGIN}\n(.*?){END}", cell.source, re.DOTALL):
            lines += sum(bool(line.strip()) for line in body.split("\n"))
    return 30 * max(1, round(MINUTES * (len(exercise.questions) + lines) / 30))


def title(exercise):
    """The heading of the notebook."""
    return "".join(exercise.notebook["cells"][0]["source"]).partition("\n")[0].lstrip("# ")


def mistakes(path):
    """{name: question} of the wrong variants in ``tests/mutants/<name>.py``, read, not run.

    Empty where the book is built without the tests.
    """
    found = {}
    source = Path(path).read_text("utf-8") if Path(path).is_file() else ""
    for node in ast.parse(source).body:
        for mark in getattr(node, "decorator_list", ()):
            if isinstance(mark, ast.Call) and getattr(mark.func, "id", "") == "wrong":
                found[node.name] = mark.args[0].value
    return found


def facts(name, root=ROOT):
    """`Facts` of ``part/name``; FileNotFoundError if there is no such exercise."""
    path = Path(root, "exercises", f"{name}.ipynb")
    solution = Path(root, "solutions", f"{name}.ipynb")
    if not path.is_file() or not solution.is_file():
        known = sorted(p.relative_to(root / "exercises") for p in root.glob("exercises/*/*.ipynb"))
        raise FileNotFoundError(
            f"no exercise {name!r}; there are: {', '.join(str(p.with_suffix('')) for p in known)}"
        )
    exercise = load(solution)
    return Facts(
        path=f"exercises/{name}.ipynb",
        title=title(exercise),
        questions=len(exercise.questions),
        points=exercise.max_score,
        minutes=minutes(exercise),
        mistakes=mistakes(root / "tests" / "mutants" / f"{exercise.name}.py"),
    )


def hours(minutes):
    """``45 min``, ``1½ h``, ``2 h 10 min``."""
    whole, rest = divmod(minutes, 60)
    if not whole:
        return f"{rest} min"
    return f"{whole}{'½' * (rest == 30)} h" + (f" {rest} min" if rest not in (0, 30) else "")


class ExerciseCard(SphinxDirective):
    """See the module."""

    required_arguments = 1
    option_spec: ClassVar = {"mistakes": directives.unchanged_required}

    def run(self):
        try:
            about = facts(self.arguments[0])
            shown = list(self.shown(about))
        except (FileNotFoundError, ValueError) as error:
            raise self.error(f"exercise-card: {error}") from None
        mutants = f"tests/mutants/{Path(about.path).stem}.py"
        for path in (f"solutions/{self.arguments[0]}.ipynb", about.path, mutants):
            self.env.note_dependency(str(ROOT / path))
        self.env.note_dependency(__file__)
        card = nodes.container(classes=["exercise-card"])
        heading = nodes.strong("", about.title)
        card += nodes.paragraph("", "", heading, classes=["exercise-title"])
        card += nodes.paragraph("", self.measure(about), classes=["exercise-measure"])
        if shown:
            known = f"It knows {len(about.mistakes)} mistakes by name, among them:"
            card += nodes.paragraph("", known)
            card += nodes.bullet_list("", *shown, classes=["exercise-mistakes"])
        card += nodes.paragraph("", "", *self.buttons(about), classes=["exercise-buttons"])
        return [card]

    @staticmethod
    def measure(about):
        return f"{about.questions} questions, {about.points:g} points, about {hours(about.minutes)}"

    def shown(self, about):
        """Items of a list: the mistakes in words; ValueError for one that the tests lack."""
        chosen = self.options.get("mistakes", "").split()
        if unknown := [name for name in chosen if name not in about.mistakes]:
            raise ValueError(f"no wrong variant {unknown}; there are: {sorted(about.mistakes)}")
        if not chosen:
            first = {}
            for name, question in about.mistakes.items():
                first.setdefault(question, name)
            chosen = list(first.values())[:SHOWN]
        for name in chosen:
            question = about.mistakes[name]
            words = f"{name.replace('_', ' ')} ({question})"
            yield nodes.list_item("", nodes.paragraph("", words))

    def buttons(self, about):
        place = self.config.course_address
        if place.on_github:
            yield nodes.reference(
                "", "Open on Colab", refuri=place.colab(about.path), classes=["exercise-button"]
            )
            yield nodes.Text(" ")
        yield notebook_link(
            "", "Download the notebook", path=about.path, classes=["exercise-button", "download"]
        )


class notebook_link(nodes.General, nodes.TextElement):  # docutils names a visitor after its class
    """A link that saves ``path``, a notebook of the repository."""


def begin_link(self, node):
    path = Path(ROOT, node["path"])
    inside = base64.b64encode(path.read_bytes()).decode("ascii")
    link = f"data:application/x-ipynb+json;base64,{inside}"
    self.body.append(self.starttag(node, "a", "", href=link, download=path.name))


def end_link(self, node):
    self.body.append("</a>")


def setup(app):
    app.add_directive("exercise-card", ExerciseCard)
    app.add_node(notebook_link, html=(begin_link, end_link))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
