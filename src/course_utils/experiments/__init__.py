"""One file an experiment; each is run, recorded and re-run by the same command.

    course run adding            the whole experiment; writes ledger/results/adding.json
    course run adding --quick    a small version, printed and not recorded

A file ``<id>.py`` defines ``Config`` (a frozen dataclass, all fields with defaults, ``seeds`` among
them where there is chance), ``QUICK`` (a small Config) and ``run(config, progress) -> values``:
plain numbers, lists and dicts with text keys; None where something diverged.  ``progress`` wraps
the outer loop: ``for seed in progress(config.seeds)``.  ``data(config)``, if there, names the real
data that were read: {"name": …, "sha256": …}.
"""

import datetime
import importlib
import json
import os
import pkgutil
import platform
import sys
import time
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from course_utils import ledger


def names():
    """The ids of all experiments, sorted."""
    return sorted(m.name for m in pkgutil.iter_modules(__path__) if not m.name.startswith("_"))


def load(name):
    """The module of one experiment."""
    if name not in names():
        raise ValueError(f"experiment: {name!r} is unknown; there are: {', '.join(names())}")
    return importlib.import_module(f"{__name__}.{name}")


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
    path = ledger.record(name, found, out)
    print(f"recorded in {found['seconds']} s: {path}")
    return path


def plain(config):
    """A Config as JSON would give it back: tuples have become lists."""
    return json.loads(json.dumps(asdict(config)))


def one_thread():
    """Small recurrent nets are slower on several threads, and their sums less repeatable."""
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(1)


def device():
    """The processor and the BLAS kernel in use, as text."""
    model = platform.processor() or platform.machine()
    try:
        with Path("/proc/cpuinfo").open(encoding="utf-8") as lines:
            model = next(line for line in lines if line.startswith("model name")).split(":")[1]
    except (OSError, StopIteration):
        pass  # not Linux: platform's answer stands
    blas = os.environ.get("OPENBLAS_CORETYPE")
    return f"CPU: {model.strip()}" + (f" (OPENBLAS_CORETYPE={blas})" if blas else "")


def versions():
    """Python and the libraries whose version can move a number."""
    found = {"python": platform.python_version()}
    for package in ("numpy", "torch", "scikit-learn"):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found
