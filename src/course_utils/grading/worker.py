"""A process that grades submissions one after another: JSON lines in, JSON lines out.

The batch gives each worker its own process, so that nothing a submission does to a grader (or a bug
of ours) reaches another row: a worker that dies costs the submission in hand and is replaced.
"""

import json
import os
import sys
from dataclasses import asdict
from pathlib import Path

from course_utils.grading.exercise import load
from course_utils.grading.grade import grade, make_references
from course_utils.grading.sandbox.backends import NoSandbox, open_sandbox


def main():
    """Read the set-up line, then paths; answer each with its record."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whatever prints does not disturb the answers
    setup = json.loads(sys.stdin.readline())
    exercise = load(setup["solution"])
    try:
        sandbox = open_sandbox(exercise, setup["unsandboxed"], setup.get("only"))
    except NoSandbox as error:
        say(answers, {"no_sandbox": str(error)})
        return
    with sandbox:
        references = make_references(exercise, sandbox, setup["seed"])
        say(answers, {"sandbox": sandbox.name})
        for line in sys.stdin:
            data = Path(json.loads(line)["path"]).read_bytes()
            say(answers, asdict(grade(data, exercise, sandbox, references)))


def say(stream, value):
    """One line of JSON, at once."""
    stream.write(json.dumps(value) + "\n")
    stream.flush()


if __name__ == "__main__":
    main()
