"""Gradescope's zip, unpacked and run as its harness does it."""

import json
import os
import re
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from course_utils.grading.exercise import load
from course_utils.grading.exports.autograder import autograder_zip, requirements
from course_utils.grading.handout import as_submission, solution_answers
from course_utils.grading.sandbox.backends import open_sandbox

ROOT = Path(__file__).parents[2]
SOLUTION = ROOT / "solutions" / "lstm" / "lstm_step.ipynb"
EXERCISE = load(SOLUTION)


@pytest.fixture(scope="module")
def image(tmp_path_factory):
    """/autograder as the image has it: the zip unpacked, run_autograder copied."""
    root = tmp_path_factory.mktemp("autograder")
    target = autograder_zip(EXERCISE, SOLUTION, root / "autograder.zip")
    with zipfile.ZipFile(target) as archive:
        names = archive.namelist()
        modes = {i.filename: i.external_attr >> 16 for i in archive.infolist()}
        archive.extractall(root / "source")
    assert {"setup.sh", "run_autograder"} <= set(names)
    assert modes["setup.sh"] & 0o111 and modes["run_autograder"] & 0o111
    target.unlink()
    return root


def run(image, files):
    """One submission: (exit code, results.json or None)."""
    for folder in ("submission", "results"):
        for path in sorted((image / folder).rglob("*"), reverse=True):
            path.unlink() if path.is_file() else path.rmdir()
        (image / folder).mkdir(exist_ok=True)
    for name, data in files.items():
        (image / "submission" / name).write_bytes(data)
    done = subprocess.run(
        ["bash", str(image / "source" / "run_autograder")],
        env={**os.environ, "AUTOGRADER": str(image), "COURSE_PYTHON": sys.executable},
        cwd=image,
        capture_output=True,
        text=True,
    )
    path = image / "results" / "results.json"
    return done, json.loads(path.read_text("utf-8")) if path.is_file() else None


def test_it_grades_by_itself(image):
    answers = solution_answers(EXERCISE)
    answers["q2"] = answers["q2"].replace("i * g", "g")
    files = {"my work.ipynb": as_submission(EXERCISE, answers), "notes.md": b"x",
             "lstm_step.ipynb": as_submission(EXERCISE)}  # fmt: skip
    done, found = run(image, files)
    assert done.returncode == 0, done.stderr
    assert found["score"] == 8 and [t["score"] for t in found["tests"]] == [2, 0, 2, 1, 1, 1, 1]
    assert "my work.ipynb was graded" in found["output"]


def test_a_file_that_is_no_notebook_says_so(image):
    done, found = run(image, {"lstm_step.ipynb": b"%PDF-1.4"})
    assert done.returncode == 0, done.stderr
    assert found["score"] == 0 and "PDF" in found["output"]


def test_a_grader_that_fails_gives_no_zero(image, monkeypatch):
    solution = image / "source" / "solutions" / "lstm" / "lstm_step.ipynb"
    kept = solution.read_bytes()
    solution.write_bytes(b"{}")
    try:
        done, found = run(image, {"lstm_step.ipynb": as_submission(EXERCISE)})
    finally:
        solution.write_bytes(kept)
    assert done.returncode != 0 and found is None


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="as root alone")
def test_without_a_sandbox_root_is_not_given_to_students(tmp_path):
    """Gradescope's harness is root; what setup.sh closes to others stays closed to students."""
    secret = tmp_path / "solution.ipynb"
    secret.write_text("secret", "utf-8")
    secret.chmod(0o600)
    source = f"import os\nopen('mine', 'w').write('x')\nprint(open({str(secret)!r}).read())"
    if Path(os.__file__).is_relative_to("/root"):
        pytest.skip("this Python lies in root's own folder, which others cannot read")
    with open_sandbox(EXERCISE, unsandboxed=True, only="unsandboxed") as sandbox:
        with sandbox.isolate() as isolate:
            reply = isolate.run(source, 10)
    assert reply["error"]["name"] == "PermissionError" and "solution.ipynb" in str(reply["error"])


def test_what_setup_installs_is_pinned(image):
    lines = (image / "source" / "requirements.txt").read_text("utf-8").split()
    assert {line.partition("==")[0] for line in lines} >= {"numpy", "nbval", "pytest", "ipython"}
    assert all("==" in line for line in lines)
    assert "requirements.txt" in (image / "source" / "setup.sh").read_text("utf-8")


IMPORT = re.compile(r"^ *(?:import|from) (\w+)", re.MULTILINE)


@pytest.mark.parametrize("path", sorted(ROOT.glob("solutions/*/*.ipynb")), ids=lambda p: p.stem)
def test_setup_installs_what_the_cells_import(path):
    exercise = load(path)
    wanted = {name for cell in exercise.cells for name in IMPORT.findall(cell.source)}
    wanted -= {"course_utils", *sys.stdlib_module_names}
    assert wanted <= {line.partition("==")[0] for line in requirements(exercise).split()}


def test_setup_installs_a_module_by_the_name_that_pip_knows():
    exercise = replace(EXERCISE, preload=("numpy", "sklearn"))
    assert "scikit-learn==" in requirements(exercise)
