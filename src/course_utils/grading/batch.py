"""Grade a folder: every submission gets a row, one bad file stops nobody, a stopped run resumes."""

import hashlib
import json
import os
import queue
import secrets
import threading
from pathlib import Path

from course_utils.errors import UserError
from course_utils.grading import feedback
from course_utils.grading.collect import collect
from course_utils.grading.exercise import load
from course_utils.grading.exports import EXPORTS
from course_utils.grading.exports.junit import junit
from course_utils.grading.exports.tables import grades
from course_utils.grading.files import file_names, write
from course_utils.grading.notebook import LARGEST_FILE
from course_utils.grading.overview import overview
from course_utils.grading.records import Record
from course_utils.grading.rows import Course, klass
from course_utils.grading.workers import Worker


def grade_folder(folder, solution, out, options, progress=iter):
    """As `grade_class`, for its records alone."""
    return [row.record for row in grade_class(folder, solution, out, options, progress).rows]


def grade_class(folder, solution, out, options, progress=iter):
    """Grade everything in ``folder`` (or a zip); writes all of ``out`` and returns the `Klass`.

    options: dict with jobs, unsandboxed, fresh, only, exports, and of a class: course (a `Course`),
    regrade (names to grade anew, and no others), shard ((i, n): every n-th from the i-th), dask (a
    scheduler's address).
    """
    exercise, out = load(solution), Path(out)
    course = options.get("course") or Course()
    with collect(folder, exercise, out, course.roster.known) as found:
        names = file_names(entry.name for entry in found.entries)
        chosen = chosen_entries(found.entries, options)
        seed = run_seed(out, solution, options.get("fresh", False))
        rows, waiting = {}, []
        for entry in found.entries:
            record = reusable(out, entry, solution, options, names[entry.name])
            if entry.name in chosen and (record is None or options.get("regrade")):
                waiting.append(entry)
            elif record is not None:
                rows[entry.name] = record
        setup = {
            "solution": str(Path(solution).resolve()),
            "seed": seed,
            "unsandboxed": options.get("unsandboxed", False),
            "only": options.get("only"),
        }
        try:
            for entry, record in progress(results(waiting, exercise, setup, options)):
                record.submission, record.file = entry.name, names[entry.name]
                record.key = key_of(entry, solution)
                record.notes += [entry.note] if entry.note else []
                save(out, record)
                rows[entry.name] = record
        finally:
            for entry in found.entries:  # what other shards have done meanwhile
                if entry.name not in rows and options.get("shard"):
                    record = reusable(out, entry, solution, options, names[entry.name])
                    rows.update({entry.name: record} if record else {})
            done = klass(exercise, found.entries, rows, course, found.left_out)
            conclude(out, exercise, done, options.get("exports", ()))
    return done


def chosen_entries(entries, options):
    """The names that this run may grade: all, one shard's, or those to be graded anew."""
    names = [entry.name for entry in entries]
    wanted = options.get("regrade")
    if wanted:
        fitting = [n for n in names if n in wanted or n.removesuffix(".ipynb") in wanted]
        if not fitting:
            raise UserError(f"--only: no submission is called {', '.join(wanted)}")
        return set(fitting)
    index, count = options.get("shard") or (1, 1)
    return set(names[index - 1 :: count])


def results(entries, exercise, setup, options):
    """(entry, record) as they are done, here or on a cluster."""
    if options.get("dask"):
        from course_utils.grading.cluster import on_dask

        return on_dask(entries, exercise, setup, options["dask"])
    return graded(entries, exercise, setup, options.get("jobs", 1))


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


def conclude(out, exercise, done, wanted):
    """The files about all: grades.csv, overview.html, junit.xml and what was asked for."""
    write(out / "grades.csv", grades(exercise, done))
    write(out / "overview.html", overview(exercise, done))
    write(out / "junit.xml", junit(exercise, done))
    for row in done.rows:
        renew(out / "feedback" / f"{row.record.file}.html", feedback.page(row.told()))
    for name in wanted:
        EXPORTS[name](out, exercise, done)


def renew(path, text):
    """Write a file where it does not hold this text yet."""
    if not path.is_file() or path.read_text("utf-8", "replace") != text:
        write(path, text)


def cores():
    """How many submissions to grade at a time."""
    return os.cpu_count() or 1
