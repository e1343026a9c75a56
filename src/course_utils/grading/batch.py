"""Grade a folder: every submission gets a row, one bad file stops nobody, a stopped run resumes."""

import contextlib
import os
import queue
import threading
from dataclasses import dataclass, replace
from pathlib import Path

from course_utils.grading import exports, feedback
from course_utils.grading.exercise import load
from course_utils.grading.files import FileTooLarge, file_names, raw, read, shown, sweep, write
from course_utils.grading.notebook import LARGEST_FILE, Unreadable
from course_utils.grading.resume import Run, say
from course_utils.grading.workers import Worker


@dataclass(frozen=True)
class Submission:
    """One row: the name as given, the notebook if there is one, else why not."""

    name: str
    path: Path | None
    reason: str = ""
    note: str = ""

    def read(self):
        """The notebook's bytes, read once; `Unreadable` says why there are none."""
        if self.path is None:
            raise Unreadable(self.reason)
        try:
            return read(self.path, LARGEST_FILE)
        except FileTooLarge as error:
            raise Unreadable(f"{error}; clear its outputs") from None
        except (OSError, ValueError) as error:
            why = getattr(error, "strerror", None) or error
            raise Unreadable(f"the file could not be read: {why}") from None


def submissions(folder, assignment):
    """All submissions below a folder: files, and folders that hold one notebook each."""
    folder = Path(folder)
    if folder.is_file():
        return [Submission(folder.name, folder)]
    if not folder.is_dir():
        raise FileNotFoundError(f"folder: there is no {folder}")
    entries = sorted(folder.iterdir(), key=lambda p: raw(p.name))
    return [submission(p, assignment) for p in entries if p.suffix == ".ipynb" or p.name[0] != "."]


def submission(path, assignment):
    """One entry of the folder as a submission; links are not followed; nothing raises."""
    try:
        return look(path, assignment)
    except (OSError, ValueError, RecursionError) as error:
        why = getattr(error, "strerror", None) or error
        return Submission(path.name, None, f"this cannot be looked at: {why}")


def look(path, assignment):
    """The notebook that an entry is or holds."""
    if path.is_symlink():
        return Submission(path.name, None, "this is a link, not a file")
    if path.is_file():
        return Submission(path.name, path)
    if not path.is_dir():
        return Submission(path.name, None, "this is neither a file nor a folder")
    any(path.iterdir())  # raises where rglob would pass over a folder that it may not read
    inside = [p for p in sorted(path.rglob("*.ipynb")) if ".ipynb_checkpoints" not in p.parts]
    files = [p for p in inside if p.is_file() and not p.is_symlink()]
    if not files:
        return Submission(path.name, None, "the folder holds no .ipynb file")
    best = next((p for p in files if p.stem == assignment), files[-1])
    note = f"The folder holds {len(files)} notebooks; {best.name} was graded."
    return Submission(path.name, best, note=note if len(files) > 1 else "")


def grade_folder(folder, solution, out, options, progress=iter):
    """Grade everything in ``folder``; writes all of ``out`` and returns the records.

    options: dict with jobs, unsandboxed, fresh, only, exports.
    """
    exercise, out = load(solution), Path(out)
    todo = submissions(folder, exercise.name)
    unsandboxed = options.get("unsandboxed", False)
    run = Run(out, exercise, solution, options.get("fresh", False), unsandboxed)
    sweep(out)
    names = file_names(entry.name for entry in todo)
    rows, waiting = {}, []
    for entry in todo:
        record = run.kept(names[entry.name], entry)
        if record is None:
            waiting.append(entry)
        else:
            rows[entry.name] = record
    setup = {
        "solution": str(Path(solution).resolve()),
        "seed": run.seed,
        "unsandboxed": unsandboxed,
        "only": options.get("only"),
    }
    try:
        for entry, record in progress(
            graded(waiting, exercise, setup, run, options.get("jobs", 1))
        ):
            record.submission, record.file = shown(entry.name), names[entry.name]
            record.notes += [entry.note] if entry.note else []
            run.save(record)
            rows[entry.name] = record
    finally:
        records = [rows[e.name] for e in todo if e.name in rows]
        conclude(out, exercise, records, options.get("exports", ()))
    return records


def graded(entries, exercise, setup, run, jobs):
    """(entry, record) as they are done; several workers, one thread to feed each."""
    orders, done, stop = queue.Queue(), queue.Queue(), threading.Event()
    for entry in entries:
        orders.put(entry)
    workers = [Worker(setup, exercise) for _ in range(max(1, min(jobs, len(entries))))]

    def feed(worker):
        try:
            with worker, contextlib.suppress(queue.Empty):
                while not stop.is_set():
                    entry = orders.get_nowait()
                    done.put((entry, one(entry, worker, run)))
        except BaseException as error:  # told to the caller's thread, which raises it
            done.put((None, error))

    threads = [threading.Thread(target=feed, args=(w,), daemon=True) for w in workers]
    for thread in threads:
        thread.start()
    try:
        for _ in entries:
            entry, record = done.get()
            if entry is None:
                raise record
            yield entry, record
    finally:
        stop.set()
        for worker in workers:  # first, or a thread would wait for a submission that sleeps
            worker.kill()
        for thread in threads:
            thread.join()
        for warning in {worker.warning for worker in workers} - {""}:
            say(warning)


def one(entry, worker, run):
    """The record of one submission, whatever it is: what is hashed is what is graded."""
    try:
        data = entry.read()
    except Unreadable as error:
        return replace(worker.zero("unreadable", str(error)), key=run.key(b"", str(error)))
    return replace(worker.grade(data), key=run.key(data))


def conclude(out, exercise, records, wanted):
    """The files about all: grades.csv, overview.html, junit.xml and what was asked for."""
    write(out / "grades.csv", exports.grades(exercise, records))
    write(out / "overview.html", feedback.overview(exercise, records))
    write(out / "junit.xml", exports.junit(exercise, records))
    for name in wanted:
        exports.EXPORTS[name](out, exercise, records)


def cores():
    """How many submissions to grade at a time."""
    return os.cpu_count() or 1
