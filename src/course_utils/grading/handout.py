"""A submission as a student would hand it in: the exercise's notebook with answers filled in."""

import copy
import json


def as_submission(exercise, answers=None):
    """Bytes of a notebook with these answers; without any, the untouched stubs."""
    notebook = copy.deepcopy(exercise.notebook)
    by_id = {c.cell_id: c for c in exercise.with_answers(answers or {})}
    for raw in notebook["cells"]:
        if raw["cell_type"] == "code":
            raw["source"] = lines(by_id[raw["id"]].source)
            raw["outputs"], raw["execution_count"] = [], None
    return json.dumps(notebook).encode("utf-8")


def solution_answers(exercise):
    """The solution's own answers."""
    return {c.question: c.source for c in exercise.cells if c.role == "answer"}


def lines(source):
    """A source as the list of lines that notebooks store."""
    return source.splitlines(keepends=True)
