"""Every backward pass that is wrong by one edit; `walk` computes what each would give."""

import ast
import itertools
from dataclasses import dataclass, replace

from course_utils import equations
from course_utils.grading.diagnosis.edits import join, renamed, replaced
from course_utils.grading.diagnosis.reverse import is_leaf
from course_utils.grading.diagnosis.walk import compute, needed, prepare
from course_utils.spec import NUMPY

__all__ = ["compute", "prepare", "variants"]

WRONG_SLOPES = {
    "sigmoid": {
        "1 - {0} * {0}": "tanh's slope for sigmoid's, at {0}",
        "1 - {0}": "1 - {0} for the slope {0} * (1 - {0})",
        "{0}": "{0} for the slope {0} * (1 - {0})",
        "sigmoid({0}) * (1 - sigmoid({0}))": "another sigmoid in the slope at {0}",
        "{0} * (1 + {0})": "{0} * (1 + {0}) for the slope {0} * (1 - {0})",
        "{0} * {0}": "{0}**2 for the slope {0} * (1 - {0})",
        "1 - {0} * (1 - {0})": "1 - {0} * (1 - {0}) for the slope {0} * (1 - {0})",
    },
    "tanh": {
        "{0} * (1 - {0})": "sigmoid's slope for tanh's, at {0}",
        "1 - {0}": "1 - {0} for the slope 1 - {0}**2",
        "1 - tanh({0}) * tanh({0})": "another tanh in the slope at {0}",
        "1 + {0} * {0}": "1 + {0}**2 for the slope 1 - {0}**2",
        "{0} * {0}": "{0}**2 for the slope 1 - {0}**2",
        "{0}": "{0} for the slope 1 - {0}**2",
    },
}


@dataclass(frozen=True)
class Variant:
    """A wrong backward pass; walk: a change of the walk through time, with the name it concerns."""

    words: str
    terms: tuple
    walk: tuple = ()
    parts: dict | None = None


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
            yield Variant(words, (*right[:k], *changed, *right[k + 1 :]))
    yield from walks(task, right)
    yield from exchanged_parts(task, right)


def grouped(right):
    """All slopes of one function missing or wrong at once."""
    for function, wrong in WRONG_SLOPES.items():
        places = [t for t in right if t.slope[:1] == (function,)]
        if len(places) < 2:
            continue
        yield (
            Variant(
                f"without the slope of any {function}",
                tuple(replace(t, factors=t.factors[:-1]) if t in places else t for t in right),
            )
        )
        for text, words in wrong.items():
            new = tuple(
                replace(t, factors=(*t.factors[:-1], text.format(t.slope[1]))) if t in places else t
                for t in right
            )
            yield Variant(f"with {words.format('v')}, for every {function}", new)


def in_every_gate(right, task):
    """The same edit of a product at every gate: what one slip with the stacked weights does."""
    found = {}
    for k, term in enumerate(right):
        gate = term.source.removeprefix("a_")
        if term.source == gate or gate not in task.gates:
            continue
        for words, new in term_edits(term, right, task):
            common = words
            for symbol in ("da_", "W_x", "W_h", "b_"):
                common = common.replace(f"{symbol}{gate}", symbol.rstrip("_"))
            found.setdefault(common, {})[k] = new
    for words, new in found.items():
        if len(new) > 1:
            kept = [new.get(k, term) for k, term in enumerate(right)]
            yield Variant(f"{words}, for every gate", tuple(t for t in kept if t is not None))


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
                yield Variant(f"with {shown} for tanh({name}) everywhere", terms)


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
        yield Variant(f"with {shown} exchanged", tuple(changed))


def term_edits(term, right, task):
    """(words, term or None) for each edit of one term."""
    where = f"d{term.target}"
    if not term.outer:
        yield f"without {term} in {where}", None
    yield f"with the sign of {term} turned in {where}", replace(term, sign=-term.sign)
    yield f"with {term} twice in {where}", replace(term, factors=(*term.factors, "2"))
    for k, factor in enumerate(term.factors):
        fewer = (*term.factors[:k], *term.factors[k + 1 :])
        slope = term.slope and k == len(term.factors) - 1
        if slope:
            yield (
                f"without the slope of {term.slope[0]}, {factor}, in {where}",
                replace(term, factors=fewer),
            )
            for text, words in WRONG_SLOPES.get(term.slope[0], {}).items():
                new = (*fewer, text.format(term.slope[1]))
                yield f"with {words.format(term.slope[1])}, in {where}", replace(term, factors=new)
            continue
        yield f"without the factor {factor} in {where}", replace(term, factors=fewer)
        for words, new in factor_edits(factor, task):
            factors = (*term.factors[:k], new, *term.factors[k + 1 :])
            yield f"with {words} in {where}", replace(term, factors=factors)
    yield from rewritten(term, right, task)
    gates = [t.target for t in right if t.slope]
    results = [t.source for t in right if t.slope]
    for pool in (gates, results):
        if term.source in pool:
            for other in pool:
                if other != term.source:
                    yield (
                        f"made from d{other}, not from d{term.source}, in {where}",
                        replace(term, source=other),
                    )
    if term.weight:
        yield f"with {term.weight} transposed in {where}", replace(term, weight=f"{term.weight}_T")
    if term.outer.endswith("_prev"):
        new = term.outer.removesuffix("_prev")
        yield f"with the new {new} for {term.outer} in {where}", replace(term, outer=new)
        yield (
            f"with {new}0 for {term.outer} at every step in {where}",
            replace(term, outer=f"{new}_first"),
        )
        yield (
            f"with the new {new} for {term.outer}, but at the first step, in {where}",
            replace(term, outer=f"{new}_mixed"),
        )
        yield (
            f"with zeros for the {new}0 before the first step in {where}",
            replace(term, outer=f"{new}_zeros"),
        )
        yield (
            f"with the last {new} before the first step, not {new}0, in {where}",
            replace(term, outer=f"{new}_wrapped"),
        )


