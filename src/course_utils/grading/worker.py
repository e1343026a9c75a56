"""A process that grades submissions one after another: bytes in, JSON lines out.

The batch gives each worker its own process, so that nothing a submission does to a grader (or a bug
of ours) reaches another row: a worker that dies costs the submission in hand and is replaced.
"""

import gc
import json
import os
import signal
import sys
from dataclasses import asdict

from course_utils.grading.exercise import ExerciseError, load
from course_utils.grading.grade import grade
from course_utils.grading.guard import bounded_memory
from course_utils.grading.references import Oracle, seed_key
from course_utils.grading.runner import GivenCellFailed
from course_utils.grading.sandbox.backends import NoSandbox, open_sandbox


def main():
    """Read the set-up line, then submissions; answer each with its record."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the batch, which ends us
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whatever prints does not disturb the answers
    orders = sys.stdin.buffer
    setup = json.loads(orders.readline())
    exercise = load(setup["solution"])
    try:
        sandbox, oracle = prepare(exercise, setup)
    except NoSandbox as error:
        say(answers, {"no_sandbox": str(error)})
        return
    with sandbox, oracle:
        bounded_memory()  # only now, or the sandbox would inherit it
        gc.freeze()  # what is loaded stays: no collection need walk through it
        say(answers, {"sandbox": sandbox.name, "warning": sandbox.warning})
        while line := orders.readline():
            data = orders.read(json.loads(line)["bytes"])
            references = oracle.references(seed_key(setup["seed"], data))
            say(answers, asdict(grade(data, exercise, sandbox, references)))


def prepare(exercise, setup):
    """The sandbox, and the solution in it; if that fails, once more with more system calls."""
    for allow_list in (True, False):
        opened = open_sandbox(exercise, setup["unsandboxed"], setup.get("only"), allow_list)
        try:
            return opened, Oracle(exercise, opened)
        except (ExerciseError, GivenCellFailed):
            opened.close()
            if not allow_list:
                raise
    raise AssertionError


def say(stream, value):
    """One line of JSON, at once."""
    stream.write(json.dumps(value) + "\n")
    stream.flush()


if __name__ == "__main__":
    main()
