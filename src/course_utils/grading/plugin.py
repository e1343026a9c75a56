"""nbval as the judge: it compares emitted bundles with references, outside the student's process.

The cells have run before, in isolates, so no kernel is needed: each check is a cell of nbval's
whose saved output is the reference and whose new output is what the student's run emitted.  nbval
decides which outputs belong together and that none is missing; `Bundle` decides what is equal.
"""

import contextlib
import io
import os
import tempfile
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import nbval.plugin
import pytest
from nbformat import NotebookNode

from course_utils.grading.bundle import MIME, BundleError, unpack
from course_utils.grading.compare import Verdict, compare
from course_utils.grading.guard import Overdue


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
    """A list of `Check` -> a list of `Judged`, by nbval's cells in one session of this process."""
    cell = session_cell()
    return [cell.judged(check) for check in checks]


@lru_cache(maxsize=1)
def session_cell():
    """nbval's cell in a pytest session without tests, opened once: it takes longer than judging."""
    plugin, quiet = Plugin(), io.StringIO()
    with tempfile.TemporaryDirectory(prefix="course-nbval-") as folder:
        path = Path(folder, "checks.ipynb")
        path.touch()
        with contextlib.redirect_stdout(quiet), contextlib.redirect_stderr(quiet), no_plugins():
            pytest.main(arguments(folder, path), plugins=[plugin])
    if plugin.file is None:
        raise RuntimeError(f"nbval did not start: {quiet.getvalue()[-500:]}")
    return CheckCell.from_parent(plugin.file, name="check", cell_num=0, cell=None, options={})


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
    """Keeps the file that pytest collects."""

    file = None

    def pytest_collect_file(self, file_path, parent):
        self.file = CheckFile.from_parent(parent, path=file_path)
        return self.file


class CheckFile(nbval.plugin.IPyNbFile):
    """A notebook whose cells have run: no kernel, and none to collect."""

    def setup(self):
        pass

    def collect(self):
        return []


class CheckCell(nbval.plugin.IPyNbCell):
    """A check cell whose bundles are compared by tolerance, part by part."""

    check = None
    verdicts = None

    def judged(self, check):
        """nbval's word on one `Check` and the verdicts of its parts; an error is no pass."""
        self.check, self.verdicts, passed = check, None, False
        if check.emitted is not None:
            outputs = [output(check.emitted)], [output(check.reference)]
            try:
                passed = self.compare_outputs(*outputs)
            except (Overdue, MemoryError):
                raise
            except Exception:  # of what strangers wrote: this check alone is lost
                self.verdicts = None
        parts = self.verdicts or missing(check).parts
        return Judged(passed and all(v.ok for v in parts.values()), parts)

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
