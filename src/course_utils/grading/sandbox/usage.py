"""What an isolate's processes hold together, seen from outside.

Imported by path in the zygote and as part of the package for bubblewrap: it imports no other room.
"""

import os
from pathlib import Path

MOST_FILES = 800  # of all processes; what lies unread in a socket (200 kB each) no other limit sees


def alone(pid):
    """Has a process one thread and no child?  False where the kernel does not tell it at once.

    With one thread there is one list of children, whose first entry is exact; with more a child
    could be handed from one that is not read yet to one that is.
    """
    try:
        (thread,) = os.listdir(f"/proc/{pid}/task")  # noqa: PTH208  (asked five times a second)
        return not Path(f"/proc/{pid}/task/{thread}/children").read_bytes()
    except (OSError, ValueError):
        return False


def descendants(pid):
    """All processes below pid, from one look at /proc ([] where there is none).

    The look takes milliseconds on a machine with many processes, so first a quick one.
    """
    if alone(pid):
        return []
    children = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(entry.read_text("utf-8", "replace").rpartition(")")[2].split()[1])
        except (OSError, IndexError, ValueError):
            continue
        children.setdefault(parent, []).append(int(entry.parent.name))
    pids, waiting = [], [pid]
    while waiting:
        below = children.pop(waiting.pop(), [])
        pids += below
        waiting += below
    return pids


def too_much(pids, most_mb):
    """Whether processes hold more together; a page that several share counts once.

    What each has in memory is quick to read, but counts a page that forks share for every one of
    them.  So the exact sum is only taken where the quick one is too large.
    """
    most_mb -= tmpfs_mb(pids[-1])  # the first may stand outside
    if sum(map(resident_mb, pids)) > most_mb and sum(map(proportional_mb, pids)) > most_mb:
        return True
    return len(pids) > 2 and sum(map(files, pids)) > MOST_FILES


def resident_mb(pid):
    """What a process has in memory, shared or not; 0 if it is gone."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text("ascii").split()[1])
    except (OSError, IndexError, ValueError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE") / (1 << 20)


def proportional_mb(pid):
    """The same, of a page that n processes share the n-th part; all of it where that is secret."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text("ascii").splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024
    except (OSError, IndexError, ValueError, StopIteration):
        return resident_mb(pid)


def tmpfs_mb(pid):
    """What the writable folders of a process hold, which are memory too; 0 if it has our own."""
    ours, seen = {place.stat().st_dev for place in map(Path, ("/", "/tmp")) if place.exists()}, {}
    for folder in ("tmp", "student", "dev/shm"):
        path = f"/proc/{pid}/root/{folder}"
        try:
            device, stats = os.stat(path).st_dev, os.statvfs(path)  # noqa: PTH116
        except OSError:
            continue
        if device not in ours:
            seen[device] = (stats.f_blocks - stats.f_bfree) * stats.f_frsize / (1 << 20)
    return sum(seen.values())


def files(pid):
    """How many descriptors a process has; 0 if it is gone or may not be asked."""
    try:
        return sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir())
    except OSError:
        return 0
