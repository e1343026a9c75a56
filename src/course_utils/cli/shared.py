"""What commands share: the folders with solutions and exercises, and how a complaint is made."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from course_utils.errors import UserError

Solutions = Annotated[Path | None, typer.Option(help="folder with the solutions")]


def complain(text):
    """One line on the error stream."""
    print(f"course: {' '.join(text.split())}", file=sys.stderr)


def folder_with_solutions():
    """The folder that holds ``solutions/``, here or above, or None."""
    here = Path.cwd()
    return next((f for f in (here, *here.parents) if (f / "solutions").is_dir()), None)


def repository():
    """The folder that holds ``solutions/``: here, above, or above the package."""
    above = Path(__file__).resolve().parents
    root = folder_with_solutions() or next((f for f in above if (f / "solutions").is_dir()), None)
    if root is None:
        raise UserError("there is no folder solutions/ here or above; say --solutions DIR")
    return root


def solutions_in(solutions):
    """The folder with the solutions, which must hold some."""
    folder = solutions or repository() / "solutions"
    if not any(folder.glob("*/*.ipynb")):
        raise UserError(f"--solutions: {folder} holds no <part>/<name>.ipynb")
    return folder


def handed_out_folder():
    """The folder ``exercises/`` of the repository that this runs in, or None."""
    try:
        return repository() / "exercises"
    except UserError:
        return None


def solution_of(assignment, solutions):
    """The solution's path by its bare name."""
    from course_utils.grading.exercise import find

    return find(assignment, solutions_in(solutions))
