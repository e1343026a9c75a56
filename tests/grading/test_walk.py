"""As an instructor walks it: a Canvas download, a roster, a policy, a change by hand, one again."""

import csv
import io
import json
import sys
import zipfile
from pathlib import Path

import pytest

from course_utils import __main__ as entry
from course_utils.grading.exercise import load
from course_utils.grading.handout import as_submission, solution_answers

ROOT = Path(__file__).parents[2]
EXERCISE = load(ROOT / "solutions" / "lstm" / "lstm_step.ipynb")
OTHER = load(ROOT / "solutions" / "recurrence" / "bptt.ipynb")
ROSTER = """name,email,id,sis_id
Ada Lovelace,ada@x.edu,4711,S1
Bob Doe,bob@x.edu,4712,S2
Eve Roe,eve@x.edu,4713,S3
Zoe Poe,zoe@x.edu,4714,S4
"""


@pytest.fixture
def course(tmp_path, monkeypatch, capsys):
    """Run ``course grade`` on a Canvas download in ``tmp_path``; (stdout, rows of grades.csv)."""
    answers = solution_answers(EXERCISE)
    half = as_submission(EXERCISE, {**answers, "q2": EXERCISE.stubs["q2"]})
    files = {
        "lovelaceada_4711_1_lstm_step.ipynb": as_submission(EXERCISE),
        "lovelaceada_4711_2_lstm_step-1.ipynb": half,
        "doebob_LATE_4712_3_work.ipynb": as_submission(OTHER, solution_answers(OTHER)),
        "roeeve_4713_4_report.pdf": b"%PDF-1.7",
        "__MACOSX/._lovelaceada_4711_1_lstm_step.ipynb": b"\x00\x05",
        "README.md": b"x",
    }
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    (tmp_path / "submissions.zip").write_bytes(stream.getvalue())
    (tmp_path / "roster.csv").write_text(ROSTER, "utf-8")
    (tmp_path / "policy.yaml").write_text("deadline: 2027-01-15\npenalty: 0.1\n", "utf-8")

    def run(*more):
        words = ["grade", tmp_path / "submissions.zip", "--assignment", "lstm_step", "--out",
                 tmp_path / "out", "--solutions", ROOT / "solutions", "--roster",
                 tmp_path / "roster.csv", "--policy", tmp_path / "policy.yaml", "--jobs", "1",
                 "--export", "canvas", *more]  # fmt: skip
        monkeypatch.setattr(sys, "argv", ["course", *map(str, words)])
        with pytest.raises(SystemExit) as stopped:
            entry.main()
        assert not stopped.value.code
        with (tmp_path / "out" / "grades.csv").open(encoding="utf-8") as lines:
            return capsys.readouterr().out, {r["submission"]: r for r in csv.DictReader(lines)}

    return run


def test_from_a_download_to_a_gradebook(course, tmp_path, sandbox):
    said, rows = course()
    first, second = "lovelaceada_4711_1_lstm_step.ipynb", "lovelaceada_4711_2_lstm_step-1.ipynb"
    other, report = "doebob_LATE_4712_3_work.ipynb", "roeeve_4713_4_report.pdf"
    assert set(rows) == {first, second, other, report}
    assert (rows[first]["score"], rows[second]["score"]) == ("0", "8")
    assert second in rows[first]["notes"] and rows[second]["student"] == "Ada Lovelace"
    assert "exercise bptt, not of lstm_step" in rows[other]["reason"]
    assert "late" in rows[other]["notes"] and rows[report]["status"] == "unreadable"
    assert "no submission: 1" in said and "Zoe Poe" in said and "README.md" in said
    page = (tmp_path / "out" / "overview.html").read_text("utf-8")
    assert "exercise bptt, not of lstm_step" in page and "Zoe Poe" in page

    def canvas():
        text = (tmp_path / "out" / "canvas.csv").read_text("utf-8")
        return {row[1]: row[5] for row in list(csv.reader(io.StringIO(text)))[2:]}

    assert canvas() == {"4711": "8", "4712": "0", "4713": "", "4714": ""}

    record = next((tmp_path / "out" / "records").glob("*4711_2*"))
    before = record.read_bytes()
    change = f"submission,question,add,set,reason\n{second},q2,,2,right by another convention\n"
    (tmp_path / "out" / "adjustments.csv").write_text(change + "eve@x.edu,,,5,oral\n", "utf-8")
    _, rows = course()
    assert (rows[second]["score"], rows[second]["adjusted"]) == ("8", "10")
    assert canvas() == {"4711": "10", "4712": "0", "4713": "5", "4714": ""}
    assert record.read_bytes() == before  # nothing was graded again, and nothing rewritten

    wrong = json.loads(before)
    wrong["score"], wrong["notes"] = 3.0, ["an old grader said so"]
    record.write_text(json.dumps(wrong), "utf-8")
    _, rows = course("--only", second.removesuffix(".ipynb"))
    assert rows[second]["score"] == "8" and "old grader" not in rows[second]["notes"]
