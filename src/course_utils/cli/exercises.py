"""Commands for who writes exercises and gives them out."""

from pathlib import Path
from typing import Annotated

import typer

from course_utils.cli.shared import (
    Solutions,
    complain,
    folder_with_solutions,
    solution_of,
    solutions_in,
)
from course_utils.errors import UserError


def derive(
    names: Annotated[list[str] | None, typer.Argument(help="exercises; all without")] = None,
    solutions: Solutions = None,
    out: Annotated[Path | None, typer.Option(help="where to write exercises")] = None,
):
    """Write exercises/ anew from solutions/."""
    from course_utils.grading.derive import derive_all
    from course_utils.grading.mutate import load_mutants

    solutions = solutions_in(solutions)
    root = solutions.resolve().parent
    mutants = root / "tests" / "mutants"
    for path in derive_all(
        solutions, out or root / "exercises", lambda name: load_mutants(name, mutants), names or ()
    ):
        print(path)


def new(
    name: Annotated[str, typer.Argument(help="the exercise's name, such as gru_step")],
    part: Annotated[str, typer.Option(help="the folder below solutions/")] = "own",
    root: Annotated[
        Path | None, typer.Option(help="where solutions/ is, or will be [here or above]")
    ] = None,
):
    """Start an exercise of your own: a skeleton that grades at once."""
    from course_utils.grading.derive import derive
    from course_utils.grading.files import write
    from course_utils.grading.mutate import load_mutants
    from course_utils.grading.skeleton import new_exercise

    root = root or folder_with_solutions() or Path.cwd()
    written = new_exercise(name, root, part)
    mutants = root / "tests" / "mutants"
    for target, text in derive(written[0], lambda name: load_mutants(name, mutants)).items():
        write(root / "exercises" / target, text)
        written.append(root / "exercises" / target)
    for path in written:
        print(path)
    then = ", ".join(f"course {word} {name}" for word in ("derive", "mutate", "handout"))
    print(f"Rewrite the first two; then {then}")


def handout(
    names: Annotated[list[str] | None, typer.Argument(help="exercises; all without")] = None,
    out: Annotated[Path, typer.Option(help="where the notebooks go")] = Path("handout"),
    solutions: Solutions = None,
    repository: Annotated[
        str | None, typer.Option(help="owner/name on GitHub where the class finds them: for Colab")
    ] = None,
    branch: Annotated[str, typer.Option(help="the branch there")] = "main",
    folder: Annotated[str, typer.Option(help="the folder there")] = "",
    package: Annotated[
        str, typer.Option(help="what pip installs on Colab in place of this repository")
    ] = "",
    policy: Annotated[Path | None, typer.Option(help="TOML or YAML, for its deadline")] = None,
    gradescope: Annotated[
        Path | None,
        typer.Option(help="a folder of yours alone for the zips by which Gradescope grades itself"),
    ] = None,
):
    """Write the notebooks for a class, and a page that lists them."""
    from course_utils.grading.give_out import give_out, known_address, place_of
    from course_utils.grading.policy import load_policy

    if out.exists() and not out.is_dir():
        raise UserError(f"--out: {out} is a file; name a folder")
    solutions, place = solutions_in(solutions), place_of(repository, branch, folder)
    rules = load_policy(policy) if policy else None
    for path in give_out(names, solutions, out, place, package, rules):
        print(path)
    if not package and not known_address(solutions):
        complain("on Colab these notebooks cannot install the course's package, for no address of "
                 "it is known; say --package git+https://…")  # fmt: skip
    if gradescope:
        from course_utils.grading.exercise import find, load
        from course_utils.grading.exports.autograder import autograder_zip

        for name in names or sorted(p.stem for p in solutions.glob("*/*.ipynb")):
            path = find(name, solutions)
            print(autograder_zip(load(path), path, gradescope / f"{name}-autograder.zip"))


def mutate(
    names: Annotated[list[str] | None, typer.Argument(help="exercises; all without")] = None,
    solutions: Solutions = None,
    out: Annotated[
        Path | None, typer.Option(help="also write the table of rates here, in Markdown")
    ] = None,
    markdown: Annotated[bool, typer.Option("--markdown", help="print it in Markdown")] = False,
    keys: Annotated[
        int, typer.Option(min=1, help="pairs of secret seeds at which all of them are tried")
    ] = 1,
):
    """Try every exercise's wrong variants, which must lose points, and its right ones.

    Then say which share of the wrong ones weaker tests would have caught.
    """
    from course_utils.grading.exercise import load
    from course_utils.grading.files import write
    from course_utils.grading.mutate import drawn, measure, over_keys, table
    from course_utils.grading.recall import trials

    solutions = solutions_in(solutions)
    mutants = solutions.resolve().parent / "tests" / "mutants"
    known = sorted(p.stem for p in solutions.glob("*/*.ipynb"))
    failed, rates = False, {}
    for name in names or known:
        path = solution_of(name, solutions)
        with trials(load(path)) as sandbox:
            complaints, count = over_keys(path, mutants, keys, sandbox)
            rates[name] = measure(path, mutants, sandbox)
        failed = failed or bool(complaints)
        print(f"{name}: {count} variants, {len(complaints)} complaints")
        for complaint, trials_with in complaints.items():
            print(f"  {complaint}" + f" ({trials_with} of {keys} keys)" * (keys > 1))
    if markdown:
        print(f"\n{table(rates)}", end="")
    else:
        from rich.console import Console

        Console().print("", drawn(rates), sep="\n")
    if out is not None:
        write(out, table(rates))
    raise typer.Exit(1 if failed else 0)
