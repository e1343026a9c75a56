"""Every cell and loop that is wrong by one edit, and what each would compute."""

import itertools
from dataclasses import dataclass, field

import numpy as np

from course_utils import equations
from course_utils.grading.diagnosis.edits import line_edits
from course_utils.spec import NUMPY


@dataclass(frozen=True)
class Variant:
    """A wrong cell: words that complete "that of a cell ...", and what is changed.

    loop: a change of the walk through time (see `LOOPS`), with the state that it concerns.
    """

    words: str
    lines: tuple
    values: dict = field(default_factory=dict)
    loop: tuple = ()
    parts: dict | None = None


def variants(task):
    """All wrong variants of a forward task, those that beginners meet most often first."""
    states = [n for n in map(equations.target, task.lines) if reads_state(task, n)]
    if task.edits == "all":
        yield from whole_edits(task, states)
        yield from gate_orders(task)
        yield from weight_edits(task)
        yield from stacked_edits(task)
        yield from other_weights(task)
        given = [n for n in task.series if n in task.gates]
        gates = [g for g in task.gates if g in map(equations.target, task.lines)]
        for line in task.lines:
            for words, new in line_edits(line, gates, states, given):
                yield Variant(words, tuple(new if line == old else old for old in task.lines))
    if not task.single:
        yield from loops(task)
    yield from exchanged_parts(task)


def reads_state(task, name):
    """Is this target carried from step to step?"""
    return any(f"{name}_prev" in equations.names(line) for line in task.lines)


def whole_edits(task, states):
    """The same edit in every line that allows it: what one slip in a stacked line does."""
    gates = [g for g in task.gates if g in map(equations.target, task.lines)]
    found = {}
    for k, line in enumerate(task.lines):
        name = equations.target(line)
        for words, new in line_edits(line, gates, states):
            common = words.removesuffix(f" in {name}")
            for symbol in ("W_x", "W_h", "b_x", "b_h", "b_"):
                common = common.replace(f"{symbol}{name}", f"{symbol}*")
            found.setdefault(common, {}).setdefault(k, new)
    for words, lines in found.items():
        if len(lines) > 1:
            plain = words.replace("W_x*", "W_x").replace("W_h*", "W_h").replace("b_*", "b")
            new = tuple(lines.get(k, line) for k, line in enumerate(task.lines))
            yield Variant(f"{plain} in every line that has it", new)


def gate_orders(task):
    """The stacked blocks read in another order."""
    blocks = [n for n in task.values if n.startswith(("W_x", "W_h", "b_x", "b_h", "b_"))]
    gates = task.gates
    if not 1 < len(gates) <= 4:
        return
    orders = itertools.permutations(gates)
    for order in sorted(orders, key=lambda o: sum(a != b for a, b in zip(o, gates, strict=True))):
        moved = [g for g, o in zip(gates, order, strict=True) if g != o]
        if not moved:
            continue
        # the student calls block k by the name order[k]
        values = {}
        for block in blocks:
            prefix = block[:3] if block[:3] in ("W_x", "W_h", "b_x", "b_h") else "b_"
            gate = block.removeprefix(prefix)
            if gate in order:
                source = f"{prefix}{gates[order.index(gate)]}"
                if source in task.values:
                    values[block] = task.values[source]
        if not values:
            return
        words = f"with the blocks read in the order {', '.join(order)}"
        if len(moved) == 2:
            words = f"with {moved[0]} and {moved[1]} swapped: its blocks are read as "
            words += ", ".join(order)
        yield Variant(words, task.lines, values)


def other_weights(task):
    """One gate that is computed with another gate's weights."""
    for gate, other in itertools.permutations(task.gates, 2):
        changed = {
            f"{prefix}{gate}": task.values[f"{prefix}{other}"]
            for prefix in ("W_x", "W_h", "b_x", "b_h", "b_")
            if f"{prefix}{gate}" in task.values and f"{prefix}{other}" in task.values
        }
        if changed:
            yield Variant(f"with the weights of {other} in {gate}", task.lines, changed)


def weight_edits(task):
    """One of two biases, or both, missing or doubled; square weights that are not transposed."""
    pairs = [n[2:] for n in task.values if n.startswith("b_") and f"b_x{n[2:]}" in task.values]
    value = task.values
    if pairs:
        for words, x, h in (
            ("without bias_hh", 1, 0),
            ("without bias_ih", 0, 1),
            ("with bias_ih twice, without bias_hh", 2, 0),
            ("with bias_hh twice, without bias_ih", 0, 2),
            ("with bias_ih twice", 2, 1),
            ("with bias_hh twice", 1, 2),
        ):
            changed = {f"b_{g}": x * value[f"b_x{g}"] + h * value[f"b_h{g}"] for g in pairs}
            yield Variant(words, task.lines, changed)
            for g in pairs if len(pairs) > 1 else ():
                name = words.replace("bias_ih", f"b_x{g}").replace("bias_hh", f"b_h{g}")
                yield Variant(name, task.lines, {f"b_{g}": changed[f"b_{g}"]})


def stacked_edits(task):
    """The stacked line a = x W + b_ih + h W + b_hh with other signs, or without some of it."""
    texts = {"W_x": "x @ W_x", "b_x": "b_ih", "W_h": "h_prev @ W_h", "b_h": "b_hh"}
    kinds = [k for k in texts if any(n.startswith(k) for n in task.values)]
    if len(kinds) < 2 or len(task.gates) < 2:
        return
    for signs in itertools.product((1, 0, -1), repeat=len(kinds)):
        changed, words = {}, ""
        for sign, kind in zip(signs, kinds, strict=True):
            words += f" {'+' if sign > 0 else '-'} {texts[kind]}" if sign else ""
            changed |= {n: sign * v for n, v in task.values.items() if n.startswith(kind)}
        for gate in task.gates:
            if f"b_x{gate}" in changed and f"b_h{gate}" in changed:
                changed[f"b_{gate}"] = changed[f"b_x{gate}"] + changed[f"b_h{gate}"]
        words = (
            f"whose pre-activation is{words.replace(' +', '', 1) if words[1:2] == '+' else words}"
        )
        yield Variant(words, task.lines, changed)


