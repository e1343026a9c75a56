"""Every cell and loop that is wrong by one edit, and what each would compute."""

import numpy as np

from course_utils import equations
from course_utils.grading.diagnosis.cell_edits import cell_edits
from course_utils.grading.diagnosis.loops import exchanged_parts, loops
from course_utils.grading.diagnosis.variant import Variant
from course_utils.spec import NUMPY


def variants(task):
    """All wrong variants of a forward task, those that beginners meet most often first."""
    states = [n for n in map(equations.target, task.lines) if reads_state(task, n)]
    if task.edits == "all":
        yield from cell_edits(task, states)
    if not task.single:
        yield from loops(task)
    yield from exchanged_parts(task)


def reads_state(task, name):
    """Is this target carried from step to step?"""
    return any(f"{name}_prev" in equations.names(line) for line in task.lines)


def prepare(task):
    """What all variants share: the constants, square ones as transposes, too."""
    return task.values | {f"{n}_T": v.T for n, v in task.values.items() if square(v)}


def compute(task, known, variant=None):
    """What a task's parts hold, {part: array}; variant: None for the right cell."""
    variant = variant or Variant("", task.lines)
    values = known | variant.values
    kind, about = variant.walk or ("", ())
    series = walked(task.series, kind)
    start = {n: 0 * v if kind == "zeros" and n in about else v for n, v in task.start.items()}
    if kind == "crossed start":
        start |= {about[0]: start[about[1]], about[1]: start[about[0]]}
    state, rows = dict(start), []
    for t in range(len(next(iter(series.values())))):
        now = {name: value[t] for name, value in series.items()}
        before = {f"{name}_prev": value for name, value in state.items()}
        after = equations.evaluate(variant.lines, values | now | before, NUMPY)
        fixed = about if kind in ("frozen", "stuck") else ()
        state = {n: start[n] if n in fixed else after[n] for n in state}
        if kind == "crossed":
            state = {n: after[about[1 - about.index(n)]] if n in about else after[n] for n in state}
        shown = {n: after[f"{n}_prev"] for n in about} if kind in ("before", "stuck") else {}
        rows.append({equations.target(q): after[equations.target(q)] for q in task.lines} | shown)
        rows[-1] |= {f"tanh_{n}": np.tanh(v) for n, v in rows[-1].items()}
        rows[-1] |= {f"{n}_start": v for n, v in start.items()}
        rows[-1] |= {n: v for n, v in after.items() if n.endswith("_prev")}
    if kind == "turned":
        rows = rows[::-1]
    return {n: emitted(rows, s, task, kind) for n, s in (variant.parts or task.parts).items()}


def square(value):
    """Is this a square matrix, so that a transpose goes unseen?"""
    return np.ndim(value) == 2 and value.shape[0] == value.shape[1]


def walked(series, kind):
    """The inputs as a wrong loop reads them."""
    if kind in ("backwards", "turned"):
        return {n: v[::-1] for n, v in series.items()}
    if kind == "skips":
        return {n: v[1:] for n, v in series.items()}
    if kind == "stops":
        return {n: v[:-1] for n, v in series.items()}
    if kind == "first_x":
        return {n: np.repeat(v[:1], len(v), axis=0) for n, v in series.items()}
    if kind == "late_x":
        return {n: np.concatenate([v[:1], v[:-1]]) for n, v in series.items()}
    return series


def emitted(rows, source, task, kind):
    """One part: all steps, or the step that "h[-1]" names."""
    name, _, index = source.partition("[")
    if task.single:
        return rows[0][name]
    if index:
        return rows[int(index.rstrip("]"))][name]
    values = [row[name] for row in rows]
    return np.stack([values[-1]] * len(values) if kind == "rows" else values)
