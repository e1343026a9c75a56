"""The cells that every exercise is handed out with: how to work, what to install, references."""

import importlib.util
import re
from pathlib import Path

from course_utils.grading.bundle import encode
from course_utils.grading.exercise import OURS

RULES = """\
**How to work.** Write your answers where it says so, run the check under each, and run the first \
code cells again when you come back. {rule}{forbidden} To hand in: *File → Download → Download \
.ipynb* (on a machine of your own: the saved file), then give in that file. `course check \
{name}.ipynb` in a terminal says what a grader would say.
"""
KEEP = """\
What counts is your answers, and the imports, functions and constants in cells that you add; \
everything else that you change or add is for you alone."""
DROP = """\
What counts is your answers alone: what they need, functions and imports, stands in the answer's \
own cell."""
INSTALL = """\
{ours}install === only on Colab and only once: the course's package, and what `course check` needs
import sys
from importlib.util import find_spec
if "google.colab" in sys.modules and find_spec("course_utils") is None:
    %pip install --quiet --no-deps "{package}" nbval coverage
"""
REFERENCES = """\
{ours}references === what the checks compare with; run it, there is nothing to change
grading.references(\"\"\"
{text}
\"\"\")
"""
REPOSITORY = re.compile(r"^repository:\n((?:[ #].*\n|\n)*)", re.MULTILINE)
ENTRY = re.compile(r"^ +(url|branch): *(\S+)", re.MULTILINE)


def added_cells(exercise, public):
    """{"rules", "install", "references"}: raw cells; no "install" where no address is known."""
    rule = KEEP if exercise.helpers == "allow" else DROP
    text = RULES.format(rule=rule, forbidden=forbidden(exercise), name=exercise.name)
    cells = {
        "rules": {"cell_type": "markdown", "id": "rules", "metadata": {}, "source": as_lines(text)},
        "references": code(
            "references", REFERENCES.format(ours=OURS, text=encode(public)), source_hidden=True
        ),
    }
    where = address(exercise.path)
    if where is not None:
        url, branch = where
        package = f"git+{url}@{branch}"
        cells["install"] = code("install", INSTALL.format(ours=OURS, package=package))
    return cells


def code(name, source, source_hidden=False):
    """A code cell; hidden where front ends can hide."""
    metadata = {"cellView": "form"}
    if source_hidden:
        metadata["jupyter"] = {"source_hidden": True}
    return {
        "cell_type": "code",
        "execution_count": None,
        "id": name,
        "metadata": metadata,
        "outputs": [],
        "source": as_lines(source.rstrip("\n")),
    }


def as_lines(source):
    """A source as the list of lines that notebooks store."""
    return source.rstrip("\n").splitlines(keepends=True)


def forbidden(exercise):
    """A sentence on what is not allowed, or ""."""
    modules = [name for name in exercise.forbidden if is_module(name)]
    text = ""
    if modules:
        text = f" Not allowed, and not there when it is graded: {listed(modules)}."
    for names, keys in by_names(exercise).items():
        text += f" In {listed(keys, quote='')} do not use {listed(names)}: your instructor is told."
    return text


def by_names(exercise):
    """{names: questions} that are forbidden, but are no modules."""
    questions = {}
    for key, rules in exercise.questions.items():
        names = tuple(n for n in rules.forbid if not is_module(n))
        if names:
            questions.setdefault(names, []).append(key)
    return questions


def listed(names, quote="`"):
    """`a`, `b` and `c`."""
    quoted = [f"{quote}{name}{quote}" for name in names]
    return " and ".join([", ".join(quoted[:-1])] * (len(quoted) > 1) + quoted[-1:])


def is_module(name):
    """Is a forbidden name a module (it is taken away), or a word (it is looked for)?"""
    return importlib.util.find_spec(name.split(".")[0]) is not None


def address(path):
    """(url, branch) of the repository to install from, out of the nearest ``_config.yml``."""
    places = [*Path(path).resolve().parents, *Path(__file__).resolve().parents]
    for file in (folder / "_config.yml" for folder in places):
        block = REPOSITORY.search(file.read_text("utf-8")) if file.is_file() else None
        entries = dict(ENTRY.findall(block.group(1))) if block else {}
        if "url" in entries:
            url = entries["url"].strip("\"'").rstrip("/").removesuffix(".git")
            return url, entries.get("branch", "main")
    return None