LOOPS = {
    "zeros": "that starts from zeros, not from {0}0",
    "frozen": "that is never fed back: {0} is what it was at the start, at every step",
    "stuck": "that is never fed back: {0} stays what it was at the start, to the end",
    "backwards": "that reads the sequence from the last step to the first",
    "turned": "that reads the sequence from its end, and turns its results round",
    "skips": "whose loop leaves out the first step",
    "stops": "whose loop leaves out the last step",
    "before": "whose {0} is kept before the step, not after it",
    "rows": "whose every row holds the last {0}: one array, kept many times",
    "first_x": "that reads the first input at every step",
    "late_x": "that reads each input one step late",
}


def loops(task):
    """Mistakes in the walk through time."""
    carried = list(task.start)
    for name in carried:
        for kind in ("zeros", "frozen", "stuck"):
            yield Variant(LOOPS[kind].format(name), task.lines, loop=(kind, (name,)))
    if len(carried) > 1:
        both = "0 and ".join(carried)
        yield Variant(LOOPS["zeros"].format(both), task.lines, loop=("zeros", tuple(carried)))
        words = LOOPS["frozen"].format(" and ".join(carried))
        words = words.replace(" is what it was", " are what they were")
        yield Variant(words, task.lines, loop=("frozen", tuple(carried)))
    for one, other in itertools.combinations(carried, 2):
        pair = (one, other)
        yield Variant(f"that hands {one} on as {other} and {other} as {one}", task.lines,
                      loop=("crossed", pair))  # fmt: skip
        yield Variant(f"that starts with {one}0 and {other}0 exchanged", task.lines,
                      loop=("crossed start", pair))  # fmt: skip
    shown = "state" if len(carried) != 1 else carried[0]
    for kind in ("backwards", "turned", "skips", "stops", "before", "rows", "first_x", "late_x"):
        yield Variant(LOOPS[kind].format(shown), task.lines, loop=(kind, tuple(carried)))


def exchanged_parts(task):
    """Two results returned in the wrong order, or another variable for the one that was asked."""
    names = list(task.parts)
    for one, other in itertools.combinations(names, 2):
        swapped = task.parts | {one: task.parts[other], other: task.parts[one]}
        yield Variant(f"whose {one} and {other} were exchanged", task.lines, parts=swapped)
    targets = [equations.target(line) for line in task.lines]
    for name, source in task.parts.items():
        base, _, index = source.partition("[")
        for other in targets:
            if other != base and base in targets:
                changed = task.parts | {name: source.replace(base, other, 1)}
                yield Variant(f"whose {name} holds {other}, not {base}", task.lines, parts=changed)
        if base in targets:
            changed = task.parts | {name: source.replace(base, f"tanh_{base}", 1)}
            yield Variant(f"whose {name} holds tanh({base})", task.lines, parts=changed)
        for other in () if task.single else task.start:
            changed = task.parts | {name: source.replace(base, f"{other}_start", 1)}
            yield Variant(f"whose {name} holds {other}0, not {base}", task.lines, parts=changed)
        for other in [n for n in targets if n in task.start or f"{n}_prev" in task.series]:
            changed = task.parts | {name: source.replace(base, f"{other}_prev", 1)}
            yield Variant(f"whose {name} holds {other}_prev", task.lines, parts=changed)
        if index:
            changed = task.parts | {name: f"{base}[0]"}
            yield Variant(f"whose {name} is that of the first step", task.lines, parts=changed)


def prepare(task):
    """What all variants share: the constants, square ones as transposes, too."""
    return task.values | {f"{n}_T": v.T for n, v in task.values.items() if square(v)}


def compute(task, known, variant=None):
    """What a task's parts hold, {part: array}; variant: None for the right cell."""
    variant = variant or Variant("", task.lines)
    values = known | variant.values
    kind, about = variant.loop or ("", ())
    series = walked(task.series, kind)
    start = {n: 0 * v if kind == "zeros" and n in about else v for n, v in task.start.items()}
    if kind == "crossed start":
        start |= {about[0]: start[about[1]], about[1]: start[about[0]]}
    state, rows = dict(start), []
    for t in range(len(next(iter(series.values())))):
        now = {name: value[t] for name, value in series.items()}
        before = {f"{name}_prev": value for name, value in state.items()}
        found = equations.evaluate(variant.lines, values | now | before, NUMPY)
        fixed = about if kind in ("frozen", "stuck") else ()
        state = {n: start[n] if n in fixed else found[n] for n in state}
        if kind == "crossed":
            state = {n: found[about[1 - about.index(n)]] if n in about else found[n] for n in state}
        shown = {n: found[f"{n}_prev"] for n in about} if kind in ("before", "stuck") else {}
        rows.append({equations.target(q): found[equations.target(q)] for q in task.lines} | shown)
        rows[-1] |= {f"tanh_{n}": np.tanh(v) for n, v in rows[-1].items()}
        rows[-1] |= {f"{n}_start": v for n, v in start.items()}
        rows[-1] |= {n: v for n, v in found.items() if n.endswith("_prev")}
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
