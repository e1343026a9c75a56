"""A table executor that runs programs softly: every operation on every column, weighted.

At each of T steps a program gives one weight to each operation and to each column; where all
weights are 0 or 1 it is an ordinary program, in between a blend of programs, so that a gradient
can move it.  Neelakantan, Le & Sutskever 2015 (Neural Programmer), section 2.3 and table 1, as
recalled: the paper's text was not seen.

B questions with a table each, R rows, C columns, Q numbers in the question.
"""

from typing import NamedTuple

import numpy as np

from course_utils.shapes import expect

OPERATIONS = ("sum", "count", "difference", "greater", "lesser", "and", "or", "assign", "reset")

# The operations as lines of ``course_utils.equations``, for one table: rows_prev are the rows
# selected one step earlier, ToColumns the table as (C, R).  The language stops at comparing with a
# number, and at what happened more than one step ago: rows_2 (two steps) and scalar_3 (three) are
# given by hand.
EQUATIONS = (
    "sums = ToColumns @ rows_prev",
    "counted = total(rows_prev)",
    "difference = scalar_3 - scalar_prev",
    "either = maximum(rows_prev, rows_2)",
    "both = -maximum(-rows_prev, -rows_2)",
)
SYMBOLS = {
    "ToColumns": r"\mathrm{table}^\top",
    "sums": r"\mathrm{sum}_t",
    "counted": r"\mathrm{count}_t",
    "difference": r"\mathrm{diff}_t",
    "either": r"\mathrm{or}_t",
    "both": r"\mathrm{and}_t",
    "rows_prev": r"\mathrm{rows}_{t-1}",
    "rows_2": r"\mathrm{rows}_{t-2}",
    "scalar_prev": r"\mathrm{scalar}_{t-1}",
    "scalar_3": r"\mathrm{scalar}_{t-3}",
}


class Answer(NamedTuple):
    """scalar (B,) and lookup (B, R, C), the answers after the last step; rows (T, B, R) and scalars
    (T, B), the selection and the number after each."""

    scalar: np.ndarray
    lookup: np.ndarray
    rows: np.ndarray
    scalars: np.ndarray


class Cache(NamedTuple):
    """What the way back through ``step`` needs."""

    table: np.ndarray
    op: np.ndarray
    col: np.ndarray
    which: np.ndarray
    before: tuple
    above: np.ndarray
    below: np.ndarray
    results: tuple


def step(table, numbers, op, col, which, before):
    """One step of all programs.

    table (B, R, C); numbers (B, Q); op (B, 9), the weights of ``OPERATIONS``; col (B, C); which
    (B, 2, Q), the number that greater and lesser compare with; before, the rows (B, R) selected one
    and two steps ago and the scalars (B,) one and three steps ago.  Returns rows (B, R), scalar
    (B,), lookup (B, R, C) and a cache.

    Operations that answer select no rows: after a sum, rows are 0.  Departure: the paper blends the
    numbers and compares with the blend, which passes no gradient to ``which``; here the comparisons
    with each number are blended.
    """
    rows_1, rows_2, scalar_1, scalar_3 = before
    o_sum, o_count, o_diff, o_greater, o_lesser, o_and, o_or, o_assign, o_reset = op.T
    above = (table[..., None] > numbers[:, None, None]).astype(table.dtype)  # (B, R, C, Q)
    below = (table[..., None] < numbers[:, None, None]).astype(table.dtype)
    sums = np.einsum("br,brc->bc", rows_1, table)
    column_sum = (col * sums).sum(axis=-1)
    count = rows_1.sum(axis=-1)
    difference = scalar_3 - scalar_1
    greater = np.einsum("brcq,bc,bq->br", above, col, which[:, 0])
    lesser = np.einsum("brcq,bc,bq->br", below, col, which[:, 1])
    both, either = np.minimum(rows_1, rows_2), np.maximum(rows_1, rows_2)
    scalar = o_sum * column_sum + o_count * count + o_diff * difference
    rows = (
        o_greater[:, None] * greater
        + o_lesser[:, None] * lesser
        + o_and[:, None] * both
        + o_or[:, None] * either
        + o_reset[:, None]
    )
    lookup = o_assign[:, None, None] * rows_1[..., None] * col[:, None]
    results = (sums, column_sum, count, difference, greater, lesser, both, either)
    return rows, scalar, lookup, Cache(table, op, col, which, before, above, below, results)


