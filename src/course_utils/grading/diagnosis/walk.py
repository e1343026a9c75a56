"""Walk back through time with the terms of a backward pass, right ones or wrong ones."""

import numpy as np

from course_utils import equations
from course_utils.grading.diagnosis.reverse import terms
from course_utils.spec import NUMPY

PREFIXES = {"weight_ih": "W_x", "weight_hh": "W_h"} | dict.fromkeys(
    ("bias_ih", "bias_hh", "bias"), "b_"
)


def needed(task):
    """The terms that lead to a part that is asked for."""
    all_terms = terms(task.lines)[1]
    wanted = {f"{n}_prev" for n in task.start}
    for source in task.parts.values():
        name = source.removeprefix("d").removesuffix("[0]")
        wanted |= {f"{PREFIXES[name]}{g}" for g in task.gates} if name in PREFIXES else {name}
    for term in reversed(all_terms):
        if term.target in wanted:
            wanted.add(term.source)
    return tuple(t for t in all_terms if t.target in wanted)


def compute(task, tape, variant=None):
    """The gradients that a task's parts hold; variant: None for the right backward pass."""
    chosen, change, parts = needed(task), ("", ""), task.parts
    if variant is not None:
        chosen, change, parts = variant.terms, variant.walk or change, variant.parts or parts
    runs = [walk(task, chosen, change, tape, every) for every in task.every or (0,)]
    gradients = [{n: emitted(run, s, task) for n, s in parts.items()} for run in runs]
    if task.every:
        return {name: np.stack([f[name] for f in gradients]) for name in parts}
    return gradients[0]


def prepare(task):
    """The tape: every name of the flat lines at every step, as the right forward pass has it."""
    flat, _ = terms(task.lines)
    steps, state = [], dict(task.start)
    for t in range(task.T):
        now = {n: v[t] for n, v in task.series.items()}
        now |= {f"{n}_prev": v for n, v in state.items()}
        values = task.values | now
        for line in flat:
            if equations.target(line) in now or not readable(line, values):
                continue
            values = equations.evaluate([line], values, NUMPY)
        state = {n: values[n] for n in state}
        steps.append(values)
    for t, values in enumerate(steps):
        for n, first in task.start.items():
            values[f"{n}_zeros"] = values[f"{n}_prev"] if t else 0 * first
            values[f"{n}_wrapped"] = steps[t - 1][n]
            values[f"{n}_first"] = first
            values[f"{n}_mixed"] = values[n] if t else first
        for name in [n for n in task.series if n.endswith("_prev")]:
            n = name.removesuffix("_prev")
            values[f"{n}_zeros"] = values[name] if t else 0 * values[name]
            if n in task.series:
                values[f"{n}_wrapped"] = task.series[n][t - 1]
        values |= {f"tanh_{n}": np.tanh(v) for n, v in list(values.items()) if n.endswith("_prev")}
        values |= {f"{n}_T": v.T for n, v in task.values.items() if np.ndim(v) == 2}
    return steps


def readable(line, values):
    """Can this line be computed from what is known?"""
    return all(name in values for name in equations.names(line))


def walk(task, chosen, change, tape, every):
    """One walk back: {name: {t: gradient}} of every name, and what is left at the start."""
    kind, about = change
    grads, carry, T = {}, {}, len(tape)
    order = range(T) if kind == "forwards" else range(T - 1, -1, -1)
    for t in order:
        step = {}
        for name, above in task.above.items():
            step[name] = from_above(above, t, T, kind if about == name else "")
        arrived = {n: v for n, v in carry.items() if not (kind == "no carry" and n == about)}
        for name, value in arrived.items():
            step[name] = step.get(name, 0) + value
        if kind == "other above":
            step[about[0]] = task.above[about[1]][t]
        initial = dict(step)
        for term in chosen:
            source = of_edited(term, step, tape[t]) if term.text else step.get(term.source)
            if kind == "partial" and term.source == about and term.target == f"{about}_prev":
                source = initial.get(about)
            if source is None:
                continue
            values = tape[t]
            if kind.startswith("cut ") and every and t % every == 0 and t and term.outer:
                values = cut_state(values, term, kind)
            value = contribution(term, source, values, kind, about, T)
            step[term.target] = step.get(term.target, 0) + value
        carry = {n: step[f"{n}_prev"] for n in names_before(step)}
        if kind in ("other carry", "exchanged carry"):
            one, other = about
            new = {one: carry[other]} | ({other: carry[one]} if kind[0] == "e" else {})
            carry |= new
        if every and is_cut(t, T, every, kind):
            carry = {n: 0 * v for n, v in carry.items()}
        for name, value in step.items():
            grads.setdefault(name, {})[t] = value
    return {"grads": grads, "T": T, "kind": kind, "about": about}


