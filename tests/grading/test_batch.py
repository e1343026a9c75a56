"""A class: every row is there, one file stops nobody, a stopped run resumes, nothing leaks."""

import base64
import csv
import json
import re
import unicodedata
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import pytest

from course_utils.errors import UserError
from course_utils.grading import batch, feedback
from course_utils.grading.batch import grade_folder
from course_utils.grading.compare import CLOSED
from course_utils.grading.divide import Entry
from course_utils.grading.exports.tables import csv_safe
from course_utils.grading.files import file_names
from course_utils.grading.handout import as_submission, solution_answers
from course_utils.grading.resume import Run
from course_utils.grading.sandbox.backends import NoSandbox, open_sandbox
from course_utils.grading.workers import Worker

ROOT = Path(__file__).parents[2]
SOLUTION = ROOT / "solutions" / "lstm" / "lstm_step.ipynb"


def run(folder, out, sandbox, progress=iter, **options):
    """Grade a folder with one worker."""
    return grade_folder(folder, SOLUTION, out, {"jobs": 1, **options}, progress)


def rows(out):
    with (out / "grades.csv").open(encoding="utf-8") as lines:
        return {row["submission"]: row for row in csv.DictReader(lines)}


def test_odd_entries_get_a_row_and_names_cannot_escape(folder, tmp_path, right, sandbox):
    (folder / "=HYPERLINK(1).ipynb").write_bytes(right)
    (folder / "<script>alert(1)<").write_bytes(right)
    (folder / "..%2f..%2fpwned.ipynb").write_bytes(right)
    (folder / ("long" * 60)).write_bytes(b"")
    (folder / "empty").mkdir()
    outside = tmp_path / "outside.ipynb"
    outside.write_bytes(right)
    (folder / "link.ipynb").symlink_to(outside)
    out = tmp_path / "out"
    records = run(folder, out, sandbox)
    found = rows(out)
    assert len(records) == len(found) == 6
    assert found["'=HYPERLINK(1).ipynb"]["score"] == "10"
    assert found["<script>alert(1)<"]["score"] == "10"
    assert found["link.ipynb"]["reason"] == "this is a link, not a file"
    assert found["empty"]["reason"] == "the folder holds no .ipynb file"
    assert "<script" not in (out / "overview.html").read_text("utf-8")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["in", "out", "outside.ipynb"]
    assert len(list((out / "feedback").iterdir())) == 6


def test_files_beside_a_notebook_have_no_say(folder, tmp_path, right, sandbox):
    inside = folder / "ada"
    inside.mkdir()
    (inside / "lstm_step.ipynb").write_bytes(right)
    (inside / "other.ipynb").write_bytes(b"{}")
    trap = f"open({str(tmp_path / 'trapped')!r}, 'w')\nraise SystemExit('trapped')\n"
    for name in ("conftest.py", "numpy.py", "sitecustomize.py", "usercustomize.py"):
        (inside / name).write_text(trap, "utf-8")
    (inside / "pytest.ini").write_text("[pytest]\naddopts = --collect-only\n", "utf-8")
    (record,) = run(folder, tmp_path / "out", sandbox)
    assert record.score == 10
    assert not (tmp_path / "trapped").exists()
    assert any("2 notebooks" in note for note in record.notes)


def test_a_stopped_run_resumes_under_the_same_seed(folder, tmp_path, right, sandbox, exercise):
    for name in "abcd":
        (folder / f"{name}.ipynb").write_bytes(right)
    out, done = tmp_path / "out", []

    def stopped_after_two(found):
        for entry, record in found:
            if len(done) == 2:
                raise KeyboardInterrupt
            done.append(entry.name)
            yield entry, record

    with pytest.raises(KeyboardInterrupt):
        run(folder, out, sandbox, progress=stopped_after_two)
    assert list(rows(out)) == done == ["a.ipynb", "b.ipynb"]
    seed = Run(out, exercise, SOLUTION).seed
    again = []

    def watched(found):
        for entry, record in found:
            again.append(entry.name)
            yield entry, record

    (folder / "b.ipynb").write_bytes(as_submission(exercise))
    run(folder, out, sandbox, progress=watched)
    assert again == ["b.ipynb", "c.ipynb", "d.ipynb"]  # a is kept; b was handed in anew
    assert {name: row["score"] for name, row in rows(out).items()} == {
        "a.ipynb": "10",
        "b.ipynb": "0",
        "c.ipynb": "10",
        "d.ipynb": "10",
    }
    assert Run(out, exercise, SOLUTION).seed == seed
    assert Run(out, exercise, SOLUTION, fresh=True).seed != seed


def test_the_same_bytes_get_the_same_record(graded, right):
    assert graded(right) == graded(right)


def test_a_worker_that_dies_costs_one_row(exercise, sandbox, right):
    setup = {"solution": str(SOLUTION), "seed": 5, "unsandboxed": False}
    with Worker(setup, exercise) as worker:
        worker.start()
        first = worker.folder
        assert list(first.iterdir())  # the sandbox's files
        worker.process.kill()
        record = worker.grade(right)
        assert (record.status, record.score) == ("failed", 0)
        assert "grade it by hand" in record.reason
        assert worker.grade(right).score == 10
        second = worker.folder
    assert not first.exists() and not second.exists()


