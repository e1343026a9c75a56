"""Commands that grade: one's own notebook, or a class; and where that can be done."""

from pathlib import Path
from typing import Annotated

import typer

from course_utils.cli.shared import Solutions, handed_out_folder, solution_of
from course_utils.errors import UserError


def check(notebook: Annotated[Path, typer.Argument(help="your notebook")]):
    """Check your own notebook: what is right, what is not, and why."""
    from functools import partial

    from course_utils.grading.selfcheck import report

    if notebook.is_dir():
        raise UserError(f"{notebook} is a folder; name the notebook in it")
    points, most = report(notebook, partial(print, flush=True), handed_out_folder())
    raise typer.Exit(0 if points == most else 1)


def grade(
    folder: Annotated[Path, typer.Argument(help="the submissions: a folder or a zip, as it came")],
    assignment: Annotated[str, typer.Option(help="the bare name, such as lstm_step")],
    out: Annotated[Path, typer.Option(help="where results go; a stopped run resumes there")],
    solutions: Solutions = None,
    roster: Annotated[Path | None, typer.Option(help="CSV: who is in the class")] = None,
    policy: Annotated[
        Path | None, typer.Option(help="TOML or YAML: deadline, late days, resubmissions")
    ] = None,
    adjust: Annotated[
        Path | None, typer.Option(help="CSV: changes by hand [OUT/adjustments.csv if it is there]")
    ] = None,
    only: Annotated[
        list[str] | None, typer.Option(help="grade this submission anew, and no other")
    ] = None,
    jobs: Annotated[int | None, typer.Option(min=1, help="submissions at a time")] = None,
    shard: Annotated[
        str | None, typer.Option(help="i/n: the i-th of n parts, for job arrays")
    ] = None,
    dask: Annotated[str | None, typer.Option(help="address of a Dask scheduler")] = None,
    export: Annotated[
        list[str] | None, typer.Option(help="gradescope, canvas, moodle or github")
    ] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="new secret seeds; reuse nothing")] = False,
    unsandboxed: Annotated[
        bool, typer.Option("--unsandboxed", help="run students' code unprotected if need be")
    ] = False,
):
    """Grade a class: a row, a record and a feedback page for each submission."""
    import nbval  # noqa: F401  (the workers need it; better said here than by each of them)
    from tqdm import tqdm

    from course_utils.grading.batch import cores, grade_class
    from course_utils.grading.exercise import load
    from course_utils.grading.exports import EXPORTS
    from course_utils.grading.rows import read_course
    from course_utils.grading.said import closing_lines, part_of

    if set(export or ()) - set(EXPORTS):
        raise UserError(f"--export: know {', '.join(EXPORTS)}")
    if out.exists() and not out.is_dir():
        raise UserError(f"--out: {out} is a file; name a folder")
    solution = solution_of(assignment, solutions)
    options = {
        "jobs": jobs or cores(),
        "fresh": fresh,
        "unsandboxed": unsandboxed,
        "exports": export or (),
        "course": read_course(load(solution), out, roster, policy, adjust),
        "regrade": only or (),
        "shard": part_of(shard),
        "dask": dask,
    }
    done = grade_class(
        folder,
        solution,
        out,
        options,
        progress=lambda graded: tqdm(graded, desc=assignment, disable=None),
    )
    print("\n".join(closing_lines(done, out, export or ())))


def doctor():
    """Say which isolation this machine offers to the grader, and how to get a better one."""
    from course_utils.grading.sandbox.backends import diagnose

    print("\n".join(diagnose()))
