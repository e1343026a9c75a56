"""Limits of the grader's own process, for it reads what strangers wrote.

Time by an alarm that raises `Overdue` in the main thread, memory by a limit on the process; what
neither stops is ended by the batch, which waits for a worker only so long.
"""

import contextlib
import signal
import sys
import threading
import time

MEMORY_MB = 2048
AGAIN_S = 5  # an alarm that a library swallowed (in a callback, a finalizer) rings again


class Overdue(RuntimeError):
    """A step of the grader took longer than anything honest does."""


@contextlib.contextmanager
def time_limit(seconds):
    """Raise `Overdue` in the block after so many seconds; nothing where there are no alarms.

    Limits may stand in each other; what an inner one took is off the outer one's time.
    """
    if (
        not hasattr(signal, "setitimer")
        or threading.current_thread() is not threading.main_thread()
    ):
        yield
        return

    def ring(*_):
        raise Overdue(f"this took more than {seconds} s")

    kept, start = signal.signal(signal.SIGALRM, ring), time.monotonic()
    outer, again = signal.setitimer(signal.ITIMER_REAL, seconds, AGAIN_S)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, kept)
        if outer:
            left = outer - (time.monotonic() - start)
            signal.setitimer(signal.ITIMER_REAL, max(left, 0.001), again)


def bounded_memory():
    """Let this process grow by `MEMORY_MB` and no more; a soft limit, where the system has one."""
    if sys.platform != "linux":
        return
    import resource
    from pathlib import Path

    pages = int(Path("/proc/self/statm").read_text("ascii").split()[0])
    most = pages * resource.getpagesize() + (MEMORY_MB << 20)
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    if hard != resource.RLIM_INFINITY:
        most = min(most, hard)
    resource.setrlimit(resource.RLIMIT_AS, (most, hard))
