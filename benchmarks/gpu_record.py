"""What a run on a GPU has found so far: one JSON file, whole at any moment.

One process at a time writes it: the driver between parts, a part while it runs.  A part names the
case it is about to measure (``running``), so that one which hangs or takes the process with it
leaves its name.
"""

import faulthandler
import gc
import json
import math
import sys
from pathlib import Path

from course_utils import files

NAME = "gpu.json"


class Missing(Exception):
    """What a case needs is not here; the text says what."""


class Lost(Exception):
    """The GPU answers this process no more; what is left needs a new one."""


class Record:
    """The file of a run in a folder, read and written anew at every change."""

    def __init__(self, folder):
        self.path = Path(folder) / NAME

    def read(self):
        """Everything so far."""
        if not self.path.exists():
            return {"machine": {}, "parts": {}, "cases": [], "tests": {}, "goals": []}
        return json.loads(self.path.read_text("utf-8"))

    def write(self, found):
        """All of it, at once.  ValueError for a number that JSON has not."""
        files.write(self.path, json.dumps(found, indent=1, allow_nan=False) + "\n")

    def update(self, **facts):
        """Replace top-level entries."""
        self.write(self.read() | facts)

    def part(self, name, **facts):
        """Add to what is known of a part."""
        found = self.read()
        found["parts"][name] = found["parts"].get(name, {}) | facts
        self.write(found)

    def add(self, part, case, rows):
        """Rows of a case, which runs no longer."""
        found = self.read()
        found["cases"] += [{"part": part, "case": case} | finite(row) for row in rows]
        found["parts"].setdefault(part, {})["running"] = None
        self.write(found)

    def died(self, part, why):
        """Name the case that was running when its process ended; whether there was one."""
        case = self.read()["parts"].get(part, {}).get("running")
        if case is not None:
            self.add(part, case, [{"error": why}])
        return case is not None


def finite(row):
    """The row, with an error in it where a number is none."""
    bad = [k for k, v in row.items() if isinstance(v, float) and not math.isfinite(v)]
    if not bad:
        return row
    text = ", ".join(f"{k} is {row[k]}" for k in bad)
    return {k: v for k, v in row.items() if k not in bad} | {"error": text}


def explain(error):
    """An exception as the fields of a row: what was missing, or what went wrong."""
    lines = [line for line in str(error).splitlines() if line.strip()]
    if isinstance(error, Missing):
        return {"missing": " ".join(lines)}
    return {"error": f"{type(error).__name__}: {' '.join(lines)[:400]}"}


def run_cases(record, part, cases, *, limit, healthy=lambda: True):
    """Measure name -> function that returns rows; what has rows already is left out.

    An exception is a row, and the others go on.  A case that takes longer than ``limit`` seconds
    ends this process: ``faulthandler`` does so even where Python waits for a GPU.  Lost where the
    GPU does not answer any more, for all after it would fail.
    """
    have = {row["case"] for row in record.read()["cases"] if row["part"] == part}
    for name, measure in cases.items():
        if name in have:
            continue
        print(f"{part}: {name}", flush=True)
        record.part(part, running=name)
        faulthandler.dump_traceback_later(limit, exit=True, file=sys.__stderr__)
        try:
            rows = measure()
        except Exception as error:
            rows = [explain(error)]
        finally:
            faulthandler.cancel_dump_traceback_later()
        record.add(part, name, rows)
        gc.collect()
        if not healthy():
            raise Lost(f"{part}, {name}: the GPU does not answer")