def from_above(above, t, T, kind):
    """What comes from the loss at a step."""
    if kind == "turned above":
        return above[T - 1 - t]
    if kind == "above twice":
        return 2 * above[t]
    missing = (kind == "no above" and t < T - 1) or (kind == "first above" and t > 0)
    return 0 * above[t] if missing or kind == "never above" else above[t]


def cut_state(values, term, kind):
    """The state before a chunk as somebody sees it who cuts more than the credit."""
    base = term.outer.removesuffix("_prev")
    if kind == "cut state":
        return values | {term.outer: values.get(f"{base}_first", values[term.outer])}
    return values | {term.outer: 0 * values[term.outer]} if kind == "cut zeros" else values


def is_cut(t, T, every, kind):
    """Does the credit stop here?"""
    at = {"cut late": t - 1, "cut early": t + 1, "cut from the end": T - t}.get(kind, t)
    return kind != "never cut" and at % every == 0


def names_before(step):
    """The states whose gradient goes on to the step before."""
    return [n.removesuffix("_prev") for n in step if n.endswith("_prev")]


def contribution(term, source, values, kind, about, T):
    """What one term adds."""
    value = source if term.text else term.sign * source
    for factor in () if term.text else term.factors:
        value = value * of_text(factor, values)
    if term.weight:
        return value @ values[term.weight]
    share = 1.0
    parameter = term.outer or values_are_shared(term.target, values)
    if parameter and about in ("", term.target):
        share = {"mean": 1 / len(source), "mean time": 1 / T}.get(kind, 1.0)
    if term.outer:
        return share * (value.T @ values[term.outer])
    return share * value.sum(axis=0) if parameter else value


def of_edited(term, step, values):
    """The value of a term that an edit has rewritten."""
    known = values | {f"d{name}": value for name, value in step.items()}
    return of_text_in(term.text, known) * np.ones_like(step[term.source])


def of_text_in(text, values):
    """The value of an expression."""
    return equations.evaluate([f"v = {text}"], values, NUMPY)["v"]


def values_are_shared(name, values):
    """Is this a vector that every row of the batch used (a bias, a peephole)?"""
    return name in values and np.ndim(values[name]) == 1


def of_text(text, values):
    """The value of a factor; each is computed once a step."""
    if ("value", text) not in values:
        values["value", text] = of_text_in(text, values)
    return values["value", text]


def emitted(run, source, task):
    """One part: "dx" at every step, "dh_prev" what is left before the first, "dW_xi" a sum."""
    name = source.removeprefix("d").removesuffix("[0]")
    if name in PREFIXES:
        return np.concatenate([summed(run, f"{PREFIXES[name]}{gate}") for gate in task.gates])
    if equations.is_parameter(name) or name == "b":
        return summed(run, name)
    by_step = run["grads"][name]
    if task.single or source.endswith("[0]") or name.endswith("_prev"):
        return by_step[0 if run["kind"] != "forwards" else run["T"] - 1]
    return np.stack([by_step[t] for t in range(run["T"])])


def summed(run, name):
    """A shared array's gradient: the sum over the steps, or what a wrong loop keeps."""
    by_step, wrong = run["grads"][name], run["about"] in ("", name)
    if run["kind"] == "last use" and wrong:
        return by_step[0]
    if run["kind"] == "first use" and wrong:
        return by_step[run["T"] - 1]
    return sum(by_step.values())
