"""One exercise, one sandbox and one pair of references for the whole session."""

import os
from pathlib import Path

import pytest

from course_utils.grading.exercise import load
from course_utils.grading.grade import grade, make_references
from course_utils.grading.handout import as_submission, solution_answers
from course_utils.grading.sandbox.backends import NoSandbox, open_sandbox

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def exercise():
    return load(ROOT / "solutions" / "lstm" / "lstm_step.ipynb")


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
