"""Every backward pass that is wrong by one edit; `walk` computes what each would give."""

import ast
import itertools
from dataclasses import replace

from course_utils import equations
from course_utils.grading.diagnosis.edits import renamed
from course_utils.grading.diagnosis.reverse import is_leaf
from course_utils.grading.diagnosis.term_edits import WRONG_SLOPES, term_edits
from course_utils.grading.diagnosis.variant import wrong_pass
from course_utils.grading.diagnosis.walk import compute, needed, prepare
from course_utils.grading.diagnosis.walk_edits import exchanged_parts, walks

__all__ = ["compute", "prepare", "variants"]


def variants(task):
    """All wrong variants of a backward task."""
    right = needed(task)
    yield from grouped(right)
    yield from in_every_gate(right, task)
    yield from other_tanh(right, task)
    yield from exchanged_names(right, task)
    for k, term in enumerate(right):
        for words, new in term_edits(term, right, task):
            changed = () if new is None else (new,)
            yield wrong_pass(words, (*right[:k], *changed, *right[k + 1 :]))
    yield from walks(task, right)
    yield from exchanged_parts(task, right)


def grouped(right):
    """All slopes of one function missing or wrong at once."""
    for function, wrong in WRONG_SLOPES.items():
        places = [t for t in right if t.slope[:1] == (function,)]
        if len(places) < 2:
            continue
        yield (
            wrong_pass(
                f"without the slope of any {function}",
                tuple(replace(t, factors=t.factors[:-1]) if t in places else t for t in right),
            )
        )
        for text, words in wrong.items():
            new = tuple(
                replace(t, factors=(*t.factors[:-1], text.format(t.slope[1]))) if t in places else t
                for t in right
            )
            yield wrong_pass(f"with {words.format('v')}, for every {function}", new)


def in_every_gate(right, task):
    """The same edit of a product at every gate: what one slip with the stacked weights does."""
    edits = {}
    for k, term in enumerate(right):
        gate = term.source.removeprefix("a_")
        if term.source == gate or gate not in task.gates:
            continue
        for words, new in term_edits(term, right, task):
            common = words
            for symbol in ("da_", "W_x", "W_h", "b_"):
                common = common.replace(f"{symbol}{gate}", symbol.rstrip("_"))
            edits.setdefault(common, {})[k] = new
    for words, new in edits.items():
        if len(new) > 1:
            kept = [new.get(k, term) for k, term in enumerate(right)]
            yield wrong_pass(f"{words}, for every gate", tuple(t for t in kept if t is not None))


def other_tanh(right, task):
    """tanh of another state than the one that it was, wherever it is read."""
    for name in map(equations.target, task.lines):
        for new in (f"tanh_{name}_prev", name):
            pairs = [(f, f.replace(f"tanh_{name}", new)) for t in right for f in t.factors]
            changed = dict(p for p in pairs if p[0] != p[1])
            if changed:
                shown = f"tanh({name}_prev)" if new != name else name
                terms = tuple(
                    replace(t, factors=tuple(changed.get(f, f) for f in t.factors)) for t in right
                )
                yield wrong_pass(f"with {shown} for tanh({name}) everywhere", terms)


def exchanged_names(right, task):
    """Two values, or two gradients, that changed places in all lines."""
    states = [n for n in map(equations.target, task.lines) if n not in task.gates]
    pools = [task.gates, [t.target for t in right if t.slope and not is_leaf(t)]]
    pairs = [p for pool in pools for p in itertools.combinations(dict.fromkeys(pool), 2)]
    for one, other in [*pairs, *((n, f"{n}_prev") for n in states)]:
        gradients = one.startswith("a_")
        names = {one: other, other: one, f"tanh_{one}": f"tanh_{other}"}
        if gradients:
            names = {f"d{one}": f"d{other}", f"d{other}": f"d{one}"}
        changed = []
        for term in right:
            tree = equations.parse(f"v = {term.product}")[1]
            text = ast.unparse(renamed(tree, names))
            changed.append(replace(term, text=text) if text != ast.unparse(tree) else term)
        shown = f"d{one} and d{other}" if gradients else f"{one} and {other}"
        yield wrong_pass(f"with {shown} exchanged", tuple(changed))
