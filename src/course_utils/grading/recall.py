"""A sandbox that runs no program twice, for an author's own trials of an exercise.

A variant's program at the public seed is what `derive`, `grade` and `kill_rates` all want.  What
students hand in is never recalled.
"""

from contextlib import contextmanager

from course_utils.grading.sandbox.backends import open_sandbox
from course_utils.grading.sandbox.isolate import IsolateGone


@contextmanager
def trials(exercise, sandbox=None):
    """Where an author's code is tried: in ``sandbox``, or in a new one that recalls.

    Give one to several that try the same variants, and it runs each program once.
    """
    if sandbox is not None:
        yield sandbox
        return
    with open_sandbox(exercise, unsandboxed=True) as opened:  # it is the author's own code
        yield Recall(opened)


class Recall:
    """A sandbox whose isolates say again what the same cells gave before; see `Opened`."""

    def __init__(self, sandbox):
        self.sandbox, self.name, self.replies = sandbox, sandbox.name, {}

    def isolate(self, limits=None, guard=()):
        """An isolate that is opened when a cell comes that has not yet run after these."""
        return Recalled(self, limits, tuple(guard))


class Recalled:
    """One isolate, which may never have to start."""

    def __init__(self, recall, limits, guard):
        self.recall, self.limits, self.guard = recall, limits, guard
        self.ran, self.inside = (), None

    def run(self, source, timeout, role="answer", seed=0):
        """As `Isolate.run`; the end of an isolate is said again too."""
        cell = source, timeout, role, seed
        before, self.ran = self.ran, (*self.ran, cell)
        key = self.limits, self.guard, self.ran
        if key not in self.recall.replies:
            self.recall.replies[key] = self.outcome(before, cell)
        reply = self.recall.replies[key]
        if isinstance(reply, Exception):
            raise reply
        return reply

    def outcome(self, before, cell):
        """A cell's reply, or the exception that ended its isolate."""
        try:
            if self.inside is None:
                self.inside = self.recall.sandbox.isolate(self.limits, self.guard)
                for earlier in before:
                    self.inside.run(*earlier)
            return self.inside.run(*cell)
        except IsolateGone as error:
            return error

    def close(self):
        """End the isolate, where one was started."""
        if self.inside is not None:
            self.inside.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
