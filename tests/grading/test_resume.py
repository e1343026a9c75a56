"""A folder of anything is graded row by row, and a run that was stopped or damaged goes on."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import pytest
from fuzzing import fuzz
from hypothesis import strategies as st

from course_utils.grading import batch, divide, files
from course_utils.grading.divide import Entry
from course_utils.grading.exercise import ExerciseError
from course_utils.grading.handout import as_submission, solution_answers
from course_utils.grading.notebook import LARGEST_FILE
from course_utils.grading.records import PartResult, QuestionResult, Record, RecordError
from course_utils.grading.resume import Run

ROOT = Path(__file__).parents[2]
SOLUTION = ROOT / "solutions" / "lstm" / "lstm_step.ipynb"


def run(folder, out, **options):
    return {r.submission: r for r in
            batch.grade_folder(folder, SOLUTION, out, {"jobs": 1, **options})}  # fmt: skip


def test_one_entry_never_stops_another(folder, tmp_path, right, sandbox, monkeypatch):
    """Names in no encoding, fifos, sockets, loops, folders named like files, what vanishes."""
    (folder / "a good one.ipynb").write_bytes(right)
    Path(os.fsdecode(bytes(folder) + b"/caf\xe9.ipynb")).write_bytes(right)
    Path(os.fsdecode(bytes(folder) + b"/caf\xe8.ipynb")).write_bytes(b"")
    (folder / "new\nline.ipynb").write_bytes(b"{}")
    os.mkfifo(folder / "fifo.ipynb")
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(folder / "socket.ipynb"))
    (folder / "loop.ipynb").symlink_to("loop.ipynb")
    (folder / "folder.ipynb").mkdir()
    (folder / "around").mkdir()
    (folder / "around" / "back").symlink_to("..")
    os.mkfifo(folder / "around" / "x.ipynb")
    with (folder / "huge.ipynb").open("wb") as file:
        file.truncate(LARGEST_FILE + 1)  # a hole: no disk is used
    (folder / "vanishes.ipynb").write_bytes(right)
    (folder / "forbidden.ipynb").write_bytes(right)
    (folder / "z good one.ipynb").write_bytes(right)
    listed, read = batch.collect, files.read

    @contextlib.contextmanager
    def listed_then_gone(*args):
        with listed(*args) as found:
            (folder / "vanishes.ipynb").unlink()
            yield found

    def refused(path, most):  # root may read everything
        if path.name == "forbidden.ipynb":
            raise PermissionError(13, "Permission denied")
        return read(path, most)

    monkeypatch.setattr(batch, "collect", listed_then_gone)
    monkeypatch.setattr(divide, "read", refused)
    found = run(folder, tmp_path / "out")
    assert {name: record.score for name, record in found.items() if record.score} == {
        "a good one.ipynb": 10,
        "caf\\xe9.ipynb": 10,
        "z good one.ipynb": 10,
    }
    bad = {name: record for name, record in found.items() if not record.score}
    assert len(bad) == 10
    assert {record.status for record in bad.values()} == {"unreadable"}
    says = {
        "caf\\xe8.ipynb": "empty", "new\nline.ipynb": "no notebook cells", "fifo.ipynb": "neither",
        "socket.ipynb": "neither", "loop.ipynb": "link", "folder.ipynb": "no .ipynb",
        "around": "link", "huge.ipynb": "larger than 64 MB", "vanishes.ipynb": "No such file",
        "forbidden.ipynb": "Permission denied",
    }  # fmt: skip
    for name, text in says.items():
        assert text in bad[name].reason, name
    names = [p.name for p in (tmp_path / "out" / "records").iterdir()]
    assert len(names) == len(found) and all(name.isascii() for name in names)


def test_a_file_that_changes_is_graded_as_it_was_read(folder, tmp_path, right, exercise, sandbox):
    """The bytes that are hashed are the bytes that are graded: a later change is graded anew."""
    path = folder / "ada.ipynb"
    path.write_bytes(right)
    calls, read = [], files.read

    def changes_after_reading(*args):
        data = read(*args)
        calls.append(data)
        path.write_bytes(as_submission(exercise))
        return data

    patch = pytest.MonkeyPatch()
    with patch.context() as within:
        within.setattr(divide, "read", changes_after_reading)
        assert run(folder, tmp_path / "out")["ada.ipynb"].score == 10
    assert len(calls) == 1
    assert run(folder, tmp_path / "out")["ada.ipynb"].score == 0


@pytest.mark.slow
@pytest.mark.parametrize("piece", [b"{},", b"[],", b'"ab",', b'{"a":0},', b"1e5,"])
def test_a_file_that_fills_the_graders_memory_is_unreadable(folder, tmp_path, sandbox, piece):
    """The largest file that is read, of the smallest values: gigabytes once parsed."""
    data = b'{"cells": [' + piece * ((LARGEST_FILE - 20) // len(piece)) + b"0]}"
    (folder / "a.ipynb").write_bytes(data)
    (record,) = run(folder, tmp_path / "out").values()
    assert record.status == "unreadable", record.reason


DAMAGE = {
    "a list": "[1, 2]",
    "cut off": '{"assignment": "lstm_st',
    "empty": "",
    "no questions": '{"assignment": "lstm_step", "status": "graded"}',
    "points that are text": None,
    "not UTF-8": b"\xff\xfe\x00",
}


@pytest.fixture
def saved(folder, tmp_path, exercise):
    """A run that has saved one record, and the entry that it is of."""
    (folder / "ada.ipynb").write_bytes(b"ada")
    run, entry = Run(tmp_path / "out", exercise, SOLUTION), Entry("ada.ipynb", folder / "ada.ipynb")
    record = Record.empty(exercise, "namespaces")
    record.submission = record.file = entry.name
    record.key = run.key(entry.read())
    run.save(record)
    return run, entry, record


def test_a_record_is_kept_for_its_very_bytes(saved):
    run, entry, record = saved
    assert run.kept(entry.name, entry) == record
    entry.path.write_bytes(b"ada, changed")
    assert run.kept(entry.name, entry) is None
    entry.path.unlink()
    assert run.kept(entry.name, entry) is None


@pytest.mark.parametrize("change", [{"status": "failed"}, {"sandbox": "unsandboxed"}])
def test_a_record_that_may_not_count_is_made_anew(saved, change):
    run, entry, record = saved
    run.save(replace(record, **change))
    assert run.kept(entry.name, entry) is None


@pytest.mark.parametrize("kind", DAMAGE)
def test_a_damaged_record_is_set_aside_and_graded_anew(saved, capsys, kind):
    run, entry, record = saved
    path = run.out / "records" / f"{record.file}.json"
    damage = DAMAGE[kind]
    if damage is None:
        raw = json.loads(path.read_text("utf-8"))
        raw["questions"]["q1"]["points"] = "two"
        damage = json.dumps(raw)
    path.write_bytes(damage if isinstance(damage, bytes) else damage.encode())
    assert run.kept(entry.name, entry) is None
    assert "graded anew" in capsys.readouterr().err
    assert path.with_name(path.name + ".broken").is_file()
    run.save(record)
    assert run.kept(entry.name, entry) == record


@pytest.mark.parametrize("text", ["", "[]", "{", '{"seed": -1, "solution": ""}', '{"seed": true}'])
def test_a_damaged_run_is_set_aside_and_new_seeds_drawn(tmp_path, exercise, capsys, text):
    (tmp_path / "run.json").write_text(text, "utf-8")
    seed = Run(tmp_path, exercise, SOLUTION).seed
    assert "new seeds" in capsys.readouterr().err
    assert (tmp_path / "run.json.broken").read_text("utf-8") == text
    assert Run(tmp_path, exercise, SOLUTION).seed == seed


def test_another_assignment_is_refused(saved, exercise):
    run, entry, _ = saved
    other = replace(exercise, name="bptt")
    before = {p: p.read_bytes() for p in run.out.rglob("*") if p.is_file()}
    with pytest.raises(ExerciseError, match="a folder of its own"):
        Run(run.out, other, SOLUTION)
    assert before == {p: p.read_bytes() for p in run.out.rglob("*") if p.is_file()}
    (run.out / "run.json").unlink()  # only the records are left to tell
    with pytest.raises(ExerciseError, match="a folder of its own"):
        Run(run.out, other, SOLUTION).kept(entry.name, entry)


@pytest.mark.parametrize("loss", ["gone", "empty"])
def test_missing_pages_are_written_again(saved, loss):
    run, entry, record = saved
    page = run.out / "feedback" / f"{record.file}.html"
    whole = page.read_bytes()
    if loss == "gone":
        page.unlink()
    else:
        page.write_bytes(b"")  # a disk that was full
    assert run.kept(entry.name, entry) == record
    assert page.read_bytes() == whole


def test_a_full_disk_leaves_no_half_file(tmp_path, monkeypatch):
    path = tmp_path / "x.json"
    files.write(path, "old")
    monkeypatch.setattr(Path, "replace", lambda *_: (_ for _ in ()).throw(OSError(28, "full")))
    with pytest.raises(OSError, match="full"):
        files.write(path, "new")
    assert [p.name for p in tmp_path.iterdir()] == ["x.json"]
    assert path.read_text("utf-8") == "old"


def test_what_killed_processes_left_is_swept(tmp_path, monkeypatch):
    gone = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"],
                          capture_output=True, text=True).stdout.strip()  # fmt: skip
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    (tmp_path / "tmp").mkdir()
    ours = files.scratch("worker")
    left = ours.with_name(f"{files.SCRATCH}-worker-{gone}-abc")
    left.mkdir()
    node = os.uname().nodename
    out = tmp_path / "out"
    (out / "records").mkdir(parents=True)
    half = out / "records" / f".x.json.{node}.{gone}"
    being = out / "records" / f".y.json.{node}.{os.getpid()}"
    elsewhere = out / "records" / f".z.json.another.{gone}"
    for path in (half, being, elsewhere):
        path.touch()
    files.sweep(out)
    assert ours.exists() and being.exists() and elsewhere.exists()
    assert not left.exists() and not half.exists()


@pytest.fixture
def patient(tmp_path):
    """The exercise with a longer limit for question 2: who waits for it does not stop at once."""
    nb = json.loads(SOLUTION.read_bytes())
    for each in nb["cells"]:
        if each["metadata"].get("course", {}).get("question") == "q2":
            each["metadata"]["course"]["timeout_s"] = 100
    path = tmp_path / "solutions" / SOLUTION.parent.name / SOLUTION.name
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(nb), "utf-8")
    return path


SLEEPER = "# === ANSWER q2 ===\nimport time\ntime.sleep(3600)\n"


def hear_ctrl_c():
    """Jobs in the background of a script ignore Ctrl-C, and so would all that they start."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_a_run_that_is_stopped_leaves_nothing_and_goes_on(
    folder, tmp_path, right, exercise, sandbox, how, patient
):
    """In the middle of a submission that sleeps: at once by Ctrl-C; swept up after kill -9."""
    (folder / "a.ipynb").write_bytes(right)
    answers = {**solution_answers(exercise), "q2": SLEEPER}
    (folder / "b.ipynb").write_bytes(as_submission(exercise, answers))
    out, scratch = tmp_path / "out", tmp_path / "scratch"
    scratch.mkdir()
    scratch.chmod(0o755)
    source = (
        f"from course_utils.grading.batch import grade_folder\n"
        f"grade_folder({str(folder)!r}, {str(patient)!r}, {str(out)!r}, {{'jobs': 2}})"
    )
    environment = {**os.environ, "TMPDIR": str(scratch), "PYTHONPATH": str(ROOT / "src")}
    started = subprocess.Popen([sys.executable, "-c", source], env=environment,
                               stderr=subprocess.PIPE, start_new_session=True,
                               preexec_fn=hear_ctrl_c)  # fmt: skip
    deadline = time.monotonic() + 600
    while not (out / "records" / "a.ipynb.json").is_file():
        assert time.monotonic() < deadline and started.poll() is None
        time.sleep(0.05)
    started.send_signal(how)
    started.communicate(timeout=90)  # the sleeper has a hundred seconds at each of three seeds
    if how == signal.SIGINT:
        assert (out / "grades.csv").is_file()
        assert list(scratch.iterdir()) == []
    source = f"from pathlib import Path\nfrom course_utils.grading.files import sweep\nsweep(Path({str(out)!r}))"  # noqa: E501
    subprocess.run([sys.executable, "-c", source], env=environment, check=True)
    assert [p.name for p in scratch.iterdir() if "worker" in p.name] == []
    (folder / "b.ipynb").write_bytes(right)
    before = (out / "records" / "a.ipynb.json").stat().st_mtime_ns
    again = batch.grade_folder(folder, patient, out, {"jobs": 1})
    assert {r.submission: r.score for r in again} == {"a.ipynb": 10, "b.ipynb": 10}
    assert (out / "records" / "a.ipynb.json").stat().st_mtime_ns == before


