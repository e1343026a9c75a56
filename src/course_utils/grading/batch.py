"""Grade a folder: every submission gets a row, one bad file stops nobody, a stopped run resumes."""

import hashlib
import json
import os
import queue
import secrets
import threading
from dataclasses import dataclass
from pathlib import Path

from course_utils.grading import exports, feedback
from course_utils.grading.exercise import load
from course_utils.grading.files import file_names, write
from course_utils.grading.notebook import LARGEST_FILE
from course_utils.grading.records import Record
from course_utils.grading.workers import Worker


@dataclass(frozen=True)
class Submission:
    """One row: the name as given, the notebook if there is one, else why not."""

    name: str
    path: Path | None
    reason: str = ""
    note: str = ""


def submissions(folder, assignment):
    """All submissions below a folder: files, and folders that hold one notebook each."""
    folder = Path(folder)
    if folder.is_file():
        return [Submission(folder.name, folder)]
    if not folder.is_dir():
        raise FileNotFoundError(f"folder: there is no {folder}")
    entries = sorted(p for p in folder.iterdir() if p.suffix == ".ipynb" or p.name[0] != ".")
    return [submission(p, assignment) for p in entries]


def submission(path, assignment):
    """One entry of the folder as a submission; links are not followed."""
    if path.is_symlink():
        return Submission(path.name, None, "this is a link, not a file")
    if path.is_file():
        return Submission(path.name, path)
    if not path.is_dir():
        return Submission(path.name, None, "this is neither a file nor a folder")
    inside = [p for p in sorted(path.rglob("*.ipynb")) if ".ipynb_checkpoints" not in p.parts]
    found = [p for p in inside if p.is_file() and not p.is_symlink()]
    if not found:
        return Submission(path.name, None, "the folder holds no .ipynb file")
    best = next((p for p in found if p.stem == assignment), found[-1])
    note = f"The folder holds {len(found)} notebooks; {best.name} was graded."
    return Submission(path.name, best, note=note if len(found) > 1 else "")


def grade_folder(folder, solution, out, options, progress=iter):
    """Grade everything in ``folder``; writes all of ``out`` and returns the rows.

    options: dict with jobs, unsandboxed, fresh, only, exports.
    """
    exercise, out = load(solution), Path(out)
    todo = submissions(folder, exercise.name)
    seed = run_seed(out, solution, options.get("fresh", False))
    names = file_names(entry.name for entry in todo)
    rows, waiting = {}, []
    for entry in todo:
        record = reusable(out, entry, solution, options, names[entry.name])
        if record is None:
            waiting.append(entry)
        else:
            rows[entry.name] = record
    setup = {
        "solution": str(Path(solution).resolve()),
        "seed": seed,
        "unsandboxed": options.get("unsandboxed", False),
        "only": options.get("only"),
    }
    try:
        for entry, record in progress(graded(waiting, exercise, setup, options.get("jobs", 1))):
            record.submission, record.file = entry.name, names[entry.name]
            record.key = key_of(entry, solution)
            record.notes += [entry.note] if entry.note else []
            save(out, record)
            rows[entry.name] = record
    finally:
        records = [rows[e.name] for e in todo if e.name in rows]
        conclude(out, exercise, records, options.get("exports", ()))
    return records


def graded(entries, exercise, setup, jobs):
    """(entry, record) as they are done; several workers, one thread to feed each."""
    orders, done = queue.Queue(), queue.Queue()
    for entry in entries:
        orders.put(entry)
    stop = threading.Event()

    def feed():
        try:
            with Worker(setup, exercise) as worker:
                while not stop.is_set():
                    try:
                        entry = orders.get_nowait()
                    except queue.Empty:
                        return
                    done.put((entry, one(entry, worker, exercise)))
        except BaseException as error:  # told to the caller's thread, which raises it
            done.put((None, error))

    jobs = max(1, min(jobs, len(entries)))
    threads = [threading.Thread(target=feed, daemon=True) for _ in range(jobs)]
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
        for thread in threads:
            thread.join()


def one(entry, worker, exercise):
    """The record of one submission, whatever happens."""
    if entry.path is None:
        return worker.zero("unreadable", entry.reason)
    if entry.path.stat().st_size > LARGEST_FILE:
        return worker.zero("unreadable", f"the file is larger than {LARGEST_FILE >> 20} MB")
    return worker.grade(entry.path)


def run_seed(out, solution, fresh):
    """The secret of this run: kept in ``out/run.json`` so that a stopped run resumes under it."""
    path = out / "run.json"
    digest = hashlib.sha256(Path(solution).read_bytes()).hexdigest()
    if path.is_file() and not fresh:
        kept = json.loads(path.read_text("utf-8"))
        if kept.get("solution") == digest:
            return kept["seed"]
    seed = secrets.randbits(64)
    write(path, json.dumps({"seed": seed, "solution": digest}) + "\n")
    return seed


def key_of(entry, solution):
    """What a record depends on: the submission's bytes and the solution's."""
    digest = hashlib.sha256(Path(solution).read_bytes())
    if entry.path is not None and entry.path.stat().st_size <= LARGEST_FILE:
        digest.update(entry.path.read_bytes())
    digest.update(entry.reason.encode())
    return digest.hexdigest()


def reusable(out, entry, solution, options, file):
    """The record of an earlier, stopped run, if it is of these very bytes; never a failed one."""
    path = out / "records" / f"{file}.json"
    if options.get("fresh") or not path.is_file():
        return None
    try:
        record = Record.from_json(path.read_text("utf-8"))
    except (OSError, ValueError):
        return None
    if record.key != key_of(entry, solution) or record.status == "failed":
        return None
    if record.sandbox == "unsandboxed" and not options.get("unsandboxed"):
        return None
    return record


def save(out, record):
    """The record and its feedback page, each by way of a temporary name."""
    write(out / "records" / f"{record.file}.json", record.to_json())
    write(out / "feedback" / f"{record.file}.html", feedback.page(record))


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
