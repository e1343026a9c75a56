"""``course handout``: the exercises of a class as notebooks, and a page that lists them.

Each notebook is the derived one, complete in itself; here it gets what belongs to a class: when it
is due, the button that opens it on Colab, and from where Colab installs the course's package.
"""

import json
import re
from dataclasses import dataclass

from course_utils.errors import UserError
from course_utils.grading.derive import derive
from course_utils.grading.exercise import OURS, find, load
from course_utils.grading.files import write
from course_utils.grading.handout import lines
from course_utils.grading.handout_cells import INSTALL, address
from course_utils.grading.mutate import load_mutants

COLAB = "https://colab.research.google.com/github"


@dataclass(frozen=True)
class Place:
    """Where a class finds its notebooks: a GitHub repository (owner/name), branch and folder."""

    repository: str
    branch: str = "main"
    folder: str = ""

    def colab(self, name):
        """The address that opens a notebook there on Colab."""
        inside = "/".join(p for p in (self.folder.strip("/"), f"{name}.ipynb") if p)
        return f"{COLAB}/{self.repository}/blob/{self.branch}/{inside}"


def place_of(repository, branch, folder):
    """The `Place`, or None without a repository; UserError where it is not owner/name."""
    if not repository:
        return None
    short = re.sub(r"^(https://github\.com/|git@github\.com:)", "", repository).removesuffix(".git")
    if not re.fullmatch(r"[\w.-]+/[\w.-]+", short):
        raise UserError(f"--repository: {repository!r} is no owner/name on GitHub")
    return Place(short, branch, folder)


def give_out(names, solutions, out, place=None, package="", policy=None):
    """Write ``<name>.ipynb`` for each exercise and README.md, which lists them; the paths written.

    package: what pip installs on Colab in place of this repository; policy: for its deadline.
    """
    names = names or sorted(p.stem for p in solutions.glob("*/*.ipynb"))
    rows, written = [], []
    for name in names:
        exercise = load(find(name, solutions))
        notebook = json.loads(derived(exercise, solutions))
        due = policy.deadline if policy else None
        notes = ([due_line(due)] if due else []) + (
            [f"[Open this notebook on Colab]({place.colab(name)})"] if place else []
        )
        dress(notebook, notes, package)
        write(out / f"{name}.ipynb", json.dumps(notebook, indent=1, ensure_ascii=False) + "\n")
        written.append(out / f"{name}.ipynb")
        rows.append(row(exercise, notebook, place))
    due = policy.deadline if policy else None
    head = f"{due_line(due)}\n\n" if due else ""
    write(out / "README.md", PAGE.format(due=head, rows="\n".join(rows)))
    return [*written, out / "README.md"]


PAGE = """\
# Exercises

{due}| Exercise | Questions | Points | Open |
|---|---|---|---|
{rows}

Write your answers where the notebook says so and run the check under each. To hand in: download the
notebook (*File → Download → Download .ipynb*) and give in that file. On a machine of your own,
`course check NAME.ipynb` says what a grader would say.
"""


def known_address(solutions):
    """Does the repository's configuration name a real address to install from?"""
    where = address(solutions / "part" / "name.ipynb")
    return where is not None and not where[0].endswith("/OWNER/REPO")


def due_line(due):
    """When a class hands in, for people."""
    return f"**Due {due:%A, %d %B %Y, %H:%M %Z}.**"


def derived(exercise, solutions):
    """The student's notebook as text: the one in exercises/ beside the solutions, else anew."""
    kept = solutions.resolve().parent / "exercises" / exercise.part / exercise.path.name
    if kept.is_file():
        return kept.read_text("utf-8")
    mutants = solutions.resolve().parent / "tests" / "mutants"
    (text,) = derive(exercise.path, lambda name: load_mutants(name, mutants)).values()
    return text


def dress(notebook, notes, package):
    """Add notes below the title, and replace (or add) the cell that installs."""
    cells = notebook["cells"]
    if notes:
        text = {"cell_type": "markdown", "id": "class", "metadata": {}}
        cells.insert(1, {**text, "source": lines("\n\n".join(notes))})
    if package:
        source = lines(INSTALL.format(ours=OURS, package=package).rstrip("\n"))
        here = next((c for c in cells if c.get("id") == "install"), None)
        if here is None:
            first = next(k for k, c in enumerate(cells) if c["cell_type"] == "code")
            here = {"cell_type": "code", "execution_count": None, "id": "install"}
            here |= {"metadata": {}, "outputs": []}
            cells.insert(first, here)
        here["source"] = source


def row(exercise, notebook, place):
    """A line of the page."""
    title = "".join(notebook["cells"][0]["source"]).partition("\n")[0].lstrip("# ")
    opens = f"[Colab]({place.colab(exercise.name)})" if place else f"`{exercise.name}.ipynb`"
    number = f"{exercise.max_score:g}"
    return f"| {title} | {len(exercise.questions)} | {number} | {opens} |"
