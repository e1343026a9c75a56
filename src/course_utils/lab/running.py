"""Run an experiment and record it: what `course run` does.

    course run adding            the whole experiment, recorded in ledger/results
    course run adding --quick    a small version, printed and not recorded

A run that was stopped goes on where it was.  What an experiment is stands in
``course_utils.experiments``.
"""

import datetime
import json
import time

from course_utils import ledger
from course_utils.lab import dependencies
from course_utils.lab.catalogue import ExperimentError, chapter, load, names, places, plain
from course_utils.lab.machine import cores, device, one_thread, versions
from course_utils.lab.seeds import OverBudget, study

__all__ = ["chapter", "load", "main_run", "names", "places", "plain", "run"]


def run(name, quick=False, progress=iter, config=None):
    """Run an experiment; returns the record, without the hashes that `main_run` adds."""
    module = load(name)
    config = config or (module.QUICK if quick else module.Config())
    one_thread()
    start, cpu = time.perf_counter(), time.process_time()
    values = module.run(config, progress)
    cpu = time.process_time() - cpu + getattr(progress, "elsewhere", 0.0)
    return {
        "experiment": name,
        "config": plain(config),
        "values": values,
        "seeds": list(getattr(config, "seeds", ())),
        "seconds": round(time.perf_counter() - start, 1),
        "cpu_seconds": round(cpu, 1),
        "device": device(),
        "versions": versions(),
        "data": module.data(config) if hasattr(module, "data") else None,
        "recorded": datetime.date.today().isoformat(),
    }


def main_run(name, quick=False, out=None, *, jobs=None, budget=None, fresh=False, say=print):
    """What `course run` does: run with a progress bar, record unless ``quick``; the path or None.

    out: a folder for the result in place of the package's own.  jobs: seeds at a time, as many as
    there are cores without.  budget: CPU hours that it may take.  fresh: begin again although a
    stopped run could go on.  say: what prints.

    OverBudget, before anything runs where the last recording already took longer; ValueError where
    the code was changed meanwhile.
    """
    from tqdm.auto import tqdm

    load(name)
    if quick:
        record = run(name, quick, progress=lambda items: tqdm(items, desc=name, disable=None))
        if out is None:
            for key, values in record["values"].items():
                say(f"{key}: {values}")
            return None
    else:
        say(announced(name, jobs or cores()))
        if budget is not None and (cost(name) or 0) > 3600 * budget:
            raise OverBudget(
                f"{name}: recorded at {cost(name) / 3600:.2f} CPU hours, more than the budget of "
                f"{budget:g}; nothing was run"
            )
        before = dependencies.hashes(name, plain(load(name).Config()), {})
        progress = study(
            name, fingerprint(name, before), workers=jobs,
            budget=None if budget is None else 3600 * budget,
            bar=lambda items: tqdm(items, desc=name, disable=None),
        )  # fmt: skip
        if fresh:
            progress.clear()
        record = run(name, progress=progress)
    record["code"] = dependencies.hashes(name, record["config"], record["values"])
    # as before, without the values: which cells they name decides what a hash of a time covers
    now = dependencies.hashes(name, record["config"], {})
    if not quick and (edited := [n for n in before if now.get(n) != before[n]]):
        raise ExperimentError(
            f"{name}: {', '.join(edited)} changed while it ran; nothing was recorded"
        )
    path = ledger.record(name, record, out or ledger.folder(chapter(name)))
    if not quick:
        progress.clear()
    say(f"recorded in {record['seconds']} s ({record['cpu_seconds']} CPU s): {path}")
    return path


def fingerprint(name, code):
    """Text that changes with whatever the experiment's numbers depend on; code: its hashes."""
    config = plain(load(name).Config())
    return json.dumps([name, config, code, versions(), device()], sort_keys=True)


def cost(name):
    """CPU seconds that the last recording took; None without one."""
    if name not in ledger.recorded():
        return None
    record = ledger.result(name, "seconds")
    return record.get("cpu_seconds") or record["seconds"]


def announced(name, jobs):
    """One line on what a run will cost."""
    seconds = cost(name)
    if seconds is None:
        return f"{name}: never recorded, so nobody knows what it will cost"
    hours = f"{seconds:.0f} CPU s" if seconds < 600 else f"{seconds / 3600:.2f} CPU hours"
    return (
        f"{name}: the last recording took {hours} on {ledger.result(name, 'device')['device']}; "
        f"{jobs} seed{'s' if jobs > 1 else ''} at a time where it goes over seeds"
    )
