"""Slips in the walk back through time, and in what is returned."""

import itertools

from course_utils.grading.diagnosis.variant import wrong_pass

WALKS = {
    "no carry": "without d{0}_next, what the step after sends back",
    "no above": "that takes d{0} from above at the last step only",
    "first above": "that takes d{0} from above at the first step only",
    "turned above": "that reads d{0} from above in the wrong order of time",
    "never above": "without d{0} from above",
    "above twice": "that adds d{0} from above twice",
    "forwards": "that walks from the first step to the last",
    "last use": "that keeps the first step's share of each weight's gradient: = for +=",
    "first use": "that keeps the last step's share of each weight's gradient: = for +=",
    "mean": "that averages the weights' gradients over the batch: sum them",
    "mean time": "that averages the weights' gradients over time: sum them",
    "partial": "whose d{0}_prev takes only what arrived, not the whole d{0} of this step",
    "zeros": "that starts from zeros, not from {0}0",
    "never cut": "that is never cut: this is the full gradient",
    "cut late": "that is cut one step late",
    "cut early": "that is cut one step early",
    "cut from the end": "whose chunks are counted from the last step, not from the first",
    "cut state": "whose state is cut, too: h_prev of a chunk's first step is h0",
    "cut zeros": "whose state is cut, too: h_prev of a chunk's first step is 0",
}


def walks(task, right):
    """Mistakes in the walk back through time."""
    carried = list(task.start) or [n for n in task.above if not n.startswith("a_")]
    weights = [t for t in right if t.outer or t.target.startswith("b_") or t.target == "b"]
    if not task.single:
        for name in carried:
            yield wrong_pass(WALKS["no carry"].format(name), right, ("no carry", name))
        for name in [n for n in task.above if not n.startswith("a_")]:
            for kind in ("no above", "first above", "turned above", "above twice", "never above"):
                yield wrong_pass(WALKS[kind].format(name), right, (kind, name))
        for kind in ("forwards", *(("last use", "first use", "mean time") if weights else ())):
            yield wrong_pass(WALKS[kind], right, (kind, ""))
            if "use" in kind or "mean" in kind:
                for target in dict.fromkeys(t.target for t in weights):
                    words = WALKS[kind].replace("each weight's gradient", f"d{target}")
                    words = words.replace("the weights' gradients", f"d{target}")
                    yield wrong_pass(words, right, (kind, target))
    if weights:
        yield wrong_pass(WALKS["mean"], right, ("mean", ""))
        for target in dict.fromkeys(t.target for t in weights):
            words = WALKS["mean"].replace("the weights' gradients", f"d{target}")
            yield wrong_pass(words.replace("sum them", "sum it"), right, ("mean", target))
    for name, other in itertools.permutations(carried, 2):
        if task.single:
            yield wrong_pass(f"with d{other} for the d{name} that comes from above", right,
                          ("other above", (name, other)))  # fmt: skip
        else:
            yield wrong_pass(f"with d{other}_next for d{name}_next", right,
                          ("other carry", (name, other)))  # fmt: skip
            yield wrong_pass(f"with d{name}_next and d{other}_next exchanged", right,
                          ("exchanged carry", (name, other)))  # fmt: skip
    for name in task.above if task.single else ():
        yield wrong_pass(f"without the d{name} that comes from above", right, ("never above", name))
    for name in dict.fromkeys([*task.start, *task.above]):
        yield wrong_pass(WALKS["partial"].format(name), right, ("partial", name))
    for kind in [k for k in WALKS if "cut" in k] if task.every else ():
        yield wrong_pass(WALKS[kind], right, (kind, ""))


def exchanged_parts(task, right):
    """Two gradients returned in the wrong order."""
    for one, other in itertools.combinations(task.parts, 2):
        swapped = task.parts | {one: task.parts[other], other: task.parts[one]}
        yield wrong_pass(f"whose {one} and {other} were exchanged", right, parts=swapped)
