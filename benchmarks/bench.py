"""Measure this machine: `make bench`.  Prints tables, writes benchmarks/results/<cpu>.json.

usage: python benchmarks/bench.py [--quick] [--goals] [--out FOLDER]

What is compared takes turns in one process, on one thread, and ratios of medians decide: a machine
that others use too is slow for all candidates alike.  Never compare seconds of two files.
"""

import argparse
import dataclasses
import datetime
import json
import os
import platform
import re
import statistics
import subprocess
import sys
import time
from pathlib import Path

import compiler_goals

from course_utils import files as whole
from course_utils import timing
from course_utils.experiments.practice.speed import (
    speed_cells,
    speed_growth,
    speed_ladder,
)
from course_utils.lab.machine import device, versions
from course_utils.specs import SPECS

ROOT = Path(__file__).parent.parent
IMPORTS = ("numpy", "course_utils", "course_utils.numpy_nn", "course_utils.torch_nn", "torch")


def main(arguments=None):
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="seconds instead of minutes")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results")
    parser.add_argument("--goals", action="store_true", help="only the goals and their bounds")
    given = parser.parse_args(arguments)
    if given.goals:
        measured = {"machine": machine()} | compiler_goals.all_of(given.quick)
        measured["goals"] = compiler_goals.goals(measured)
        lines, prefix = compiler_goals.text(measured), "goals-"
    else:
        measured = measure(given.quick)
        lines, prefix = tables(measured), ""
    for line in lines:
        print(line)
    print(f"\nwritten: {write(measured, given.out, prefix)}")


def measure(quick=False):
    """Everything as plain values."""
    from tqdm import tqdm

    start = time.perf_counter()
    measured = {"machine": machine()}
    for module in (speed_cells, speed_growth, speed_ladder):
        name = module.__name__.rpartition(".")[2]
        config = module.QUICK if quick else shorter(module.Config())
        measured[name] = module.run(config, lambda items, name=name: tqdm(items, desc=name))
    cells = ("gru",) if quick else tuple(SPECS)
    measured |= compiler_goals.rest(0.05 if quick else 1.0, cells)
    measured["goals"] = compiler_goals.goals(measured)
    measured["imports"] = imports(3 if quick else 7)
    measured["chapters"] = chapters()
    measured["seconds"] = round(time.perf_counter() - start, 1)
    return measured


def shorter(config):
    """The recorded experiment's settings with less time for each measurement."""
    return dataclasses.replace(config, seconds=config.seconds / 2)


def machine():
    """The processor, what runs on it, and what is set that changes its speed."""
    with timing.one_thread():
        blas = timing.blas()
    pinned = {k: v for k, v in os.environ.items() if k.startswith(("OPENBLAS_", "MKL_"))}
    return {
        "cpu": device().removeprefix("CPU: ").partition(" (OPENBLAS")[0],
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 1) if hasattr(os, "getloadavg") else None,
        "system": f"{platform.system()} {platform.machine()}",
        "blas": blas,
        "environment": dict(sorted(pinned.items())),
        "threads": 1,
        "versions": versions(),
        "date": datetime.date.today().isoformat(),
    }


def imports(rounds):
    """Median processor seconds of each ``import`` in a new interpreter, which has started."""
    code = "import time; s = time.process_time(); import {}; print(time.process_time() - s)"
    times = {name: [] for name in IMPORTS}
    for _ in range(rounds):
        for name, seconds in times.items():
            done = subprocess.run(
                [sys.executable, "-c", code.format(name)],
                capture_output=True,
                text=True,
                check=True,
            )
            seconds.append(float(done.stdout))
    return {name: round(statistics.median(seconds), 4) for name, seconds in times.items()}


def chapters():
    """Seconds that each chapter took when the book was last built here; {} where it was not."""
    try:
        from jupyter_cache import get_cache
    except ImportError:
        return {}
    times = {}
    for folder in (ROOT / "_build" / ".jupyter_cache").glob("*"):
        if not (folder / "global.db").exists():
            continue
        for record in get_cache(folder).list_cache_records():
            seconds = record.data.get("execution_seconds")
            if seconds is not None:
                name = Path(record.uri).with_suffix("")
                times["/".join(name.parts[-2:])] = round(seconds, 1)
    return dict(sorted(times.items()))


