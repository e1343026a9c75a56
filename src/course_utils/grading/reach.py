"""Which questions of an exercise a change can reach, and what they need in order to run."""

import re
import symtable
from dataclasses import replace


def within_reach(exercise, keys, program=None):
    """The exercise with these questions, those that use their answers, and what those use.

    program: cells with other answers than the solution's, which may use other questions.
    """
    used = uses(exercise, program)
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


def needed(exercise, keys, program=None):
    """These questions and those whose answers they use, without which they could not run."""
    return closure(keys, uses(exercise, program))


def uses(exercise, program=None):
    """{question: those before it whose functions its answer or its checks name}."""
    used, defined = {key: set() for key in exercise.questions}, {}
    for cell in program or exercise.cells:
        if cell.question:
            used[cell.question] |= {defined[name] for name in taken(cell.source) & set(defined)}
        if cell.role == "answer":
            names = exercise.questions[cell.question].requires
            defined |= dict.fromkeys(names, cell.question)
    return used


def closure(keys, leads):
    """These keys and all that ``leads`` (key -> keys) reaches from them."""
    found, ahead = set(), set(keys)
    while ahead:
        found |= ahead
        ahead = set().union(*(leads[key] for key in ahead)) - found
    return found


def taken(source):
    """The names that a cell may take from cells before it: not those of its functions' own."""
    try:
        scopes = [symtable.symtable(source, "a cell", "exec")]
    except SyntaxError:  # a magic
        return set(re.findall(r"\w+", source))
    names = set()
    for scope in scopes:  # it grows
        scopes += scope.get_children()
        outer = scope.get_type() == "module"
        names |= {s.get_name() for s in scope.get_symbols()
                  if s.is_referenced() and (outer or s.is_global())}  # fmt: skip
    return names