TEXT = st.text(max_size=8)
NUMBER = st.floats(allow_nan=False, allow_infinity=False, width=32)
RECORDS = st.builds(
    Record,
    assignment=TEXT, sandbox=TEXT, max_score=NUMBER, reason=TEXT, score=NUMBER,
    status=st.sampled_from(["graded", "partial", "unreadable", "failed"]),
    notes=st.lists(TEXT, max_size=2), submission=TEXT, file=TEXT, key=TEXT,
    questions=st.dictionaries(TEXT, st.builds(
        QuestionResult, points=NUMBER, max=NUMBER,
        parts=st.dictionaries(TEXT, st.builds(PartResult, st.booleans(), TEXT, TEXT), max_size=2),
        said=st.lists(TEXT, max_size=2), review=st.lists(TEXT, max_size=2)), max_size=2),
)  # fmt: skip
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)


@fuzz(RECORDS, few=60, many=1200)
def test_a_record_survives_json(record):
    assert Record.from_json(record.to_json()) == record


@fuzz(
    RECORDS,
    st.lists(st.tuples(st.integers(0, 30), JSON), min_size=1, max_size=3),
    few=150,
    many=3000,
)
def test_a_damaged_record_is_read_or_refused(record, changes):
    raw = json.loads(record.to_json())
    for number, value in changes:
        where = raw
        for _ in range(number % 4):
            inner = [v for v in where.values() if isinstance(v, dict) and v]
            where = inner[number % len(inner)] if inner else where
        where[list(where)[number % len(where)]] = value
    try:
        found = Record.from_json(json.dumps(raw))
    except RecordError as error:
        assert str(error).startswith("record: ")
    else:
        assert Record.from_json(found.to_json()) == found


@fuzz(st.binary(max_size=60), few=100, many=2000)
def test_bytes_are_a_record_or_refused(data):
    with pytest.raises(RecordError):
        Record.from_json(data)
