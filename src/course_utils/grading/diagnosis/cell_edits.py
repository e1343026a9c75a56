"""Slips in a cell's equations: one line, all lines at once, gates exchanged, weights and biases."""

import itertools

from course_utils import equations
from course_utils.grading.diagnosis.edits import line_edits
from course_utils.grading.diagnosis.variant import Variant


def cell_edits(task, states):
    """All wrong variants of the equations, those of the stacked weights first."""
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


def whole_edits(task, states):
    """The same edit in every line that allows it: what one slip in a stacked line does."""
    gates = [g for g in task.gates if g in map(equations.target, task.lines)]
    edits = {}
    for k, line in enumerate(task.lines):
        name = equations.target(line)
        for words, new in line_edits(line, gates, states):
            common = words.removesuffix(f" in {name}")
            for symbol in ("W_x", "W_h", "b_x", "b_h", "b_"):
                common = common.replace(f"{symbol}{name}", f"{symbol}*")
            edits.setdefault(common, {}).setdefault(k, new)
    for words, lines in edits.items():
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
        yield Variant(words, task.lines, values=values)


def other_weights(task):
    """One gate that is computed with another gate's weights."""
    for gate, other in itertools.permutations(task.gates, 2):
        changed = {
            f"{prefix}{gate}": task.values[f"{prefix}{other}"]
            for prefix in ("W_x", "W_h", "b_x", "b_h", "b_")
            if f"{prefix}{gate}" in task.values and f"{prefix}{other}" in task.values
        }
        if changed:
            yield Variant(f"with the weights of {other} in {gate}", task.lines, values=changed)


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
            yield Variant(words, task.lines, values=changed)
            for g in pairs if len(pairs) > 1 else ():
                name = words.replace("bias_ih", f"b_x{g}").replace("bias_hh", f"b_h{g}")
                yield Variant(name, task.lines, values={f"b_{g}": changed[f"b_{g}"]})


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
        yield Variant(words, task.lines, values=changed)
