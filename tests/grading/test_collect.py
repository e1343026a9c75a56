"""What a class hands in, as four systems and a Mac pack it: nobody is lost, nothing is invented."""

import io
import json
import os
import zipfile
from pathlib import Path

import pytest

from course_utils.grading.collect import collect
from course_utils.grading.divide import NO_NOTEBOOK
from course_utils.grading.exercise import load
from course_utils.grading.handout import as_submission, solution_answers

ROOT = Path(__file__).parents[2]
EXERCISE = load(ROOT / "solutions" / "lstm" / "lstm_step.ipynb")
OTHER = load(ROOT / "solutions" / "recurrence" / "bptt.ipynb")
ANSWERS = solution_answers(EXERCISE)
BLANK = as_submission(EXERCISE)
FULL = as_submission(EXERCISE, ANSWERS)
HALF = as_submission(EXERCISE, dict(list(ANSWERS.items())[:3]))
WRONG = as_submission(OTHER, solution_answers(OTHER))
CHAPTER = json.dumps({"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}).encode()
JUNK = b"\x00\x05\x16\x07"  # AppleDouble

# name -> (files, expected rows {name: what is graded}, part of what is left out)
CLASSES = {
    "plain files": (
        {"ada.ipynb": FULL, "bob.ipynb": HALF, "README.md": b"x", ".DS_Store": b"x"},
        {"ada.ipynb": FULL, "bob.ipynb": HALF},
        {"README.md", ".DS_Store"},
    ),
    "a Mac's zip": (
        {"hw/ada.ipynb": FULL, "hw/bob.ipynb": HALF, "__MACOSX/hw/._ada.ipynb": JUNK,
         "hw/._bob.ipynb": JUNK, "hw/.DS_Store": b"x"},
        {"ada.ipynb": FULL, "bob.ipynb": HALF},
        {"__MACOSX", "hw/._bob.ipynb", "hw/.DS_Store"},
    ),
    "checkpoints, an environment, results": (
        {"ada/lstm_step.ipynb": HALF, "ada/.ipynb_checkpoints/lstm_step-checkpoint.ipynb": FULL,
         "ada/venv/pyvenv.cfg": b"home = x", "ada/venv/lib/demo.ipynb": FULL,
         "ada/.venv/share/demo.ipynb": FULL, "results/run.json": b"{}",
         "results/records/x.json": b"{}", "results/lstm_step.ipynb": FULL},
        {"ada": HALF},
        {"ada/venv", "ada/.venv", "ada/.ipynb_checkpoints", "results"},
    ),
    "the handout beside the real one": (
        {"ada/lstm_step.ipynb": BLANK, "ada/my work.ipynb": FULL,
         "bob/lstm_step.ipynb": HALF, "bob/scratch.ipynb": CHAPTER,
         "cyd/draft.ipynb": HALF, "cyd/final.ipynb": FULL},
        {"ada": FULL, "bob": HALF, "cyd": FULL},
        set(),
    ),
    "nested sections": (
        {"a/ada.ipynb": FULL, "a/bob.ipynb": HALF, "b/cyd/lstm_step.ipynb": FULL,
         "b/dan/deep/er/lstm_step.ipynb": HALF, "b/eve/README.md": b"x"},
        {"a/ada.ipynb": FULL, "a/bob.ipynb": HALF, "b/cyd": FULL, "b/dan": HALF, "b/eve": None},
        {"b/eve/README.md"},
    ),
    "own names with the exercise's in them": (
        {f"week1/lstm_step_{who}.ipynb": FULL for who in ("ada", "bob", "cyd")},
        {f"lstm_step_{who}.ipynb": FULL for who in ("ada", "bob", "cyd")},
        set(),
    ),
    "nobody wrote a thing": (
        {"w/ada.ipynb": BLANK, "w/bob.ipynb": b"{", "w/cyd.ipynb": WRONG},
        {"ada.ipynb": BLANK, "bob.ipynb": b"{", "cyd.ipynb": WRONG},
        set(),
    ),
    "Canvas": (
        {"doejane_4711_90210_lstm_step-1.ipynb": FULL, "roe_LATE_4712_90211_work.ipynb": HALF,
         "poe_4713_90212_notes.md": b"text"},
        {"doejane_4711_90210_lstm_step-1.ipynb": FULL, "roe_LATE_4712_90211_work.ipynb": HALF,
         "poe_4713_90212_notes.md": b"text"},
        set(),
    ),
    "Moodle": (
        {"Jane Doe_815_assignsubmission_file_/lstm_step.ipynb": FULL,
         "Rick Roe_816_assignsubmission_file_/a.ipynb": HALF,
         "Rick Roe_816_assignsubmission_file_/b.ipynb": BLANK},
        {"Jane Doe_815_assignsubmission_file_": FULL, "Rick Roe_816_assignsubmission_file_": HALF},
        set(),
    ),
    "Gradescope": (
        {"assignment_9_export/submission_1/lstm_step.ipynb": FULL,
         "assignment_9_export/submission_2/x/work.ipynb": HALF,
         "assignment_9_export/submission_metadata.yml": b"submission_1:\n  :submitters:\n"
         b"  - :name: Jane Doe\n    :sid: '100'\n    :email: jane@x.edu\n"
         b"  :created_at: 2027-01-16 00:30:00.190310000 Z\n"},
        {"submission_1": FULL, "submission_2": HALF},
        {"assignment_9_export/submission_metadata.yml"},
    ),
    "GitHub Classroom": (
        {f"lstm-{who}/{name}": data for who in ("ada", "bob") for name, data in {
            ".git/HEAD": b"x", ".github/workflows/classroom.yml": b"x", "README.md": b"x",
            "exercises/lstm/lstm_step.ipynb": FULL, "exercises/recurrence/bptt.ipynb": WRONG,
            "notebooks/lstm/gates.ipynb": CHAPTER, "notebooks/recurrence/bptt.ipynb": CHAPTER,
        }.items()},
        {"lstm-ada": FULL, "lstm-bob": FULL},
        {"lstm-ada/.git", "lstm-bob/.github"},
    ),
}  # fmt: skip


def pack(files, times=None):
    """A zip of these files; times: {name: (year, month, day, hour, minute, second)}."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            when = (times or {}).get(name, (1980, 1, 1, 0, 0, 0))
            archive.writestr(zipfile.ZipInfo(name, when), data)
    return stream.getvalue()


def spread(files, folder):
    """The same files in a folder."""
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder


def contents(found):
    """{name of the row: the bytes that are graded}."""
    return {e.name: e.path.read_bytes() if e.path else None for e in found.entries}


@pytest.mark.parametrize("name", CLASSES)
@pytest.mark.parametrize("packed", [False, True], ids=["folder", "zip"])
def test_a_class_as_it_comes(name, packed, tmp_path):
    files, rows, left_out = CLASSES[name]
    if packed:
        folder = tmp_path / "submissions.zip"
        folder.write_bytes(pack(files))
    else:
        folder = spread(files, tmp_path / "in")
    with collect(folder, EXERCISE) as found:
        seen = contents(found)
        assert set(seen) == set(rows)
        for row, data in rows.items():
            if data is not None and row != "poe_4713_90212_notes.md":
                assert seen[row] == data, row
        assert left_out <= dict(found.left_out).keys()
        assert all(why for _, why in found.left_out)


OTHERS = {k: v for k, v in ANSWERS.items() if k != "q1"} | {"q1": ANSWERS["q1"] + "\n# mine\n"}
LATER = as_submission(EXERCISE, OTHERS)
AGAIN = (
    ("{} (1)", "{}"), ("{} (10)", "{} (9)"), ("{}(2)", "{}(1)"), ("{} 2", "{}"), ("{}-2", "{}-1"),
    ("{} copy", "{}"), ("{} copy 2", "{} copy"), ("{}-Copy1", "{}"), ("{}-Copy2", "{}-Copy1"),
    ("{} - Kopie", "{}"), ("{} - Kopie (2)", "{} - Kopie"), ("{} - Copy (3)", "{} - Copy (2)"),
    ("{} (copy)", "{}"), ("Copy of {}", "{}"), ("Kopie von {}", "{}"), ("{}_copy", "{}"),
)  # fmt: skip


@pytest.mark.parametrize("stem", ["lstm_step", "my work"])
@pytest.mark.parametrize(("later", "older"), AGAIN)
def test_of_copies_the_latest_counts(later, older, stem, tmp_path):
    later, older = (f"ada/{pattern.format(stem)}.ipynb" for pattern in (later, older))
    path = tmp_path / "in.zip"
    path.write_bytes(pack({older: FULL, later: LATER, "bob/lstm_step.ipynb": FULL}))
    with collect(path, EXERCISE) as found:
        assert contents(found) == {"ada": LATER, "bob": FULL}
        (note,) = (e.note for e in found.entries if e.name == "ada")
    assert later.removeprefix("ada/") in note
    assert "latest copy" in note


@pytest.mark.parametrize("packed", [False, True], ids=["folder", "zip"])
def test_the_time_that_an_archive_has_outweighs_names(packed, tmp_path):
    files = {"ada/lstm_step.ipynb": LATER, "ada/lstm_step (1).ipynb": FULL,
             "bob/lstm_step.ipynb": FULL}  # fmt: skip
    days = {name: 16 - k for k, name in enumerate(files)}
    path = tmp_path / "in"
    if packed:
        path.write_bytes(pack(files, {n: (2027, 1, day, 12, 0, 0) for n, day in days.items()}))
    else:
        spread(files, path)
        for name, day in days.items():
            os.utime(path / name, (day * 86400.0,) * 2)
    with collect(path, EXERCISE) as found:
        assert contents(found)["ada"] == LATER
        assert "saved last" in next(e.note for e in found.entries if e.name == "ada")


def test_zips_in_a_folder_and_in_zips(tmp_path):
    folder = spread(
        {
            "ada.zip": pack({"lstm_step.ipynb": FULL}),
            "bob.zip": pack({"bob/inner.zip": pack({"w/lstm_step.ipynb": HALF})}),
            "cyd.zip": b"PK\x03\x04 and no more",
            "dan.zip": pack({"report.pdf": b"%PDF"}),
            "eve.zip": pack({}),
        },
        tmp_path / "in",
    )
    with collect(folder, EXERCISE) as found:
        assert contents(found) == {
            "ada.zip": FULL, "bob.zip": HALF, "cyd.zip": None, "dan.zip": None, "eve.zip": None,
        }  # fmt: skip
        reasons = {e.name: e.reason for e in found.entries}
    assert "damaged" in reasons["cyd.zip"] and "not a notebook" in reasons["dan.zip"]
    assert "empty" in reasons["eve.zip"]


def test_names_in_a_zip_never_become_paths(tmp_path):
    path = tmp_path / "class.zip"
    names = ("../../evil.ipynb", "/etc/evil.ipynb", "a/../b.ipynb")
    path.write_bytes(pack(dict.fromkeys(names, FULL)))
    with collect(path, EXERCISE) as found:
        places = [e.path for e in found.entries]
        assert len(places) == 3 and len({p.parent for p in places}) == 1
    assert sorted(p.name for p in tmp_path.iterdir()) == ["class.zip"]
    assert not any(p.exists() for p in places)


def test_a_bomb_of_zeros_is_cut_off(tmp_path, monkeypatch):
    from course_utils.grading import unzip

    monkeypatch.setattr(unzip, "LARGEST_FILE", 1 << 20)
    path = tmp_path / "in"
    spread({"ada.ipynb": FULL, "bomb.zip": pack({"x.ipynb": bytes(50 << 20)})}, path)
    with collect(path, EXERCISE) as found:
        sizes = {e.name: e.path.stat().st_size for e in found.entries}
    assert 1 << 20 < sizes["bomb.zip"] < 3 << 20


def test_folders_without_end_cost_nothing(tmp_path):
    """Neither the time of two to the depth nor the depth of Python's stack."""
    deep = "a/" * 3000
    names = {f"ada/{deep}x.ipynb": FULL, f"ada/{deep}y.ipynb": HALF, "bob.ipynb": HALF}
    path = tmp_path / "class.zip"
    path.write_bytes(pack(names))
    with collect(path, EXERCISE) as found:
        assert contents(found) == {"ada": FULL, "bob.ipynb": HALF}
    here = tmp_path / "in"
    for _ in range(150):
        here = here / "b"
    here.mkdir(parents=True)
    (here / "x.ipynb").write_bytes(FULL)
    (tmp_path / "in" / "cyd.ipynb").write_bytes(HALF)
    with collect(tmp_path / "in", EXERCISE) as found:
        reasons = {e.name: e.reason for e in found.entries}
    assert set(reasons) == {"b", "cyd.ipynb"} and "without end" in reasons["b"]


def test_senders_are_read_from_names_and_metadata(tmp_path):
    def senders(name):
        with collect(spread(CLASSES[name][0], tmp_path / name), EXERCISE) as found:
            return {e.name: e.senders for e in found.entries}

    canvas = senders("Canvas")
    (jane,) = canvas["doejane_4711_90210_lstm_step-1.ipynb"]
    (roe,) = canvas["roe_LATE_4712_90211_work.ipynb"]
    assert (jane.user_id, jane.name, jane.late, jane.attempt) == ("4711", "doejane", False, 1)
    assert (roe.user_id, roe.late) == ("4712", True)
    (jane,) = senders("Moodle")["Jane Doe_815_assignsubmission_file_"]
    assert (jane.name, jane.user_id) == ("Jane Doe", "815")
    found = senders("Gradescope")
    (jane,) = found["submission_1"]
    assert (jane.name, jane.user_id, jane.email) == ("Jane Doe", "100", "jane@x.edu")
    assert jane.submitted.isoformat() == "2027-01-16T00:30:00.190310+00:00"
    assert found["submission_2"] == ()


def test_an_empty_folder_and_a_folder_of_junk_are_rows(tmp_path):
    folder = spread({"ada/._x.ipynb": JUNK, "bob/__MACOSX/y.ipynb": JUNK}, tmp_path / "in")
    (folder / "cyd").mkdir()
    with collect(folder, EXERCISE) as found:
        assert {e.name: e.reason for e in found.entries} == dict.fromkeys(
            ("ada", "bob", "cyd"), NO_NOTEBOOK
        )
