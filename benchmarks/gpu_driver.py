"""Processes with limits: what hangs or dies is named, and what comes behind it still runs.

Nothing here loads torch, so that a GPU which does not answer cannot stop it.
"""

import contextlib
import json
import multiprocessing
import os
import signal
import subprocess
import time
from pathlib import Path
from typing import NamedTuple

from course_utils import files


class Job(NamedTuple):
    """A command that measures or tests some parts within ``limit`` seconds.

    log.died(why): blame what was running when the process ended, and say whether there was such a
    thing; log.collect(): put what is known into the record.
    """

    names: list
    command: list
    limit: float
    log: object
    output: Path | None = None  # where what it prints goes, instead of the screen


class CaseLog:
    """The cases of some parts, which the record knows already."""

    def __init__(self, record, names):
        self.record, self.names = record, names

    def died(self, why):
        """A row with an error for the case that was running."""
        found = [self.record.died(name, why) for name in self.names]  # each of them
        return any(found)

    def collect(self):
        """Nothing: a part writes after every case."""


class TestLog:
    """What tests/gpu/conftest.py wrote: a line at a test's start, and one at its end."""

    __test__ = False  # pytest: not a class of tests

    def __init__(self, record, name):
        self.record, self.name = record, name
        self.path = record.path.with_name(f"{name}.jsonl")
        self.path.unlink(missing_ok=True)

    def outcomes(self):
        """test -> its last line."""
        if not self.path.exists():
            return {}
        lines = [json.loads(line) for line in self.path.read_text("utf-8").splitlines()]
        return {line["test"]: line for line in lines}

    def died(self, why):
        """The tests that began and did not end have failed."""
        hung = [n for n, line in self.outcomes().items() if line["outcome"] == "started"]
        with self.path.open("a", encoding="utf-8") as file:
            for name in hung:
                line = {"test": name, "outcome": "failed", "seconds": 0, "why": why}
                file.write(json.dumps(line) + "\n")
        return bool(hung)

    def collect(self):
        """Numbers of tests, and those that failed by name."""
        of = {"passed": 0, "skipped": 0, "listed": 0, "failed": []}
        for name, line in self.outcomes().items():
            if line["outcome"] == "failed":
                of["failed"].append({"test": name, "why": line["why"]})
            elif line["outcome"] in of:
                of[line["outcome"]] += 1
        self.record.update(tests=self.record.read()["tests"] | {self.name: of})


class TrialLog:
    """What the trial of the persistent kernel prints; what passed becomes a candidate record."""

    def __init__(self, record):
        self.record = record
        self.path = record.path.with_name("persistent_trial.json")
        self.candidate = record.path.with_name("persistent_records.json")
        for path in (self.path, self.candidate):
            path.unlink(missing_ok=True)

    def died(self, why):
        """It has watchdogs of its own, and prints at its end."""
        return False

    def collect(self):
        """{"passed": whether anything did, "cases": all that was tried}, and the candidate."""
        try:
            found = json.loads(self.path.read_text("utf-8"))
        except (OSError, ValueError):
            return self.record.update(trial={"passed": False, "cases": {}})
        passed = any(case["passed"] for case in found["cases"].values())
        self.record.update(trial=found | {"passed": passed})
        if passed and found["records"]:
            files.write(self.candidate, json.dumps(found["records"], indent=1) + "\n")


def run_job(job, record, seconds, environment, *, lost=3, worth_it=5, after=dict):
    """Run a job again and again while each run gets further, until its time is up.

    lost: the status of a process whose GPU answered no more; worth_it: seconds below which nothing
    is started; after(): facts to note at the end.
    """
    limit = min(job.limit, seconds)
    if limit < worth_it:
        return note(record, job, "not run: the time was up", 0)
    start = time.monotonic()
    while True:
        left = limit - (time.monotonic() - start)
        status = run(job.command, left, environment, job.output) if left > 0 else None
        if status is None:
            job.log.died(f"stopped: the {limit:.0f} s of its part were over")
            text = f"stopped after {limit:.0f} s"
            break
        on = job.log.died(f"its process ended with status {status}") or status == lost
        if not on:
            text = "done" if status == 0 else f"failed, status {status}"
            break
    job.log.collect()
    return note(record, job, text, time.monotonic() - start, **after())


def note(record, job, status, seconds, **facts):
    """The end of a job's parts."""
    for name in job.names:
        record.part(name, status=status, seconds=round(seconds, 1), **facts)


def run(command, seconds, environment, output=None):
    """The exit status, or None where it was killed, with its children, after ``seconds``.

    output: a file for what it prints.
    """
    words, surroundings = [str(word) for word in command], os.environ | environment
    with output.open("w") if output else contextlib.nullcontext() as file:
        process = subprocess.Popen(words, env=surroundings, start_new_session=True, stdout=file)
        try:
            return process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def side_by_side(function, todo, workers, seconds):
    """Results of ``function``, in no order, in processes of their own; those that came in time."""
    results, end = [], time.monotonic() + seconds
    with multiprocessing.get_context("spawn").Pool(workers) as pool:  # which ends them all
        found = pool.imap_unordered(function, todo)
        with contextlib.suppress(StopIteration, multiprocessing.TimeoutError):
            while True:
                results.append(found.next(max(0, end - time.monotonic())))
    return results
