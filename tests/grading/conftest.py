"""One exercise, one sandbox and one pair of references for the whole session."""

import faulthandler
import os
import subprocess
import threading
from pathlib import Path

import pytest
from _pytest.faulthandler import fault_handler_stderr_fd_key

from course_utils.grading.exercise import load
from course_utils.grading.grade import grade, make_references
from course_utils.grading.handout import as_submission, solution_answers
from course_utils.grading.sandbox.backends import NoSandbox, open_sandbox

ROOT = Path(__file__).parents[2]
ALARM_S = 75  # no attack may take as long: the slowest ends at 60 s even on a busy machine


@pytest.fixture
def alarm(request):
    """Where a test hangs, say which processes are there and in which line we wait for them.

    At once and past pytest's capture, for who ends a test that hangs never sees what it printed.
    """
    terminal = request.config.stash.get(fault_handler_stderr_fd_key, 2)

    def ring():
        head = f"\n{request.node.nodeid}: still running after {ALARM_S} s\n"
        os.write(terminal, f"{head}{process_tree(os.getpid())}\n".encode())
        faulthandler.dump_traceback(terminal)

    timer = threading.Timer(ALARM_S, ring)
    timer.daemon = True
    timer.start()
    yield
    timer.cancel()


def process_tree(top):
    """The processes below one, indented: their state, what they wait for in the kernel, seconds."""
    words = ["ps", "-eo", "pid=,ppid=,stat=,wchan:24=,etimes=,args="]
    rows = [line.split(None, 5) for line in
            subprocess.run(words, capture_output=True, text=True).stdout.splitlines()]  # fmt: skip
    lines, waiting = [], [(str(top), 0)]
    while waiting:
        parent, depth = waiting.pop()
        for row in (row for row in rows if row[1] == parent and len(row) == 6):
            pid, _, state, place, seconds, command = row
            lines.append(f"{'  ' * depth}{pid} {state} {place} {seconds} s  {command[:120]}")
            waiting.append((pid, depth + 1))
    return "\n".join(lines)


@pytest.fixture(scope="session")
def exercise():
    return load(ROOT / "solutions" / "lstm" / "lstm_step.ipynb")


@pytest.fixture
def right(exercise):
    """The solution, handed in."""
    return as_submission(exercise, solution_answers(exercise))


@pytest.fixture
def folder(tmp_path):
    """An empty folder for what is handed in."""
    made = tmp_path / "in"
    made.mkdir()
    return made


@pytest.fixture(scope="session")
def sandbox(exercise):
    """The best backend here, or the one that the variable COURSE_SANDBOX names."""
    try:
        opened = open_sandbox(exercise, only=os.environ.get("COURSE_SANDBOX"))
    except NoSandbox as error:
        pytest.skip(str(error))
    with opened:
        yield opened


@pytest.fixture(scope="session")
def references(exercise, sandbox):
    return make_references(exercise, sandbox)


@pytest.fixture
def graded(exercise, sandbox, references):
    """Grade bytes, or the solution with some answers changed: graded(q2="...")."""

    def run(data=None, **changed):
        if data is None:
            data = as_submission(exercise, {**solution_answers(exercise), **changed})
        return grade(data, exercise, sandbox, references)

    return run
