"""Many machines: a Dask scheduler with two workers, one of which dies; shards of a job array."""

import csv
import subprocess
import sys
import time
from pathlib import Path

import pytest

from course_utils.errors import UserError
from course_utils.grading.batch import grade_class
from course_utils.grading.exercise import load
from course_utils.grading.handout import as_submission, solution_answers
from course_utils.grading.said import part_of

ROOT = Path(__file__).parents[2]
SOLUTION = ROOT / "solutions" / "lstm" / "lstm_step.ipynb"
EXERCISE = load(SOLUTION)
COUNT = 5
FULL = as_submission(EXERCISE, solution_answers(EXERCISE))


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "in"
    made.mkdir()
    for k in range(COUNT):
        (made / f"s{k}.ipynb").write_bytes(FULL if k % 2 else as_submission(EXERCISE))
    (made / "empty").mkdir()
    return made


def scores(out):
    with (out / "grades.csv").open(encoding="utf-8") as lines:
        return {row["submission"]: (row["status"], row["score"]) for row in csv.DictReader(lines)}


WANTED = {
    **{f"s{k}.ipynb": ("graded", "10" if k % 2 else "0") for k in range(COUNT)},
    "empty": ("unreadable", "0"),
}


def test_shards_of_one_folder_make_one_table(folder, tmp_path, sandbox):
    out = tmp_path / "out"
    for index in (1, 2):
        grade_class(folder, SOLUTION, out, {"jobs": 1, "shard": (index, 2)})
        assert len(scores(out)) == 3 * index
    assert scores(out) == WANTED


@pytest.mark.parametrize("text", ["0/3", "4/3", "3", "a/b", "-1/3", "1/0"])
def test_a_shard_that_is_none(text):
    with pytest.raises(UserError, match="--shard"):
        part_of(text)


def test_a_scheduler_that_is_not_there(folder, tmp_path, monkeypatch):
    from course_utils.grading import cluster

    pytest.importorskip("distributed")
    monkeypatch.setattr(cluster, "CONNECT_S", 0.2)
    options = {"dask": "tcp://127.0.0.1:9"}
    with pytest.raises(UserError, match="--dask: no scheduler answers"):
        grade_class(folder, SOLUTION, tmp_path / "out", options)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_a_dask_worker_that_dies_loses_nothing(folder, tmp_path, sandbox):
    distributed = pytest.importorskip("distributed")
    address = tmp_path / "scheduler.json"
    python = [sys.executable, "-W", "ignore", "-m"]
    command = [*python, "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0",
               "--no-dashboard", "--scheduler-file", str(address)]  # fmt: skip
    worker = [*python, "distributed.cli.dask_worker", "--scheduler-file", str(address)]
    worker += ["--no-nanny", "--nthreads", "1", "--no-dashboard", "--host", "127.0.0.1"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": tmp_path}
    running = [subprocess.Popen(command, **quiet)]
    try:
        running += [subprocess.Popen(worker, **quiet) for _ in range(2)]
        end = time.monotonic() + 300
        while not address.is_file() and time.monotonic() < end:
            time.sleep(0.1)
        with distributed.Client(scheduler_file=str(address)) as client:
            client.wait_for_workers(2, timeout=300)
            where = client.scheduler.address
        killed = []

        def one_dies(found):
            for entry, record in found:
                if record.status == "graded" and not killed:
                    running[1].kill()
                    killed.append(entry.name)
                yield entry, record

        out = tmp_path / "out"
        grade_class(folder, SOLUTION, out, {"dask": where}, one_dies)
        assert killed and scores(out) == WANTED
    finally:
        for process in reversed(running):
            process.kill()
            process.wait()