def step_backward(cache, drows, dscalar, dlookup):
    """drows (B, R), dscalar (B,), dlookup (B, R, C) -> dop, dcol, dwhich, dbefore.

    Table and numbers get no gradient: they are data.  Where two rows are equal, and and or pass
    half to each.
    """
    table, op, col, which, (rows_1, rows_2, _, _), above, below, results = cache
    sums, column_sum, count, difference, greater, lesser, both, either = results
    o_sum, o_count, o_diff, o_greater, o_lesser, o_and, o_or, o_assign, _ = op.T
    # lookup = o_assign * rows_1 * col
    do_assign = np.einsum("brc,br,bc->b", dlookup, rows_1, col)
    drows_1 = o_assign[:, None] * np.einsum("brc,bc->br", dlookup, col)
    dcol = o_assign[:, None] * np.einsum("brc,br->bc", dlookup, rows_1)
    # rows = o_greater * greater + o_lesser * lesser + o_and * both + o_or * either + o_reset
    do_reset = drows.sum(axis=-1)
    do_or, deither = (drows * either).sum(axis=-1), o_or[:, None] * drows
    do_and, dboth = (drows * both).sum(axis=-1), o_and[:, None] * drows
    do_lesser, dlesser = (drows * lesser).sum(axis=-1), o_lesser[:, None] * drows
    do_greater, dgreater = (drows * greater).sum(axis=-1), o_greater[:, None] * drows
    # scalar = o_sum * column_sum + o_count * count + o_diff * difference
    do_diff, ddifference = dscalar * difference, o_diff * dscalar
    do_count, dcount = dscalar * count, o_count * dscalar
    do_sum, dcolumn_sum = dscalar * column_sum, o_sum * dscalar
    # either = max(rows_1, rows_2), both = min(rows_1, rows_2)
    larger = np.where(rows_1 == rows_2, 0.5, rows_1 > rows_2).astype(rows_1.dtype)
    drows_1 = drows_1 + larger * deither + (1 - larger) * dboth
    drows_2 = (1 - larger) * deither + larger * dboth
    # lesser and greater = comparisons, blended by col and which
    dcol = dcol + np.einsum("br,brcq,bq->bc", dlesser, below, which[:, 1])
    dcol = dcol + np.einsum("br,brcq,bq->bc", dgreater, above, which[:, 0])
    dwhich_lesser = np.einsum("br,brcq,bc->bq", dlesser, below, col)
    dwhich_greater = np.einsum("br,brcq,bc->bq", dgreater, above, col)
    dscalar_3, dscalar_1 = ddifference, -ddifference  # difference = scalar_3 - scalar_1
    drows_1 = drows_1 + dcount[:, None]  # count = sum of rows_1
    dcol = dcol + dcolumn_sum[:, None] * sums  # column_sum = col * sums
    dsums = dcolumn_sum[:, None] * col
    drows_1 = drows_1 + np.einsum("bc,brc->br", dsums, table)  # sums = rows_1 @ table
    dop = [do_sum, do_count, do_diff, do_greater, do_lesser, do_and, do_or, do_assign, do_reset]
    dwhich = np.stack([dwhich_greater, dwhich_lesser], axis=1)
    return np.stack(dop, axis=-1), dcol, dwhich, (drows_1, drows_2, dscalar_1, dscalar_3)


