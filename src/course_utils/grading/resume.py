"""What an output folder remembers: the run's secret, and each submission's record.

What cannot be used is set aside with a word on standard error, never silently kept or overwritten.
"""

import hashlib
import json
import secrets
import sys
from pathlib import Path

from course_utils.grading import feedback
from course_utils.grading.exercise import ExerciseError
from course_utils.grading.files import raw, set_aside, shown, write
from course_utils.grading.notebook import Unreadable
from course_utils.grading.records import Record


class Run:
    """One exercise graded into one folder; ``seed`` is kept in ``out/run.json`` to resume under."""

    def __init__(self, out, exercise, solution, fresh=False, unsandboxed=False):
        self.out, self.exercise, self.fresh = Path(out), exercise, fresh
        self.unsandboxed = unsandboxed
        self.digest = hashlib.sha256(Path(solution).read_bytes()).hexdigest()
        kept = self.remembered()
        if kept.get("assignment", exercise.name) != exercise.name:
            raise ExerciseError(
                f"out: {self.out} holds the results of {kept['assignment']!r}; give "
                f"{exercise.name!r} a folder of its own"
            )
        if fresh or kept.get("solution") != self.digest:
            kept = {"seed": secrets.randbits(64)}
        self.seed = kept["seed"]
        about = {"seed": self.seed, "solution": self.digest, "assignment": exercise.name}
        write(self.out / "run.json", json.dumps(about) + "\n")

    def remembered(self):
        """What ``run.json`` says; {} where there is none, or none that can be used."""
        path = self.out / "run.json"
        try:
            kept = json.loads(path.read_bytes())
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, RecursionError):
            kept = None
        usable = isinstance(kept, dict) and isinstance(kept.get("solution"), str)
        usable = usable and type(kept.get("seed")) is int and 0 <= kept["seed"] < 2**64
        if usable and isinstance(kept.get("assignment", ""), str):
            return kept
        say(f"{path} cannot be used; it is now {set_aside(path).name}, and new seeds were drawn")
        return {}

    def key(self, data, reason=""):
        """What a record depends on: the submission's bytes, or the reason why there are none."""
        parts = (bytes.fromhex(self.digest), hashlib.sha256(data).digest(), raw(reason))
        return hashlib.sha256(b"".join(parts)).hexdigest()

    def kept(self, file, entry):
        """The record of an earlier, stopped run if it is of these very bytes; never a failed one.

        Its page is written again where it is missing.
        """
        path = self.out / "records" / f"{file}.json"
        if self.fresh or not path.is_file():
            return None
        try:
            record = Record.from_json(path.read_text("utf-8"))
        except (OSError, ValueError) as error:
            moved = set_aside(path)
            say(f"{path} cannot be used ({error}); it is now {moved.name} and graded anew")
            return None
        if record.assignment != self.exercise.name:
            raise ExerciseError(
                f"out: {path} is of {record.assignment!r}; give {self.exercise.name!r} a folder "
                "of its own"
            )
        if record.status == "failed" or set(record.questions) != set(self.exercise.questions):
            return None
        if record.sandbox == "unsandboxed" and not self.unsandboxed:
            return None
        try:
            key = self.key(entry.read())
        except Unreadable as error:
            key = self.key(b"", str(error))
        if record.key != key:
            return None
        record.submission, record.file = shown(entry.name), file
        page = self.out / "feedback" / f"{file}.html"
        if not page.is_file() or page.stat().st_size == 0:
            write(page, feedback.page(record))
        return record

    def save(self, record):
        """The record and its feedback page, each by way of a temporary name; the page first."""
        write(self.out / "feedback" / f"{record.file}.html", feedback.page(record))
        write(self.out / "records" / f"{record.file}.json", record.to_json())


def say(text):
    """A word to whoever started the run."""
    print(f"course: {text}", file=sys.stderr)
