"""Which questions of an exercise a change can reach, and what they need in order to run."""

import ast
from dataclasses import replace

from course_utils.grading.syntax import parsed


def within_reach(exercise, keys):
    """The exercise with these questions, those that use their answers, and what those use."""
    used = uses(exercise)
    users = {key: {user for user in used if key in used[user]} for key in used}
    keys = closure(closure(keys, users), used)
    out = {c.cell_id for c in exercise.cells if c.question and c.question not in keys}
    return replace(
        exercise,
        cells=tuple(c for c in exercise.cells if c.cell_id not in out),
        questions={key: rules for key, rules in exercise.questions.items() if key in keys},
        notebook={**exercise.notebook,
                  "cells": [c for c in exercise.notebook["cells"] if c.get("id") not in out]},
    )  # fmt: skip


def needed(exercise, keys):
    """These questions and those whose answers they use, without which they could not run."""
    return closure(keys, uses(exercise))


def uses(exercise):
    """{question: the questions whose functions its answer or its checks name}."""
    used = {key: set() for key in exercise.questions}
    for cell in exercise.cells:
        if cell.question:
            named = names_in(cell.source)
            used[cell.question] |= {
                key for key, rules in exercise.questions.items() if named & set(rules.requires)
            }
    return used


def closure(keys, leads):
    """These keys and all that ``leads`` (key -> keys) reaches from them."""
    found, ahead = set(), set(keys)
    while ahead:
        found |= ahead
        ahead = set().union(*(leads[key] for key in ahead)) - found
    return found


def names_in(source):
    """Every name that a cell uses."""
    return {node.id for node in ast.walk(parsed(source)) if isinstance(node, ast.Name)}
