"""Recorded results: one JSON file an experiment, ``results/<part>/<chapter>/<experiment>.json``.

That file decides verdicts and feeds the prose.  Where another kind of CPU gives another verdict its
record stands beside it, ``<experiment>@<kind>.json``, and the claim says so.
"""

import json
import re
from pathlib import Path

from course_utils.errors import UserError, near
from course_utils.files import write

FOLDER = Path(__file__).parent / "results"
LIMIT = 200_000  # bytes: they ship with the package, so curves are thinned before they are recorded


class LedgerError(UserError, ValueError):
    """A claim or a result that is missing, or that does not say what was asked of it."""


FIELDS = {  # of a record, as far as code relies on them
    "experiment": str,
    "config": dict,
    "values": dict,
    "seconds": int | float,
    "device": str,
    "versions": dict,
}


def result(name, *fields):
    """The record of experiment ``name``: experiment, config, values, seeds, seconds, versions …

    fields: further ones of FIELDS that it must have.  LedgerError without one, or where the file is
    damaged.
    """
    plain = re.fullmatch(r"\w+", _named(name))
    path = next(FOLDER.rglob(f"{name}.json"), None) if plain else None
    if path is None:
        raise LedgerError(
            f"no result {name!r} is recorded; run: course run {name}; {near(name, recorded())}"
        )
    return read(path, *fields)


def read(path, *fields):
    """The record in one file, with values and these fields; LedgerError where it is damaged."""
    path = Path(path)
    remedy = f"restore it, or record it anew: course run {path.stem.partition('@')[0]}"
    try:
        record = json.loads(path.read_text("utf-8"))
    except (ValueError, RecursionError) as error:  # no JSON, or no text at all
        raise LedgerError(f"{path.name} is damaged ({error}); {remedy}") from error
    wrong = "" if isinstance(record, dict) else "it holds no record"
    for name in () if wrong else ("values", *fields):
        if not isinstance(record.get(name), FIELDS[name]):
            wrong = f"it has no {name}"
    if wrong:
        raise LedgerError(f"{path.name} is damaged ({wrong}); {remedy}")
    return record


def kinds(name):
    """{kind of CPU: record} of what other machines recorded of experiment ``name``."""
    paths = FOLDER.rglob(f"{name}@*.json") if re.fullmatch(r"\w+", _named(name)) else ()
    return {p.stem.partition("@")[2]: read(p) for p in sorted(paths)}


def recorded():
    """The names of all experiments with a result, sorted."""
    return sorted(p.stem for p in FOLDER.rglob("*.json") if "@" not in p.stem)


def folder(chapter):
    """Where the results of a chapter, "lstm/gates", are recorded."""
    return FOLDER / _named(chapter, "chapter")


def value(name, path):
    """One recorded value: ``value("adding", "lstm.100.rate")``.

    path: keys and list positions under "values", joined by dots; "/seconds" starts at the top.
    """
    return find(result(name), path, name)


def printed(value, form=""):
    """A recorded value as the book prints it: a negative number with a minus sign, not a hyphen."""
    text = format(value, form)
    return text if isinstance(value, str) else re.sub(r"-(?=[\d.])", "−", text)


def find(record, path, name="result"):
    """The value at ``path`` (as in `value`) of a record that was read already."""
    top = _named(path, "path").startswith("/")
    if not isinstance(record, dict) or not (top or "values" in record):
        raise LedgerError(
            f"record: expected one from result(), with values; got {type(record).__name__}"
        )
    node = record if top else record["values"]
    for key in path.removeprefix("/").split("."):
        if isinstance(node, dict) and key in node:
            node = node[key]
        elif isinstance(node, list) and key.isdecimal() and int(key) < len(node):
            node = node[int(key)]
        else:
            has = sorted(node) if isinstance(node, dict) else f"{type(node).__name__}"
            raise LedgerError(f"{name}: path {path!r} ends at {key!r}; there are: {has}")
    return node


def _named(name, argument="name"):
    """A name or a path, as text; LedgerError for any other thing."""
    if not isinstance(name, str):
        raise LedgerError(f"{argument}: expected text, got {name!r}")
    return name


def find_all(record, path, name="result"):
    """All values at ``path`` of a record, as a flat list; ``*`` stands for every key, and lists
    and dicts at its end are taken apart."""
    values = [record if path.startswith("/") else record["values"]]
    for key in path.removeprefix("/").split("."):
        if key == "*":
            values = [v for each in values for v in _inside(each, path, name)]
        else:
            values = [find({"values": each}, key, name) for each in values]
    while any(isinstance(v, list | dict) for v in values):
        values = [v for each in values for v in (
            _inside(each, path, name) if isinstance(each, list | dict) else [each])]  # fmt: skip
    if not values:
        raise LedgerError(f"{name}: there is nothing at path {path!r}")
    return values


def _inside(value, path, name):
    if isinstance(value, dict):
        return list(value.values())
    if isinstance(value, list):
        return value
    raise LedgerError(f"{name}: path {path!r} has * where there is only {value!r}")


def record(name, content, folder=None):
    """Write ``content`` (a dict of plain values) as the result of ``name``; returns the path.

    name: with "@kind" behind it for another kind of CPU.  folder: in place of the package's own.

    Atomic: a run that is stopped leaves the former result.  LedgerError for NaN or infinity (say
    None where something diverged) and for more than 200 kB.
    """
    _named(name)
    try:
        text = json.dumps(content, indent=1, sort_keys=True, allow_nan=False)
    except ValueError as error:
        raise LedgerError(f"{name}: NaN or infinity in the values; record None") from error
    text = _joined(text) + "\n"
    if len(text) > LIMIT:
        raise LedgerError(f"{name}: {len(text):,} bytes, more than {LIMIT:,}; thin the curves")
    return write(Path(folder or FOLDER) / f"{name}.json", text)


def _joined(text):
    """Indented JSON with each list of numbers on one line: short, and a readable diff."""
    return re.sub(
        r"\[\n\s+([^\[\]{}]*?)\n\s*\]", lambda m: "[" + re.sub(r"\n\s+", " ", m[1]) + "]", text
    )
