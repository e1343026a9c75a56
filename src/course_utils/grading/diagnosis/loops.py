"""Slips in the loop over time, and in what is returned."""

import itertools

from course_utils import equations
from course_utils.grading.diagnosis.variant import Variant

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
            yield Variant(LOOPS[kind].format(name), task.lines, walk=(kind, (name,)))
    if len(carried) > 1:
        both = "0 and ".join(carried)
        yield Variant(LOOPS["zeros"].format(both), task.lines, walk=("zeros", tuple(carried)))
        words = LOOPS["frozen"].format(" and ".join(carried))
        words = words.replace(" is what it was", " are what they were")
        yield Variant(words, task.lines, walk=("frozen", tuple(carried)))
    for one, other in itertools.combinations(carried, 2):
        pair = (one, other)
        yield Variant(f"that hands {one} on as {other} and {other} as {one}", task.lines,
                      walk=("crossed", pair))  # fmt: skip
        yield Variant(f"that starts with {one}0 and {other}0 exchanged", task.lines,
                      walk=("crossed start", pair))  # fmt: skip
    shown = "state" if len(carried) != 1 else carried[0]
    for kind in ("backwards", "turned", "skips", "stops", "before", "rows", "first_x", "late_x"):
        yield Variant(LOOPS[kind].format(shown), task.lines, walk=(kind, tuple(carried)))


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
