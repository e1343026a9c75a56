"""nbval as the judge: it compares emitted bundles with references, outside the student's process.

The cells have run before, in isolates.  Here nbval gets a notebook of the check cells with the
references as saved outputs, and a kernel that replays what the student's run emitted.  Ours are the
replaying kernel and the comparer; collecting, comparing and failing are nbval's.
"""

import contextlib
import io
import json
import os
import tempfile
from pathlib import Path
from queue import Empty
from typing import NamedTuple

import nbval.plugin
import pytest

from course_utils.grading.bundle import MIME, BundleError, unpack
from course_utils.grading.compare import Verdict, compare


class Check(NamedTuple):
    """One comparison: a check cell at one seed; ``emitted`` is None where ``reason`` says why."""

    cell_id: str
    question: str
    source: str
    reference: dict
    emitted: dict | None
    reason: str
    rtol: float
    atol: float
    reveal: bool = False


class Judged(NamedTuple):
    """nbval's outcome and the verdict on each part."""

    passed: bool
    parts: dict


def judge(checks):
    """A list of `Check` -> a list of `Judged`, from one nbval session."""
    with tempfile.TemporaryDirectory(prefix="course-nbval-") as folder:
        path = Path(folder, "checks.ipynb")
        path.write_text(json.dumps(notebook(checks)), "utf-8")
        plugin = Plugin(checks)
        quiet = io.StringIO()
        with contextlib.redirect_stdout(quiet), contextlib.redirect_stderr(quiet), no_plugins():
            pytest.main(arguments(folder, path), plugins=[plugin])
    return [plugin.judged.get(k, missing(c)) for k, c in enumerate(checks)]


def arguments(folder, path):
    """No configuration, conftest or plugin of anybody's; nothing printed, nothing cached."""
    off = ("cacheprovider", "logging", "faulthandler", "warnings")
    off += ("unraisableexception", "threadexception")
    switches = [word for name in off for word in ("-p", f"no:{name}")]
    switches += ["-p", "nbval.plugin", "-s", "-q", "--tb=no", "--color=no", "--noconftest"]
    return [*switches, "-c", "/dev/null", "--rootdir", folder, str(path)]


@contextlib.contextmanager
def no_plugins():
    """Keep pytest from loading what else happens to be installed, and its own options."""
    kept = {name: os.environ.get(name) for name in ("PYTEST_ADDOPTS", "PYTEST_PLUGINS")}
    kept["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = os.environ.get("PYTEST_DISABLE_PLUGIN_AUTOLOAD")
    for name in kept:
        os.environ.pop(name, None)
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    try:
        yield
    finally:
        for name, value in kept.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value


def notebook(checks):
    """A notebook of the check cells whose saved outputs are the references."""
    cells = [
        {
            "cell_type": "code",
            "id": f"check-{k}",
            "metadata": {},
            "execution_count": 1,
            "source": check.source,
            "outputs": [display(check.reference)],
        }
        for k, check in enumerate(checks)
    ]
    return {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


def display(bundle):
    """A saved output that holds a bundle."""
    return {"output_type": "display_data", "metadata": {}, "data": {MIME: bundle}}


def missing(check):
    """What counts where nbval reported nothing: fail closed."""
    _, wanted = unpack(check.reference)
    why = check.reason or "it could not be compared"
    return Judged(False, {name: Verdict(False, "missing", why) for name in wanted})


class Plugin:
    """Collects our notebook with our cells and notes what nbval decides."""

    def __init__(self, checks):
        self.checks, self.judged = checks, {}

    def pytest_collect_file(self, file_path, parent):
        if file_path.suffix == ".ipynb":
            collected = CheckFile.from_parent(parent, path=file_path)
            collected.checks = self.checks
            return collected
        return None

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item, call):
        report = yield
        if report.when == "call":
            parts = item.verdicts or missing(item.check).parts
            passed = report.outcome == "passed" and all(v.ok for v in parts.values())
            self.judged[item.cell_num] = Judged(passed, parts)
        return report


class CheckFile(nbval.plugin.IPyNbFile):
    """A notebook whose kernel replays."""

    checks = ()

    def setup(self):
        self.kernel = Replay(self.checks)

    def collect(self):
        for item in super().collect():
            cell = CheckCell.from_parent(
                self,
                name=item.name,
                cell_num=item.cell_num,
                cell=item.cell,
                options={"check": True, "skip": False, "check_exception": False},
            )
            cell.check = self.checks[item.cell_num]
            yield cell


class CheckCell(nbval.plugin.IPyNbCell):
    """A check cell whose bundles are compared by tolerance, part by part."""

    check = None
    verdicts = None

    def sanitize(self, s):
        if isinstance(s, dict) and "parts" in s:
            return Bundle(self, s)
        return super().sanitize(s)


class Bundle:
    """A bundle in nbval's hands: ``!=`` is our comparison."""

    def __init__(self, cell, raw):
        self.cell, self.raw = cell, raw

    def __ne__(self, other):
        return not self == other

    def __eq__(self, other):
        check = self.cell.check
        _, wanted = unpack(check.reference)
        try:
            _, given = unpack(check.emitted)
        except BundleError as error:
            given = dict.fromkeys(wanted, str(error))
        self.cell.verdicts = {
            name: compare(part, given.get(name), check.rtol, check.atol, check.reveal)
            for name, part in wanted.items()
        }
        return all(v.ok for v in self.cell.verdicts.values())

    __hash__ = None

    def __str__(self):
        return "a bundle of values"


class Replay:
    """Answers nbval as a kernel would, with what the isolates emitted."""

    def __init__(self, checks):
        self.checks, self.next, self.queue = checks, 0, []

    def is_alive(self):
        return True

    def execute_cell_input(self, source, allow_stdin=None):
        check, key = self.checks[self.next], str(self.next)
        self.next += 1
        if check.emitted is None:
            failure = {"ename": "NoValues", "evalue": check.reason, "traceback": []}
            self.say(key, "error", failure)
        else:
            self.say(key, "display_data", {"data": {MIME: check.emitted}, "metadata": {}})
        self.say(key, "status", {"execution_state": "idle"})
        return key

    def say(self, key, kind, content):
        """Queue one message."""
        message = {"msg_type": kind, "content": content, "parent_header": {"msg_id": key}}
        self.queue.append(message)

    def await_reply(self, msg_id, timeout=None):
        pass

    def await_idle(self, msg_id, timeout):
        self.queue.clear()

    def get_message(self, stream, timeout=None):
        if not self.queue:
            raise Empty
        return self.queue.pop(0)

    def interrupt(self):
        pass

    def stop(self):
        pass
