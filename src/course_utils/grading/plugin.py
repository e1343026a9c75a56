"""nbval as the judge: it compares emitted bundles with references, outside the student's process.

The cells have run before, in isolates, so no kernel is needed: each check is a cell of nbval's
whose saved output is the reference and whose new output is what the student's run emitted.  nbval
decides which outputs belong together and that none is missing; `Bundle` decides what is equal.
"""

import contextlib
import io
import os
import tempfile
from pathlib import Path
from typing import NamedTuple

import nbval.plugin
import pytest
from nbformat import NotebookNode

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
    plugin = Plugin(checks)
    quiet = io.StringIO()
    with tempfile.TemporaryDirectory(prefix="course-nbval-") as folder:
        path = Path(folder, "checks.ipynb")
        path.touch()
        with contextlib.redirect_stdout(quiet), contextlib.redirect_stderr(quiet), no_plugins():
            pytest.main(arguments(folder, path), plugins=[plugin])
    return [plugin.judged.get(k, missing(c)) for k, c in enumerate(checks)]


def arguments(folder, path):
    """No configuration, conftest or plugin of anybody's; nothing printed, nothing cached."""
    off = ("cacheprovider", "logging", "faulthandler", "warnings")
    off += ("unraisableexception", "threadexception", "doctest", "junitxml", "pastebin", "recwarn")
    off += ("setuponly", "setupplan", "stepwise", "unittest", "debugging", "tmpdir", "monkeypatch")
    off += ("python", "subtests", "assertion", "reports")  # nbval needs none of these
    switches = [word for name in off for word in ("-p", f"no:{name}")]
    switches += ["-p", "nbval.plugin", "-s", "-q", "--tb=no", "--color=no", "--noconftest"]
    return [*switches, "-c", "/dev/null", "--rootdir", folder, str(path)]


@contextlib.contextmanager
def no_plugins():
    """Keep pytest from loading what else happens to be installed, and its own options."""
    kept = {k: v for k, v in os.environ.items() if k.startswith("PYTEST_")}
    for name in kept:
        del os.environ[name]
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    try:
        yield
    finally:
        del os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"]
        os.environ.update(kept)


def missing(check):
    """What counts where nbval reported nothing: fail closed."""
    _, wanted = unpack(check.reference)
    why = check.reason or "it could not be compared"
    return Judged(False, {name: Verdict(False, "missing", why) for name in wanted})


class Plugin:
    """Gives pytest our checks and notes what nbval decides."""

    def __init__(self, checks):
        self.checks, self.judged = checks, {}

    def pytest_collect_file(self, file_path, parent):
        collected = CheckFile.from_parent(parent, path=file_path)
        collected.checks = self.checks
        return collected

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item, call):
        report = yield
        if report.when == "call":
            parts = item.verdicts or missing(item.check).parts
            passed = report.outcome == "passed" and all(v.ok for v in parts.values())
            self.judged[item.cell_num] = Judged(passed, parts)
        return report


class CheckFile(nbval.plugin.IPyNbFile):
    """A notebook whose cells have run: no kernel."""

    checks = ()

    def setup(self):
        pass

    def collect(self):
        for k, check in enumerate(self.checks):
            cell = CheckCell.from_parent(self, name=str(k), cell_num=k, cell=None, options={})
            cell.check = check
            yield cell


class CheckCell(nbval.plugin.IPyNbCell):
    """A check cell whose bundles are compared by tolerance, part by part."""

    check = None
    verdicts = None

    def runtest(self):
        if self.check.emitted is None:
            pytest.fail(self.check.reason)
        if not self.compare_outputs([output(self.check.emitted)], [output(self.check.reference)]):
            pytest.fail("the values differ")

    def sanitize(self, s):
        return Bundle(self, s) if isinstance(s, dict) else super().sanitize(s)

    def format_output_compare(self, key, left, right):
        pass


def output(bundle):
    """An output of a notebook that holds a bundle."""
    return NotebookNode(output_type="display_data", metadata={}, data={MIME: bundle})


class Bundle:
    """A bundle in nbval's hands: ``!=`` is our comparison of all parts."""

    def __init__(self, cell, raw):
        self.cell, self.raw = cell, raw

    def __ne__(self, given):
        check, (_, wanted) = self.cell.check, unpack(self.raw)
        try:
            _, parts = unpack(given.raw)
        except BundleError as error:
            parts = dict.fromkeys(wanted, str(error))
        self.cell.verdicts = {
            name: compare(part, parts.get(name), check.rtol, check.atol, check.reveal)
            for name, part in wanted.items()
        }
        return not all(v.ok for v in self.cell.verdicts.values())
