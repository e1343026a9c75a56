"""The command ``course``: each line of help says what it does; the work is in the rooms below."""

import sys
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    add_completion=False, no_args_is_help=True, help="Exercises and experiments of Unrolled."
)
Solutions = Annotated[Path | None, typer.Option(help="folder with the solutions")]


def main():
    """Entry point: expected errors become one line and exit code 2, not a traceback."""
    from course_utils.grading.exercise import ExerciseError
    from course_utils.grading.notebook import Unreadable
    from course_utils.grading.sandbox.ladder import NoSandbox

    try:
        app()
    except (ExerciseError, NoSandbox, Unreadable, FileNotFoundError) as error:
        print(f"course: {error}", file=sys.stderr)
        sys.exit(2)


def repository(start=None):
    """The folder that holds ``solutions/``: here, above, or above the package."""
    for base in (Path(start or Path.cwd()).resolve(), Path(__file__).resolve()):
        for folder in (base, *base.parents):
            if (folder / "solutions").is_dir():
                return folder
    raise FileNotFoundError("there is no folder solutions/ here or above; say --solutions DIR")


def solution_of(assignment, solutions):
    """The solution's path by its bare name."""
    from course_utils.grading.exercise import find

    return find(assignment, solutions or repository() / "solutions")


@app.command()
def derive(
    solutions: Solutions = None,
    out: Annotated[Path | None, typer.Option(help="where to write exercises")] = None,
):
    """Write exercises/ anew from solutions/."""
    from course_utils.grading.derive import derive_all
    from course_utils.grading.mutate import load_mutants

    solutions = solutions or repository() / "solutions"
    root = solutions.resolve().parent
    mutants = root / "tests" / "mutants"
    for path in derive_all(
        solutions, out or root / "exercises", mutants=lambda name: load_mutants(name, mutants)
    ):
        print(path)


@app.command()
def check(notebook: Annotated[Path, typer.Argument(help="your notebook")]):
    """Check your own notebook: what is right, what is not, and why."""
    from course_utils.grading.selfcheck import report

    lines, passed = report(notebook)
    print("\n".join(lines))
    raise typer.Exit(0 if passed else 1)


@app.command()
def grade(
    folder: Annotated[Path, typer.Argument(help="the submissions: files, or a folder for each")],
    assignment: Annotated[str, typer.Option(help="the bare name, such as lstm_step")],
    out: Annotated[Path, typer.Option(help="where results go; a stopped run resumes there")],
    solutions: Solutions = None,
    jobs: Annotated[int | None, typer.Option(help="submissions at a time")] = None,
    export: Annotated[
        list[str] | None, typer.Option(help="gradescope, canvas, moodle or github")
    ] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="new secret seeds; reuse nothing")] = False,
    unsandboxed: Annotated[
        bool, typer.Option("--unsandboxed", help="run students' code unprotected if need be")
    ] = False,
):
    """Grade a folder of submissions: a row, a record and a feedback page for each."""
    from tqdm import tqdm

    from course_utils.grading.batch import cores, grade_folder
    from course_utils.grading.exports import EXPORTS

    if set(export or ()) - set(EXPORTS):
        raise typer.BadParameter(f"--export: know {', '.join(EXPORTS)}")
    options = {
        "jobs": jobs or cores(),
        "fresh": fresh,
        "unsandboxed": unsandboxed,
        "exports": export or (),
    }
    records = grade_folder(
        folder,
        solution_of(assignment, solutions),
        out,
        options,
        progress=lambda found: tqdm(found, desc=assignment, disable=None),
    )
    if any(r["sandbox"] == "unsandboxed" for r in records):
        print("WARNING: graded UNSANDBOXED; students' code could do whatever you can.")
    counts = {}
    for record in records:
        counts[record["status"]] = counts.get(record["status"], 0) + 1
    print(", ".join(f"{n} {status}" for status, n in sorted(counts.items())) or "no submissions")
    print(f"{out / 'grades.csv'} and {out / 'overview.html'}")


@app.command()
def mutate(
    names: Annotated[list[str] | None, typer.Argument(help="exercises; all without")] = None,
    solutions: Solutions = None,
):
    """Try every exercise's wrong variants, which must lose points, and its right ones."""
    from course_utils.grading.mutate import try_all

    solutions = solutions or repository() / "solutions"
    known = sorted(p.stem for p in solutions.glob("*/*.ipynb"))
    failed = False
    for name in names or known:
        complaints, count = try_all(
            solution_of(name, solutions), solutions.resolve().parent / "tests" / "mutants"
        )
        failed = failed or bool(complaints)
        print(f"{name}: {count} variants, {len(complaints)} complaints")
        for complaint in complaints:
            print(f"  {complaint}")
    raise typer.Exit(1 if failed else 0)


@app.command()
def doctor():
    """Say which isolation this machine offers to the grader, and how to get a better one."""
    from course_utils.grading.sandbox.ladder import diagnose

    print("\n".join(diagnose()))


@app.command()
def run(
    name: Annotated[str, typer.Argument(help="an experiment's id")],
    quick: Annotated[bool, typer.Option("--quick", help="small, and not recorded")] = False,
    jobs: Annotated[
        int | None, typer.Option(min=1, help="seeds at a time; all cores without")
    ] = None,
    budget: Annotated[
        float | None, typer.Option(min=0, help="CPU hours that it may take, not more")
    ] = None,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="begin again, though a stopped run could go on")
    ] = False,
):
    """Run an experiment and record what came out; a run that was stopped goes on."""
    from course_utils.lab.running import main_run

    with plain_errors():
        main_run(name, quick, jobs=jobs, budget=budget, fresh=fresh)


@app.command()
def stale():
    """Name the results that today's code, settings or libraries would not give, and why."""
    from course_utils.lab import reports

    with plain_errors():
        lines = reports.stale_lines()
    print("\n".join(lines))
    raise typer.Exit(1 if len(lines) > 1 else 0)


@app.command()
def claims(
    near: Annotated[
        bool, typer.Option("--near", help="only those that hang by less than two")
    ] = False,
):
    """List the book's claims: verdict, and how many seeds or standard errors it hangs by."""
    from course_utils.lab import reports

    with plain_errors():
        print("\n".join(reports.claim_lines(near)))


@app.command()
def verify(
    names: Annotated[
        list[str] | None, typer.Argument(help="experiments; the quick ones without")
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="all that are recorded: hours")] = False,
    stamp: Annotated[
        bool, typer.Option("--stamp", help="note identical results as those of today's code")
    ] = False,
    keep: Annotated[
        bool, typer.Option("--keep", help="record for this kind of CPU where a verdict differs")
    ] = False,
):
    """Run recorded experiments again: identical numbers, and verdicts that hold here."""
    from tqdm import tqdm

    from course_utils.lab import reports

    def progress(name):
        return lambda items: tqdm(items, desc=name, disable=None, leave=False)

    with plain_errors():
        good = reports.verify(names or [], every=every, stamp=stamp, keep=keep, progress=progress)
    raise typer.Exit(0 if good else 1)


@contextmanager
def plain_errors():
    """A mistake in what was asked for becomes one line and exit code 2."""
    from course_utils.lab.seeds import OverBudget

    try:
        yield
    except (ValueError, OverBudget, OSError) as error:  # LedgerError among them
        print(f"course: {' '.join(str(error).split())}", file=sys.stderr)
        raise typer.Exit(2) from None


if __name__ == "__main__":
    main()