def write(measured, folder, prefix=""):
    """The measurements as JSON, in a file named after the processor; its path."""
    folder.mkdir(parents=True, exist_ok=True)
    blas = measured["machine"]["blas"] or {}
    name = f"{measured['machine']['cpu']} {blas.get('architecture') or ''}".lower()
    name = re.sub(r"[^a-z0-9]+", "-", re.sub(r"\((r|tm)\)", "", name)).strip("-")
    path = folder / f"{prefix}{name}.json"
    return whole.write(path, json.dumps(measured, indent=1) + "\n")


# -- what is printed -------------------------------------------------------------------------------


def tables(measured):
    """Lines of text."""
    here, blas = measured["machine"], measured["machine"]["blas"] or {}
    yield f"{here['cpu']}, {here['cores']} cores, load {here['load']}, one thread"
    yield (
        f"NumPy {here['versions']['numpy']} with {blas.get('library', 'unknown BLAS')}"
        f" {blas.get('version', '')} ({blas.get('architecture', '?')}), "
        f"PyTorch {here['versions'].get('torch')}"
    )
    for name, value in here["environment"].items():
        yield f"{name}={value} is set"
    yield from training(measured["speed_cells"])
    yield from compiler_goals.text(measured)
    yield from growth(measured["speed_growth"])
    yield from ladder(measured["speed_ladder"])
    yield "\nimport, CPU seconds: " + ", ".join(
        f"{k} {v:.2f}" for k, v in measured["imports"].items()
    )
    if measured["chapters"]:
        yield "chapters, seconds: " + ", ".join(
            f"{k} {v:g}" for k, v in measured["chapters"].items()
        )


def training(cells):
    """Training steps by cell and size."""
    yield "\nA training step, ms; T,B,D,H"
    yield f"{'':6}{'':20}{'readable':>10}{'fast':>9}{'torch':>9}{'floor':>9}" + (
        f"{'readable/fast':>15}{'torch/fast':>12}{'of floor':>10}{'forward':>9}"
    )
    for key, rows in cells["cells"].items():
        for row in rows:
            ms = {name: 1e3 * s for name, s in row["seconds"].items()}
            yield (
                f"{key:6}{','.join(map(str, row['size'])):20}{ms['readable']:10.2f}"
                f"{ms['fast']:9.2f}{ms['torch']:9.2f}{1e3 * row['floor']:9.2f}"
                f"{row['readable_over_fast']:15.2f}{row['torch_over_fast']:12.2f}"
                f"{row['share_of_floor']:10.0%}{row['torch_over_fast_forward']:9.2f}"
            )
        s = cells["summary"][key]
        yield (
            f"{key:6}geometric means: readable/fast {s['readable_over_fast']:.2f}, "
            f"torch/fast {s['torch_over_fast']:.2f}"
        )
    for row in cells["variants"]:
        worst = max(row["over_lstm"], key=row["over_lstm"].get)
        yield f"variants at {row['size']}: at most {row['most']:.2f} of the LSTM's time ({worst})"
    for key, rows in cells["layers"].items():
        ratios = ", ".join(f"{row['eager_over_fast']:.2f}" for row in rows)
        yield f"{key} in PyTorch, loop / compiled: {ratios}"


def growth(measured):
    """The fitted formula."""
    yield "\nGrowth of an LSTM's training step: a T + b T B H + F / c"
    for name, fit in measured["fit"].items():
        rate = f"{fit['gflops']:6.0f} GF/s" if fit["gflops"] else "         - "
        yield (
            f"{name:10}a = {fit['step_us']:6.1f} us a step, b = {fit['unit_ns']:5.1f} ns "
            f"a unit, c = {rate}; median error {fit['median_error']:.0%}"
        )
    yield f"fast ahead of torch at {measured['ahead']} of {measured['of']} sizes"


def ladder(measured):
    """Five ways to write a forward pass."""
    for size in ("small", "batch"):
        rungs = measured[size]["rungs"]
        yield f"\nThe ladder, {size}: times faster than the loop, measured (predicted)"
        yield ", ".join(
            f"{name} {r['loop_over']:.2f} ({r['loop_over_predicted']:.2f})"
            for name, r in rungs.items()
        )
        yield ", ".join(
            f"{name} {r['loop_over']:.2f}" for name, r in measured[size]["libraries"].items()
        )


if __name__ == "__main__":
    main()
