"""One grading process and its replacement: start, ask, notice its death or silence, start again."""

import contextlib
import json
import os
import select
import shutil
import subprocess
import sys
import threading
import time

from course_utils.grading.files import scratch
from course_utils.grading.records import Record, RecordError
from course_utils.grading.sandbox.backends import NoSandbox

START_S = 180
MOST_ANSWER = 32 << 20


class Worker:
    """Grades bytes in a child process; a context manager."""

    def __init__(self, setup, exercise):
        self.setup, self.exercise = setup, exercise
        self.process, self.folder, self.buffer, self.name = None, None, b"", "none"
        self.warning = ""
        self.killed, self.lock = False, threading.Lock()
        questions = exercise.questions.values()
        runs = 5 * (len(exercise.questions) + 1)  # every question may cost a replay at each seed
        self.patience = 120 + runs * sum(q.timeout_s for q in questions)

    def start(self):
        """Start a worker and wait until its sandbox is open."""
        package = os.path.dirname(os.path.dirname(os.path.dirname(__file__)))  # noqa: PTH120
        # what a worker leaves behind, killed or not, lies here and goes with it; a sandbox's user
        # must be able to pass through
        self.folder = scratch("worker")
        self.folder.chmod(0o711)
        with self.lock:
            if self.killed:
                raise RuntimeError("the run was stopped")
            with (self.folder / "said").open("wb") as said:
                self.process = subprocess.Popen(
                    [sys.executable, "-W", "ignore", "-m", "course_utils.grading.worker"],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=said,
                    env={
                        **os.environ,
                        "PYTHONPATH": package,
                        "OMP_NUM_THREADS": "1",
                        "TMPDIR": str(self.folder),
                    },
                )
        self.buffer = b""
        self.send(json.dumps(self.setup).encode("ascii") + b"\n")
        ready = self.receive(START_S)
        if ready is None:
            raise RuntimeError(f"the grader did not start: {self.stop()[-600:].strip()}")
        if "no_sandbox" in ready:
            self.stop()
            raise NoSandbox(ready["no_sandbox"])
        self.name, self.warning = ready["sandbox"], ready["warning"]

    def send(self, data):
        """Bytes to the worker; one that is gone is noticed when reading."""
        with contextlib.suppress(OSError):
            self.process.stdin.write(data)
            self.process.stdin.flush()

    def receive(self, patience):
        """One line from the worker, or None when it died, fell silent or said too much."""
        end, source = time.monotonic() + patience, self.process.stdout.fileno()
        chunks = [self.buffer]
        while b"\n" not in chunks[-1]:
            left = end - time.monotonic()
            if left <= 0 or not select.select([source], [], [], left)[0]:
                return None
            chunks.append(os.read(source, 1 << 20))
            if not chunks[-1] or sum(map(len, chunks)) > MOST_ANSWER:
                return None
        line, _, self.buffer = b"".join(chunks).partition(b"\n")
        return json.loads(line)

    def grade(self, data):
        """The record of one notebook's bytes; a worker that fails is replaced."""
        if self.process is None:
            self.start()
        self.send(json.dumps({"bytes": len(data)}).encode("ascii") + b"\n" + data)
        try:
            return Record.from_dict(self.receive(self.patience))
        except (ValueError, RecordError):
            said = self.stop()
            last = said.strip().splitlines()[-1:] or ["no message"]
            return self.zero("failed", f"the grader stopped: {last[0][:200]}; grade it by hand")

    def zero(self, status, reason):
        """The record of a submission that was not run."""
        return Record.empty(self.exercise, self.name, status, reason)

    def kill(self):
        """From another thread: end the process now, and start no other."""
        with self.lock:
            self.killed = True
            if self.process is not None:
                self.process.kill()

    def stop(self):
        """End the worker; what it said last."""
        with self.lock:
            process, self.process = self.process, None
        said = ""
        if process is not None:
            process.kill()
            process.communicate()
            with contextlib.suppress(OSError):
                said = (self.folder / "said").read_bytes()[-4000:].decode("utf-8", "replace")
        if self.folder is not None:
            shutil.rmtree(self.folder, ignore_errors=True)
        return said

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