def rewritten(term, right, task):
    """One place of a term's expression changed, whatever it is."""
    tree = equations.parse(f"v = {term.product}")[1]
    groups = [task.gates, list(dict.fromkeys(f"d{t.source}" for t in right))]
    for name in map(equations.target, task.lines):
        if name not in task.gates:
            groups.append((name, f"{name}_prev", f"tanh_{name}"))
    trees = [replaced(tree, n, new) for n in ast.walk(tree) for new in places(n, groups)]
    for group in groups:
        for old in group:
            trees += [renamed(tree, {old: new}) for new in group if new != old]
    for text in dict.fromkeys(map(ast.unparse, trees)):
        yield f"with {text} for {term.product} in d{term.target}", replace(term, text=text)


def places(node, groups):
    """Other nodes for one node: half of it, another sign, another name."""
    if isinstance(node, ast.BinOp):
        yield from (node.left, node.right)
        for other in {ast.Add, ast.Sub, ast.Mult} - {type(node.op)}:
            yield join(node.left, other, node.right)
    if isinstance(node, ast.Name):
        for group in groups:
            for other in group if node.id in group else ():
                if other != node.id:
                    yield ast.Name(other)


def factor_edits(factor, task):
    """Another name for a factor: old for new, without its function, another gate."""
    names = {*task.series, *task.start, *(equations.target(q) for q in task.lines)}
    base = factor.removesuffix("_prev")
    if base != factor and base in names:
        yield f"the new {base} for {factor}", base
    elif f"{factor}_prev" in names or factor in task.start:
        yield f"{factor}_prev for {factor}", f"{factor}_prev"
    if "_" in factor and factor.split("_")[0] in NUMPY:
        inner = factor.split("_", 1)[1]
        yield f"{inner} for {factor.split('_')[0]}({inner})", inner
    if factor in task.gates:
        yield f"1 - {factor} for {factor}", f"1 - {factor}"
        for other in task.gates:
            if other != factor:
                yield f"{other} for {factor}", other


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
            yield Variant(WALKS["no carry"].format(name), right, ("no carry", name))
        for name in [n for n in task.above if not n.startswith("a_")]:
            for kind in ("no above", "first above", "turned above", "above twice", "never above"):
                yield Variant(WALKS[kind].format(name), right, (kind, name))
        for kind in ("forwards", *(("last use", "first use", "mean time") if weights else ())):
            yield Variant(WALKS[kind], right, (kind, ""))
            if "use" in kind or "mean" in kind:
                for target in dict.fromkeys(t.target for t in weights):
                    words = WALKS[kind].replace("each weight's gradient", f"d{target}")
                    words = words.replace("the weights' gradients", f"d{target}")
                    yield Variant(words, right, (kind, target))
    if weights:
        yield Variant(WALKS["mean"], right, ("mean", ""))
        for target in dict.fromkeys(t.target for t in weights):
            words = WALKS["mean"].replace("the weights' gradients", f"d{target}")
            yield Variant(words.replace("sum them", "sum it"), right, ("mean", target))
    for name, other in itertools.permutations(carried, 2):
        if task.single:
            yield Variant(f"with d{other} for the d{name} that comes from above", right,
                          ("other above", (name, other)))  # fmt: skip
        else:
            yield Variant(f"with d{other}_next for d{name}_next", right,
                          ("other carry", (name, other)))  # fmt: skip
            yield Variant(f"with d{name}_next and d{other}_next exchanged", right,
                          ("exchanged carry", (name, other)))  # fmt: skip
    for name in task.above if task.single else ():
        yield Variant(f"without the d{name} that comes from above", right, ("never above", name))
    for name in dict.fromkeys([*task.start, *task.above]):
        yield Variant(WALKS["partial"].format(name), right, ("partial", name))
    for kind in [k for k in WALKS if "cut" in k] if task.every else ():
        yield Variant(WALKS[kind], right, (kind, ""))


def exchanged_parts(task, right):
    """Two gradients returned in the wrong order."""
    for one, other in itertools.combinations(task.parts, 2):
        swapped = task.parts | {one: task.parts[other], other: task.parts[one]}
        yield Variant(f"whose {one} and {other} were exchanged", right, parts=swapped)
