"""Grade on many machines by an existing engine: a Dask scheduler and its workers.

The unit is one submission: bytes go out, a checked record comes back.  Each worker machine needs
this package and a sandbox of its own.  A Dask worker that dies loses nothing: its submissions are
given to another; one that kills several is a row ``failed``.
"""

import hashlib
import json
import tempfile
import threading
from dataclasses import asdict, replace
from pathlib import Path

from course_utils.errors import UserError
from course_utils.grading.exercise import load
from course_utils.grading.notebook import Unreadable
from course_utils.grading.records import Record, RecordError
from course_utils.grading.sandbox.backends import NoSandbox
from course_utils.grading.workers import Worker

CONNECT_S = 20
RETRIES = 2
here = threading.local()  # a Dask worker's threads keep a grading process each


def on_dask(entries, exercise, setup, run, address):
    """(entry, record) as they are done, from the workers of the scheduler at ``address``."""
    from distributed import as_completed

    yield from unreadable(entries, exercise, run)
    readable = [e for e in entries if data_of(e) is not None]
    with connect(address) as client:
        order = {**setup, "text": Path(setup["solution"]).read_text("utf-8")}
        shared = client.scatter(order, broadcast=False, hash=False)
        futures, asked = {}, {}
        for number, entry in enumerate(readable):
            data = entry.read()
            future = client.submit(
                remote, shared, data, retries=RETRIES, pure=False, key=f"grade-{run.seed}-{number}"
            )
            futures[future], asked[future] = entry, run.key(data)
        with client.as_current():
            arriving = as_completed(list(futures))
        try:
            for future in arriving:
                yield futures[future], replace(answer(future, exercise), key=asked[future])
        finally:
            client.cancel(list(futures), force=True)


def unreadable(entries, exercise, run):
    """The entries that have no bytes, with their records."""
    for entry in entries:
        try:
            entry.read()
        except Unreadable as error:
            key = run.key(b"", str(error))
            yield entry, replace(Record.empty(exercise, "none", "unreadable", str(error)), key=key)


def data_of(entry):
    """The bytes of an entry, None without any."""
    try:
        return entry.read()
    except Unreadable:
        return None


def connect(address):
    """A client of the scheduler; UserError says why there is none."""
    from distributed import Client

    try:
        return Client(address, timeout=CONNECT_S, set_as_default=False)
    except (OSError, TimeoutError, ValueError) as error:
        raise UserError(f"--dask: no scheduler answers at {address} ({error})") from None


def answer(future, exercise):
    """The record that a future holds; what went wrong on the way is a row ``failed``."""
    from distributed import KilledWorker

    try:
        reply = future.result()
        if "no_sandbox" in reply:
            raise NoSandbox(reply["no_sandbox"])
        return Record.from_dict(reply)
    except NoSandbox:
        raise
    except (RecordError, KilledWorker, RuntimeError, OSError, ValueError, TypeError) as error:
        why = f"the cluster could not grade it: {type(error).__name__}; grade it by hand"
        return Record.empty(exercise, "none", "failed", why)


def remote(order, data):
    """On a Dask worker: grade one submission's bytes; plain values, as JSON would give them."""
    try:
        record = asdict(grader(order).grade(data))
    except NoSandbox as error:
        return {"no_sandbox": str(error)}
    return json.loads(json.dumps(record))


def grader(order):
    """This thread's grading process for a run, started on first use and kept for the next."""
    key = hashlib.sha256(json.dumps(order, sort_keys=True).encode()).hexdigest()
    kept = getattr(here, "kept", None)
    if kept is not None and kept[0] == key:
        return kept[1]
    if kept is not None:
        kept[1].stop()
    folder = tempfile.TemporaryDirectory(prefix="course-order-")
    name = Path(order["solution"])
    solution = Path(folder.name, name.parent.name, name.name)
    solution.parent.mkdir(parents=True)
    solution.write_text(order["text"], "utf-8")
    setup = {k: v for k, v in order.items() if k != "text"} | {"solution": str(solution)}
    worker = Worker(setup, load(solution))
    here.kept = (key, worker, folder)
    return worker
