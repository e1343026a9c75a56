"""Commands about experiments: run, verify, and say what their records and claims are worth."""

from typing import Annotated

import typer


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


def stale():
    """Name the results that today's code, settings or libraries would not give, and why."""
    from course_utils.lab import reports

    lines = reports.stale_lines()
    print("\n".join(lines))
    raise typer.Exit(1 if len(lines) > 1 else 0)


def claims(
    near: Annotated[
        bool, typer.Option("--near", help="only those that hang by less than two")
    ] = False,
):
    """List the book's claims: verdict, and how many seeds or standard errors it hangs by."""
    from course_utils.lab import reports

    print("\n".join(reports.claim_lines(near)))


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
