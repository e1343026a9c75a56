"""Grade a folder: every submission gets a row, one bad file stops nobody, a stopped run resumes."""

import contextlib
import os
import queue
import threading
from dataclasses import replace
from pathlib import Path

from course_utils.errors import UserError
from course_utils.grading import feedback
from course_utils.grading.collect import collect
from course_utils.grading.exercise import load
from course_utils.grading.exports import EXPORTS
from course_utils.grading.exports.junit import junit
from course_utils.grading.exports.tables import grades
from course_utils.grading.files import file_names, shown, sweep, write
from course_utils.grading.notebook import Unreadable
from course_utils.grading.overview import overview
from course_utils.grading.resume import Run, say
from course_utils.grading.rows import Course, klass
from course_utils.grading.workers import Worker


def grade_folder(folder, solution, out, options, progress=iter):
    """As `grade_class`, for its records alone."""
    return [row.record for row in grade_class(folder, solution, out, options, progress).rows]


def grade_class(folder, solution, out, options, progress=iter):
    """Grade everything in ``folder`` (or a zip); writes all of ``out`` and returns the `Klass`.

    options: dict with jobs, unsandboxed, fresh, only, exports, and of a class: course (a `Course`),
    whole (all of it is one student's), regrade (names to grade anew, and no others), shard ((i, n):
    every n-th from the i-th), dask (a scheduler's address).
    """
    exercise, out = load(solution), Path(out)
    unsandboxed = options.get("unsandboxed", False)
    course = options.get("course") or Course()
    whole = options.get("whole", False)
    with collect(folder, exercise, out, course.roster.known, whole) as collected:
        chosen = chosen_entries(collected.entries, options)
        run = Run(out, exercise, solution, options.get("fresh", False), unsandboxed)
        sweep(out)
        names = file_names(entry.name for entry in collected.entries)
        rows = {e.name: record for e in collected.entries if (record := run.kept(names[e.name], e))}
        anew = chosen if options.get("regrade") else chosen - set(rows)
        setup = {
            "solution": str(Path(solution).resolve()),
            "seed": run.seed,
            "unsandboxed": unsandboxed,
            "only": options.get("only"),
        }
        waiting = [entry for entry in collected.entries if entry.name in anew]
        try:
            for entry, record in progress(results(waiting, exercise, setup, run, options)):
                record.submission, record.file = shown(entry.name), names[entry.name]
                record.notes += [entry.note] if entry.note else []
                run.save(record)
                rows[entry.name] = record
        finally:
            if options.get("shard"):  # what the others have done meanwhile
                others = (e for e in collected.entries if e.name not in rows)
                rows |= {e.name: record for e in others if (record := run.kept(names[e.name], e))}
            done = klass(exercise, collected.entries, rows, course, collected.left_out)
            conclude(out, exercise, done, options.get("exports", ()))
    return done


def chosen_entries(entries, options):
    """The names that this run may grade: all, one shard's, or those to be graded anew."""
    names, wanted = [entry.name for entry in entries], options.get("regrade")
    if wanted:
        fitting = {n for n in names if n in wanted or n.removesuffix(".ipynb") in wanted}
        if not fitting:
            called = ", ".join(wanted)
            near = next((n for n in names if any(w in n for w in wanted)), names[0])
            raise UserError(f"--only: no submission is called {called}; the first column of "
                            f"grades.csv has the names, such as {near!r}")  # fmt: skip
        return fitting
    index, count = options.get("shard") or (1, 1)
    return set(names[index - 1 :: count])


def results(entries, exercise, setup, run, options):
    """(entry, record) as they are done, here or on a cluster."""
    if options.get("dask"):
        from course_utils.grading.cluster import on_dask

        return on_dask(entries, exercise, setup, run, options["dask"])
    return graded(entries, exercise, setup, run, options.get("jobs", 1))


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


def conclude(out, exercise, done, wanted):
    """The files about all: grades.csv, overview.html, junit.xml and what was asked for."""
    write(out / "grades.csv", grades(exercise, done))
    write(out / "overview.html", overview(exercise, done))
    write(out / "junit.xml", junit(exercise, done))
    for row in done.rows:
        renew(out / "feedback" / f"{row.record.file}.html", feedback.page(row.told(), row.who))
    for name in wanted:
        EXPORTS[name](out, exercise, done)


def renew(path, text):
    """Write a file where it does not hold this text yet."""
    if not path.is_file() or path.read_text("utf-8", "replace") != text:
        write(path, text)


def cores():
    """How many submissions to grade at a time."""
    return os.cpu_count() or 1
