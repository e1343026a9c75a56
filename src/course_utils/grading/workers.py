"""One grading process and its replacement: start, ask, notice its death or silence, start again."""

import json
import os
import select
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from course_utils.grading.records import Record
from course_utils.grading.sandbox.backends import NoSandbox

START_S = 180


class Worker:
    """Grades paths in a child process; a context manager."""

    def __init__(self, setup, exercise):
        self.setup, self.exercise = setup, exercise
        self.process, self.folder, self.buffer, self.name = None, None, b"", "none"
        questions = exercise.questions.values()
        runs = 3 * (len(exercise.questions) + 1)  # every question may cost a replay at each seed
        self.patience = 120 + runs * sum(q.timeout_s for q in questions)

    def start(self):
        """Start a worker and wait until its references are made."""
        package = os.path.dirname(os.path.dirname(os.path.dirname(__file__)))  # noqa: PTH120
        # what a worker leaves behind, killed or not, lies here and goes with it; a sandbox's user
        # must be able to pass through
        self.folder = Path(tempfile.mkdtemp(prefix="course-worker-"))
        self.folder.chmod(0o711)
        self.process = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", "course_utils.grading.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={
                **os.environ,
                "PYTHONPATH": package,
                "OMP_NUM_THREADS": "1",
                "TMPDIR": str(self.folder),
            },
        )
        self.buffer = b""
        self.send(self.setup)
        ready = self.receive(START_S)
        if ready is None:
            said = self.stop()
            raise RuntimeError(f"the grader did not start: {said[-600:].strip()}")
        if "no_sandbox" in ready:
            self.stop()
            raise NoSandbox(ready["no_sandbox"])
        self.name = ready["sandbox"]

    def send(self, value):
        """One line to the worker; one that is gone is noticed when reading."""
        try:
            self.process.stdin.write(json.dumps(value).encode("ascii") + b"\n")
            self.process.stdin.flush()
        except OSError:
            return

    def receive(self, patience):
        """One line from the worker, or None when it died or fell silent."""
        end, source = time.monotonic() + patience, self.process.stdout.fileno()
        while b"\n" not in self.buffer:
            left = end - time.monotonic()
            if left <= 0 or not select.select([source], [], [], left)[0]:
                return None
            chunk = os.read(source, 1 << 20)
            if not chunk:
                return None
            self.buffer += chunk
        line, _, self.buffer = self.buffer.partition(b"\n")
        return json.loads(line)

    def grade(self, path):
        """The record of one notebook; a worker that fails is replaced."""
        if self.process is None:
            self.start()
        self.send({"path": str(path)})
        found = self.receive(self.patience)
        if found is None:
            said = self.stop()
            last = said.strip().splitlines()[-1:] or ["no message"]
            return self.zero("failed", f"the grader stopped: {last[0][:200]}; grade it by hand")
        return Record.from_dict(found)

    def zero(self, status, reason):
        """The record of a submission that was not run."""
        return Record.empty(self.exercise, self.name, status, reason)

    def stop(self):
        """End the worker; what it said last."""
        process, self.process = self.process, None
        if process is None:
            return ""
        process.kill()
        _, said = process.communicate()
        shutil.rmtree(self.folder, ignore_errors=True)
        return said.decode("utf-8", "replace")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
