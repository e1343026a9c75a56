"""Killed at any moment and run again: a run goes on, repeats nothing that is done, loses nothing.

Workers are stood in for, so that the moments are exact: the process is killed at its n-th file,
before the file is there or just after.
"""

import csv
import subprocess
import sys
from pathlib import Path

import pytest

from course_utils.grading.exercise import load
from course_utils.grading.handout import as_submission
from course_utils.grading.records import Record

ROOT = Path(__file__).parents[2]
SOLUTION = ROOT / "solutions" / "lstm" / "lstm_step.ipynb"
SCRIPT = """
import os, signal, sys
from course_utils.grading import batch, files, resume, workers
from course_utils.grading.records import Record

folder, out, solution, log, fatal, moment = sys.argv[1:]
count, write = 0, files.write

class Worker(workers.Worker):
    def stop(self): return ""
    def kill(self): pass
    def grade(self, data):
        with open(log, "a") as lines: lines.write(f"{len(data)}\\n")
        return Record.empty(self.exercise, self.name)

def fatal_write(path, text):
    global count
    count += 1
    if count == int(fatal) and moment == "half":
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".{path.name[:200]}.{files.platform.node()}.{os.getpid()}")
        temporary.write_text(text[: len(text) // 2], "utf-8")
    if count == int(fatal) and moment != "after": os.kill(os.getpid(), signal.SIGKILL)
    write(path, text)
    if count == int(fatal): os.kill(os.getpid(), signal.SIGKILL)

batch.Worker = Worker
batch.write = resume.write = fatal_write
batch.grade_class(folder, solution, batch.Path(out), {"jobs": 1, "exports": ("canvas",)})
"""


@pytest.mark.parametrize(
    ("fatal", "moment"),
    [(1, "before"), (2, "half"), (3, "after"), (8, "half"), (9, "after")],
)
def test_killed_and_run_again(tmp_path, fatal, moment):
    folder, out, log = tmp_path / "in", tmp_path / "out", tmp_path / "log"
    folder.mkdir()
    log.touch()
    sizes = {}
    for k, name in enumerate("abc"):
        data = as_submission(load(SOLUTION)) + b" " * k
        (folder / f"{name}.ipynb").write_bytes(data)
        sizes[str(len(data))] = f"{name}.ipynb"

    def run(fatal):
        log.write_text("")
        words = (folder, out, SOLUTION, log, fatal, moment)
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", SCRIPT, *map(str, words)], capture_output=True
        )
        return done.returncode, [sizes[line] for line in log.read_text().split()]

    code, first = run(fatal)
    assert code == -9
    done = {p.stem for p in (out / "records").glob("*.json") if not p.name.startswith(".")}
    for name in done:
        Record.from_json((out / "records" / f"{name}.json").read_text("utf-8"))
    code, second = run(0)
    assert code == 0
    assert not done & set(second), "graded twice"
    assert done | set(second) == set(sizes.values()) and len(second) == len(set(second))
    assert len(set(first) & set(second)) <= 2  # what was in hand
    with (out / "grades.csv").open(encoding="utf-8") as lines:
        assert [row["submission"] for row in csv.DictReader(lines)] == sorted(sizes.values())
    for name in sizes.values():
        assert (out / "feedback" / f"{name}.html").stat().st_size > 0
    assert not list(out.rglob(".*"))
    assert run(0) == (0, [])
