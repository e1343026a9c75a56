"""Runs cells for `course check`: the student's own code, in a process that can be stopped.

It answers as a sandbox's isolate does, so that the grader's runner drives it; it protects nobody.
What an exercise forbids is not there, as when it is graded.
"""

import json
import os
import queue
import subprocess
import sys
import threading

from course_utils.grading.sandbox.isolate import IsolateGone

START_S = 60


class Local:
    """A sandbox for one's own code; ``away``: modules that cannot be imported."""

    name = "local"

    def __init__(self, away=()):
        self.away, self.ready = list(away), None

    def start(self):
        """Begin to start a process, so that it is there when it is wanted."""
        self.ready = Process(self.away)

    def isolate(self, limits=None, guard=()):
        """A fresh process; a context manager."""
        process, self.ready = self.ready or Process(self.away), None
        return process


class Process:
    """One process that runs cells in the order given."""

    def __init__(self, away):
        package = os.path.dirname(os.path.dirname(os.path.dirname(__file__)))  # noqa: PTH120
        path = os.pathsep.join([package, *filter(None, [os.environ.get("PYTHONPATH")])])
        self.process = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", "course_utils.grading.local_cells"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": path},
        )
        self.lines = queue.Queue()
        threading.Thread(target=self.read, daemon=True).start()
        self.send({"away": away})

    def read(self):
        """Pass on what the process says; None when it ends."""
        for line in self.process.stdout:
            self.lines.put(line)
        self.lines.put(None)

    def send(self, order):
        """One line to the process; one that is gone is noticed when its answer is awaited."""
        try:
            self.process.stdin.write(json.dumps(order).encode("ascii") + b"\n")
            self.process.stdin.flush()
        except OSError:
            return

    def run(self, source, limit, role="answer", seed=0):
        """Run one cell within ``limit`` seconds; the reply of an isolate."""
        self.send({"source": source, "seed": seed if role == "check" else None})
        try:
            line = self.lines.get(timeout=limit)
        except queue.Empty:
            raise IsolateGone(f"not done after {limit:g} seconds: an endless loop?") from None
        if line is None:
            raise IsolateGone("it ended Python")
        return json.loads(line)

    def __enter__(self):
        if self.lines.get(timeout=START_S) is None:
            raise IsolateGone("Python did not start")
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.communicate()