def test_no_expected_value_of_a_secret_seed_reaches_a_student(graded, references, exercise):
    record = graded(
        q1="def gates(p, x, h):\n    return (np.full((len(h), h.shape[1]), 7.25),) * 4\n",
        q2="def state(i, f, g, o, c):\n"
        "    return -o * np.tanh(f * c + i * g), 3 * (f * c + i * g)\n",
        q4="def forget_bias(share, steps, w, h):\n    return share * 0 + 7.25\n",
    )
    page = feedback.page(replace(record, submission="x"))
    public = {
        f"{value:.4g}"
        for bundle in references.bundles[exercise.seed].values()
        for part in bundle["parts"].values()
        for value in part["data"]
    }
    shown = set(re.findall(r"expected (-?[\d.]+(?:e-?\d+)?)", page))
    assert shown and {text.rstrip(".") for text in shown} <= public
    assert not any(str(seed) in page for seed in references.seeds)
    for key in ("q1", "q4"):  # of a secret seed, one of a few sentences is said
        for part in record.questions[key].parts.values():
            assert part.secret in {"", *CLOSED.values()}


def test_no_sandbox_means_no_grading_unless_asked_for(exercise, monkeypatch):
    from course_utils.grading.sandbox import backends

    plain = [b for b in backends.backends() if b[0] == "unsandboxed"]
    monkeypatch.setattr(backends, "backends", lambda: plain)
    with pytest.raises(NoSandbox, match="--unsandboxed"):
        open_sandbox(exercise)
    with open_sandbox(exercise, unsandboxed=True) as opened:
        assert opened.name == "unsandboxed"


def test_unsandboxed_results_are_marked_loudly(folder, tmp_path, right):
    (folder / "ada.ipynb").write_bytes(right)
    out = tmp_path / "out"
    (record,) = run(folder, out, None, unsandboxed=True, only="unsandboxed")
    assert record.sandbox == "unsandboxed"
    assert rows(out)["ada.ipynb"]["status"] == "graded"
    assert "UNSANDBOXED" in rows(out)["ada.ipynb"]["reason"]
    assert "UNSANDBOXED" in (out / "overview.html").read_text("utf-8")
    assert "UNSANDBOXED" in (out / "feedback" / "ada.ipynb.html").read_text("utf-8")


def test_exports_say_the_same(folder, tmp_path, right, exercise, sandbox):
    answers = solution_answers(exercise)
    answers["q2"] = answers["q2"].replace("i * g", "g")
    (folder / "ada.ipynb").write_bytes(as_submission(exercise, answers))
    (folder / "+bob.ipynb").write_bytes(b"")
    out = tmp_path / "out"
    run(folder, out, sandbox, exports=("gradescope", "canvas", "moodle", "github"))
    result = json.loads((out / "gradescope" / "ada.ipynb.json").read_text("utf-8"))
    assert result["score"] == 8
    assert [t["score"] for t in result["tests"]] == [2, 0, 2, 1, 1, 1, 1]
    assert "without the factor i in c" in result["tests"][1]["output"]
    packed = json.loads((out / "github.json").read_text("utf-8"))["ada.ipynb"]["result"]
    assert sum(t["score"] for t in json.loads(base64.b64decode(packed))["tests"]) == 8
    suites = {s.get("name"): s for s in ET.parse(out / "junit.xml").getroot()}
    assert suites["ada.ipynb"].get("failures") == "1"
    assert suites["+bob.ipynb"].get("errors") == "7"
    assert "ada,,,ada,,8\n" in (out / "canvas.csv").read_text("utf-8")
    assert "'+bob,,'+bob,,the file is empty" in (out / "moodle.csv").read_text("utf-8")


def test_file_names_are_safe_and_distinct():
    names = [
        "a/../b",
        "..",
        ".hidden",
        "a b.ipynb",
        "ä",
        "x" * 500,
        "x" * 499 + "y",
        "con\n",
        "%2e",
        "zed",
        ".zed",
        "Zed",
        "~zed",
        "caf\u00e9",
        "cafe\u0301",
        "caf\udce9",
        "\ud800",
        "ﬁ",
        "fi",
    ]
    safe = list(file_names(names).values())
    assert len({unicodedata.normalize("NFKC", n).casefold() for n in safe}) == len(names)
    for name in safe:
        assert "/" not in name and not name.startswith(".") and len(name) <= 130
        assert name.isprintable()


def test_spreadsheets_get_no_formula():
    for text in ("=1", "+1", "-1", "@x", "\t=1", "\n=1", " =1"):
        assert csv_safe(text)[0] == "'"
    signs = "=+-@＝＋－＠﹢﹣﹦﹫\u2212"
    for before in ("", ";", "a;", '";', "; '", "\t"):
        for sign in signs:
            assert f"'{sign}" in csv_safe(f"{before}{sign}1"), (before, sign)
    for text in ("ada", "a-b", "3 = 3", "ada; bob", "Müller (2).ipynb"):
        assert csv_safe(text) == text


def test_only_says_where_the_names_are():
    entries = [Entry("Dan Syntax_4_assignsubmission_file_", None), Entry("ada.ipynb", None)]
    with pytest.raises(UserError, match=r"first column of grades\.csv .* 'Dan Syntax_4_"):
        batch.chosen_entries(entries, {"regrade": ["Dan Syntax"]})
    assert batch.chosen_entries(entries, {"regrade": ["ada"]}) == {"ada.ipynb"}


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(UserError, match="there is no"):
        grade_folder(tmp_path / "nowhere", SOLUTION, tmp_path / "out", {})
