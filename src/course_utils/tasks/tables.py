"""Small tables with questions: the answer is given, the program that finds it is not."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from course_utils.shapes import positive_integer

WORDS = (
    "",
    "sum",
    "count",
    "show",
    "difference",
    "where",
    "greater",
    "less",
    "and",
    "or",
    "<number>",
)
NAMES = ("apples", "bread", "cheese", "dates", "eggs", "figs", "grapes", "honey")
ANSWERS = ("sum", "count", "show")
CONDITIONS = ("greater", "less", "and", "or")
KINDS = (
    "sum",
    *(f"{answer}_{condition}" for answer in ANSWERS for condition in CONDITIONS),
    "difference",
)


class Questions(NamedTuple):
    """n questions, each about a table of its own.

    words (L, n), integers, 0 after the end; lengths (n,).  numbers (n, 2), what the question's
    numbers are (0 where there is none), and number_at (n, 2), at which word, -1 for none.
    names (n, C), the words over the columns, and table (n, R, C).
    The answer is scalar (n,), or, where is_lookup (n,), the cells (n, R, C) that are to be shown.
    programs: for each question a shortest program, a tuple of (operation, column, number), which
    training must not see.
    """

    words: np.ndarray
    lengths: np.ndarray
    numbers: np.ndarray
    number_at: np.ndarray
    names: np.ndarray
    table: np.ndarray
    is_lookup: np.ndarray
    scalar: np.ndarray
    cells: np.ndarray
    programs: tuple


@dataclass(frozen=True)
class TableQuestions:
    """Questions of some ``kinds`` about tables of ``rows`` × ``columns`` whole numbers.

    Numbers are -largest … largest.  A kind is "sum" (of a column), "difference" (of the sums of two
    columns), or an answer and a condition on the rows, e.g. "count_greater", "show_and": sum, count
    or show; greater, less, and, or.  The two comparisons of and and or are one greater and one less
    with two different numbers.  Columns have different names, drawn anew for each table, so that
    only the names tell which is meant.  After the synthetic data of Neelakantan, Le & Sutskever
    2015; every number here is our own choice.
    """

    kinds: tuple = ("sum", "count_greater", "sum_greater", "show_less")
    rows: int = 6
    columns: int = 3
    largest: int = 10

    def __post_init__(self):
        positive_integer(rows=self.rows, columns=self.columns, largest=self.largest)
        object.__setattr__(self, "kinds", tuple(self.kinds))
        unknown = [k for k in self.kinds if k not in KINDS]
        if unknown or not self.kinds:
            raise ValueError(f"kinds: {unknown or 'none'}; there are: {', '.join(KINDS)}")
        least = 2 if {"difference", "and", "or"} & {k.split("_")[-1] for k in self.kinds} else 1
        if not least <= self.columns <= len(NAMES):
            raise ValueError(
                f"columns: expected {least} to {len(NAMES)} for these kinds, got {self.columns}"
            )

    @property
    def vocabulary(self):
        """The words, in the order of their numbers."""
        return WORDS + NAMES

    @property
    def steps(self):
        """How long the longest program is."""
        lengths = {"sum": 1, "difference": 4, "greater": 2, "less": 2, "and": 4, "or": 4}
        return max(lengths[kind.split("_")[-1]] for kind in self.kinds)

    def sample(self, rng, n):
        """-> Questions."""
        asked = [self._question(rng) for _ in range(n)]
        longest = max((len(q["words"]) for q in asked), default=0)
        words = np.zeros((longest, n), int)
        for b, q in enumerate(asked):
            words[: len(q["words"]), b] = q["words"]
        R, C = self.rows, self.columns
        stack = lambda name, *shape: np.array([q[name] for q in asked]).reshape(n, *shape)  # noqa: E731
        return Questions(
            words,
            np.array([len(q["words"]) for q in asked], int),
            stack("numbers", 2).astype(float),
            stack("number_at", 2).astype(int),
            stack("names", C).astype(int),
            stack("table", R, C).astype(float),
            stack("is_lookup").astype(bool),
            stack("scalar").astype(float),
            stack("cells", R, C).astype(bool),
            tuple(q["program"] for q in asked),
        )

    def _question(self, rng):
        kind = self.kinds[rng.integers(len(self.kinds))]
        table = rng.integers(-self.largest, self.largest + 1, (self.rows, self.columns))
        names = rng.permutation(len(NAMES))[: self.columns]
        words, numbers, program = [], [], []
        answer, _, condition = kind.partition("_")
        say = lambda *what: words.extend(  # noqa: E731
            self.vocabulary.index(NAMES[names[w]] if isinstance(w, (int, np.integer)) else w)
            for w in what
        )
        cells, scalar = np.zeros(table.shape, bool), 0
        if answer == "difference":
            first, second = rng.permutation(self.columns)[:2]
            say("difference", first, second)
            scalar = table[:, first].sum() - table[:, second].sum()
            program = [("sum", first, 0), ("reset", 0, 0), ("sum", second, 0), ("difference", 0, 0)]
        else:
            column = rng.integers(self.columns)
            say(answer, *([] if answer == "count" else [column]))
            rows = np.ones(self.rows, bool)
            if condition:
                say("where")
                rows = self._condition(rng, condition, table, say, numbers, words, program)
            scalar = {"sum": table[rows, column].sum(), "count": rows.sum(), "show": 0}[answer]
            if answer == "show":
                cells[rows, column] = True
            program.append(("assign" if answer == "show" else answer, column, 0))
        at = [at for at, word in enumerate(words) if WORDS[word : word + 1] == ("<number>",)]
        return {
            "words": words,
            "numbers": [*numbers, 0, 0][:2],
            "number_at": [*at, -1, -1][:2],
            "names": names + len(WORDS),
            "table": table,
            "is_lookup": answer == "show",
            "scalar": scalar,
            "cells": cells,
            "program": tuple((o, int(c), k) for o, c, k in program),
        }

    def _condition(self, rng, condition, table, say, numbers, words, program):
        """Say a condition, note its numbers and its program; returns the rows (R,) it selects."""
        two = condition in ("and", "or")
        signs = rng.permutation(["greater", "less"]) if two else [condition]
        columns = rng.permutation(self.columns)[: len(signs)]
        pivots = rng.permutation(np.arange(-self.largest, self.largest))[: len(signs)]
        selected = []
        for k, (sign, column, pivot) in enumerate(zip(signs, columns, pivots, strict=True)):
            if k:
                say(condition)
            say(column, str(sign), "<number>")
            numbers.append(pivot)
            program.append(("greater" if sign == "greater" else "lesser", column, k))
            values = table[:, column]
            selected.append(values > pivot if sign == "greater" else values < pivot)
        if not two:
            return selected[0]
        program.append((condition, 0, 0))
        return selected[0] & selected[1] if condition == "and" else selected[0] | selected[1]