def execute(table, numbers, op, col, which):
    """Run T steps: op (T, B, 9), col (T, B, C); the others as in ``step`` -> Answer, caches.

    Before the first step all rows are selected and every scalar is 0; with T = 0 the answers are 0.
    ``program`` prints what ran, ``harden`` makes the weights an ordinary program.
    """
    sizes = expect(
        table=(table, "B R C"),
        numbers=(numbers, "B Q"),
        op=(op, f"T B {len(OPERATIONS)}"),
        col=(col, "T B C"),
        which=(which, "B 2 Q"),
    )
    B, R, C, T = (sizes[axis] for axis in "BRCT")
    dtype = table.dtype
    rows, scalars = [np.ones((B, R), dtype)] * 2, [np.zeros(B, dtype)] * 3
    lookup, caches = np.zeros((B, R, C), dtype), []
    for t in range(T):
        before = (rows[-1], rows[-2], scalars[-1], scalars[-3])
        r, s, lookup, cache = step(table, numbers, op[t], col[t], which, before)
        rows.append(r)
        scalars.append(s)
        caches.append(cache)
    along = np.array(rows[2:]).reshape(T, B, R), np.array(scalars[3:]).reshape(T, B)
    along = tuple(a.astype(dtype, copy=False) for a in along)
    return Answer(scalars[-1], lookup, *along), caches


def execute_backward(caches, dscalar, dlookup):
    """dscalar (B,), dlookup (B, R, C) of the answers -> dop (T, B, 9), dcol (T, B, C), dwhich.

    ValueError where nothing ran.
    """
    T = len(caches)
    if not T:
        raise ValueError("caches: no steps were run; there is nothing to go back through")
    op, col, which, rows = (getattr(caches[0], n) for n in ("op", "col", "which", "before"))
    dop, dcol = (np.zeros((T, *a.shape), a.dtype) for a in (op, col))
    dwhich = np.zeros_like(which)
    drows = [np.zeros_like(rows[0]) for _ in range(T + 2)]  # entry t + 2 belongs to step t
    dscalars = [np.zeros_like(dscalar) for _ in range(T + 3)]  # entry t + 3 to step t
    dscalars[-1] = dscalar
    for t in reversed(range(T)):
        dop[t], dcol[t], dwhich_t, dbefore = step_backward(
            caches[t], drows[t + 2], dscalars[t + 3], dlookup
        )
        dwhich += dwhich_t
        dlookup = np.zeros_like(dlookup)  # only the last step answers
        drows[t + 1] = drows[t + 1] + dbefore[0]
        drows[t] = drows[t] + dbefore[1]
        dscalars[t + 2] = dscalars[t + 2] + dbefore[2]
        dscalars[t] = dscalars[t] + dbefore[3]
    return dop, dcol, dwhich


def harden(weights):
    """1 at the largest of the last axis (the first of equals), 0 elsewhere; any shape, dtype kept.

    At test time the paper replaces its softmaxes by this.
    """
    best = weights.argmax(axis=-1)
    return (np.arange(weights.shape[-1]) == best[..., None]).astype(weights.dtype)


def program(op, col, which, names, numbers):
    """The most likely program of one question, as lines of text.

    op (T, 9), col (T, C), which (2, Q), names of the C columns, numbers (Q,).
    """
    lines = []
    for o, c in zip(op.argmax(axis=-1), col.argmax(axis=-1), strict=True):
        name = OPERATIONS[o]
        if name in ("greater", "lesser"):
            row = which[OPERATIONS.index(name) - OPERATIONS.index("greater")]
            sign = ">" if name == "greater" else "<"
            lines.append(f"rows = {names[c]} {sign} {numbers[row.argmax()]:g}")
        elif name in ("and", "or"):
            lines.append(f"rows = last {name} the one before")
        else:
            lines.append(
                {
                    "sum": f"scalar = sum of {names[c]} over rows",
                    "count": "scalar = number of rows",
                    "difference": "scalar = scalar three steps ago - last scalar",
                    "assign": f"answer = {names[c]} of rows",
                    "reset": "rows = all",
                }[name]
            )
    return lines
