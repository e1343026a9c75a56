"""Find an experiment, run it, record it: what `course run` does.

    course run adding            the whole experiment, recorded in ledger/results
    course run adding --quick    a small version, printed and not recorded

What an experiment is stands in ``course_utils.experiments``.
"""

import datetime
import importlib
import json
import pkgutil
import time
from dataclasses import asdict
from functools import cache

from course_utils import ledger
from course_utils.lab.machine import device, one_thread, versions

EXPERIMENTS = "course_utils.experiments"  # by name: experiments import this room


@cache
def places():
    """{id: module name} of all experiments, sorted by id."""
    package = importlib.import_module(EXPERIMENTS)
    found = pkgutil.walk_packages(package.__path__, f"{EXPERIMENTS}.")
    return dict(sorted((m.name.rpartition(".")[2], m.name) for m in found if not m.ispkg))


def names():
    """The ids of all experiments, sorted."""
    return list(places())


def chapter(name):
    """The chapter that shows an experiment: "lstm/gates"."""
    return "/".join(load(name).__name__.split(".")[2:-1])


def load(name):
    """The module of one experiment."""
    if name not in places():
        raise ValueError(f"experiment: {name!r} is unknown; there are: {', '.join(names())}")
    return importlib.import_module(places()[name])


def run(name, quick=False, progress=iter, config=None):
    """Run an experiment; returns the record that `main_run` would write."""
    module = load(name)
    config = config or (module.QUICK if quick else module.Config())
    one_thread()
    start, cpu = time.perf_counter(), time.process_time()
    values = module.run(config, progress)
    return {
        "experiment": name,
        "config": plain(config),
        "values": values,
        "seeds": list(getattr(config, "seeds", ())),
        "seconds": round(time.perf_counter() - start, 1),
        "cpu_seconds": round(time.process_time() - cpu, 1),
        "device": device(),
        "versions": versions(),
        "data": module.data(config) if hasattr(module, "data") else None,
        "recorded": datetime.date.today().isoformat(),
    }


def main_run(name, quick=False, out=None):
    """What `course run` does: run with a progress bar, record unless ``quick``; the path or None.

    out: a folder for the result in place of the package's own.
    """
    from tqdm.auto import tqdm

    found = run(name, quick, progress=lambda items: tqdm(items, desc=name))
    if quick and out is None:
        for key, values in found["values"].items():
            print(f"{key}: {values}")
        return None
    path = ledger.record(name, found, out or ledger.folder(chapter(name)))
    print(f"recorded in {found['seconds']} s: {path}")
    return path


def plain(config):
    """A Config as JSON would give it back: tuples have become lists."""
    return json.loads(json.dumps(asdict(config)))
