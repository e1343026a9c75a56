"""Recorded results: one JSON file an experiment, ``results/<part>/<chapter>/<experiment>.json``."""

import json
import re
import tempfile
from pathlib import Path

FOLDER = Path(__file__).parent / "results"
LIMIT = 200_000  # bytes: they ship with the package, so curves are thinned before they are recorded


class LedgerError(ValueError):
    """A claim or a result that is missing, or that does not say what was asked of it."""


def result(name):
    """The record of experiment ``name``: experiment, config, values, seeds, seconds, versions …"""
    path = next(FOLDER.rglob(f"{name}.json"), None) if re.fullmatch(r"\w+", name) else None
    if path is None:
        raise LedgerError(f"no result {name!r} is recorded; run: course run {name}")
    return json.loads(path.read_text("utf-8"))


def folder(chapter):
    """Where the results of a chapter, "lstm/gates", are recorded."""
    return FOLDER / chapter


def value(name, path):
    """One recorded value: ``value("adding", "lstm.100.rate")``.

    path: keys and list positions under "values", joined by dots; "/seconds" starts at the top.
    """
    return find(result(name), path, name)


def find(record, path, name="result"):
    """The value at ``path`` (as in `value`) of a record that was read already."""
    found = record if path.startswith("/") else record["values"]
    for key in path.removeprefix("/").split("."):
        if isinstance(found, dict) and key in found:
            found = found[key]
        elif isinstance(found, list) and key.isdecimal() and int(key) < len(found):
            found = found[int(key)]
        else:
            has = sorted(found) if isinstance(found, dict) else f"{type(found).__name__}"
            raise LedgerError(f"{name}: path {path!r} ends at {key!r}; there are: {has}")
    return found


def record(name, content, folder=None):
    """Write ``content`` (a dict of plain values) as the result of ``name``; returns the path.

    folder: in place of the package's own.

    Atomic: a run that is stopped leaves the former result.  LedgerError for NaN or infinity (say
    None where something diverged) and for more than 200 kB.
    """
    try:
        text = json.dumps(content, indent=1, sort_keys=True, allow_nan=False)
    except ValueError as error:
        raise LedgerError(f"{name}: NaN or infinity in the values; record None") from error
    text = _joined(text) + "\n"
    if len(text) > LIMIT:
        raise LedgerError(f"{name}: {len(text):,} bytes, more than {LIMIT:,}; thin the curves")
    folder = Path(folder or FOLDER)
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", dir=folder, delete=False, encoding="utf-8") as file:
        file.write(text)
    Path(file.name).chmod(0o644)
    return Path(file.name).replace(folder / f"{name}.json")


def _joined(text):
    """Indented JSON with each list of numbers on one line: short, and a readable diff."""
    return re.sub(
        r"\[\n\s+([^\[\]{}]*?)\n\s*\]", lambda m: "[" + re.sub(r"\n\s+", " ", m[1]) + "]", text
    )
