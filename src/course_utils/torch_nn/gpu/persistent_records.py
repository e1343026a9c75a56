"""Where the persistent kernel has passed its trial: it runs nowhere else.

``persistent_records.json`` holds {architecture: {Triton's version: {cell, or "every": {dtype:
passed}}}}, as ``{"sm_90": {"3.6.0": {"every": {"float16": true}}}}``; what is said of a cell goes
before what is said of every cell.  ``persistent_trial`` prints such entries, and a person who has
looked at them puts them here: a kernel in which programs wait for each other must not hang the GPU
of a reader.
"""

import json
import os
from functools import cache
from pathlib import Path

FILE = Path(__file__).with_name("persistent_records.json")
EVERY = "every"
TRY = "UNROLLED_TRY_PERSISTENT"
"""Environment variable: 1 lets the kernel run without a record.  For its trial alone."""
LEVELS = ("architecture", "version of Triton", "cell", "dtype")


def closed(architecture, version, key, dtype):
    """Why the gate is closed for a cell in a dtype (``float16``), or None where it is open."""
    if os.environ.get(TRY) == "1":
        return None
    by_cell = records().get(architecture, {}).get(version, {})
    passed = by_cell.get(key, {}).get(dtype, by_cell.get(EVERY, {}).get(dtype))
    if passed:
        return None
    found = "it has no record of passing" if passed is None else "it did not pass"
    return f"{found} on {architecture} with Triton {version} in {dtype}"


@cache
def records():
    """The records; ValueError, which says where, for a file that is not as it should be."""
    return read(FILE)


def read(path):
    """The records of a file; see ``records``."""
    try:
        found = json.loads(Path(path).read_text("utf-8"))
    except ValueError as error:
        raise ValueError(f"{path}: this is no JSON: {error}") from None
    _check(path, found, [])
    return found


def _check(path, found, place):
    """Whether every level is there, and says yes or no in the end."""
    where = " / ".join(place) or "the whole"
    if len(place) == len(LEVELS):
        if not isinstance(found, bool):
            raise ValueError(f"{path}: {where}: {found!r} should be true (passed) or false")
        return
    if not isinstance(found, dict):
        raise ValueError(f"{path}: {where}: {found!r} should be a dict by {LEVELS[len(place)]}")
    for name, inner in found.items():
        _check(path, inner, [*place, name])
