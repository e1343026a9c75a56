"""The command ``course``: each line of help says what it does; the work is in the rooms below."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from course_utils.errors import UserError, needs, one_line

app = typer.Typer(
    add_completion=False, no_args_is_help=True, help="Exercises and experiments of Unrolled."
)
ClickError = typer.BadParameter.__mro__[2]  # newer versions of typer carry a Click of their own
Solutions = Annotated[Path | None, typer.Option(help="folder with the solutions")]


def main():
    """Entry point: a mistake of the caller becomes one line and exit code 2, not a traceback."""
    try:
        sys.exit(app(standalone_mode=False))
    except ClickError as error:
        if type(error).__name__ == "NoArgsIsHelpError":
            error.show()  # ``course`` alone: the help
        else:
            complain(f"{error.format_message()} (`course --help` lists what there is)")
    except ModuleNotFoundError as error:
        if str(error.name).startswith("course_utils"):
            raise
        complain(needs(error.name))
    except (UserError, OSError) as error:
        complain(one_line(error))
    except (typer.Abort, KeyboardInterrupt):
        print("course: stopped", file=sys.stderr)
        sys.exit(130)
    sys.exit(2)


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


@app.command()
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


@app.command()
def check(notebook: Annotated[Path, typer.Argument(help="your notebook")]):
    """Check your own notebook: what is right, what is not, and why."""
    from functools import partial

    from course_utils.grading.selfcheck import report

    if notebook.is_dir():
        raise UserError(f"{notebook} is a folder; name the notebook in it")
    points, most = report(notebook, partial(print, flush=True), handed_out_folder())
    raise typer.Exit(0 if points == most else 1)


@app.command()
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


@app.command()
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


@app.command()
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


@app.command()
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


@app.command()
def doctor():
    """Say which isolation this machine offers to the grader, and how to get a better one."""
    from course_utils.grading.sandbox.backends import diagnose

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

    main_run(name, quick, jobs=jobs, budget=budget, fresh=fresh)


@app.command()
def stale():
    """Name the results that today's code, settings or libraries would not give, and why."""
    from course_utils.lab import reports

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

    good = reports.verify(names or [], every=every, stamp=stamp, keep=keep, progress=progress)
    raise typer.Exit(0 if good else 1)


@app.command()
def audit(
    library: Annotated[
        str | None, typer.Argument(help="torch, keras, torchrecurrent, …; all installed without")
    ] = None,
):
    """Hold an installed library against the printed equations, and say what differs."""
    from course_utils.audit import LIBRARIES, version
    from course_utils.audit import audit as audited

    unexplained = 0
    for name in [library] if library else [n for n in LIBRARIES if version(n)]:
        findings = audited(name)
        print(f"{name} {version(name)}")
        for finding in findings:
            print(f"  {finding.sentence()}")
            unexplained += not finding.explained
    raise typer.Exit(1 if unexplained else 0)


@app.command(
    name="train-lm",
    add_help_option=False,  # --help is the program's own
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
)
def train_lm(context: typer.Context):
    """Train a language model, stopped and resumed at will; torchrun shares it among GPUs."""
    from course_utils.distributed.language import main as train

    raise typer.Exit(train(context.args))


@app.command(name="show-code")
def show_code(
    key: Annotated[str, typer.Argument(help="a cell, such as lstm")],
    target: Annotated[
        str, typer.Option(help="numba, javascript, triton, torch or numpy")
    ] = "numba",
):
    """Print the code that a cell's equations become; into a file or a pipe without colours."""
    from course_utils.compiled.targets import TARGETS, language, source
    from course_utils.specs import SPECS

    for name, value, known in (("--target", target, TARGETS), ("cell", key, SPECS)):
        if value not in known:
            raise UserError(f"{name}: there is no {value!r}; there are {', '.join(known)}")
    text = source(key, target)
    if not sys.stdout.isatty():
        print(text, end="")
        return
    from rich.console import Console
    from rich.syntax import Syntax

    code = Syntax("", language(target), theme="ansi_dark", background_color="default")
    Console().print(code.highlight(text), soft_wrap=True, end="")  # no line is cut to the width


if __name__ == "__main__":
    main()
