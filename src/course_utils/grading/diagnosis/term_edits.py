"""Slips in one line of a backward pass: a slope, a factor, a name, a product with a weight."""

import ast
from dataclasses import replace

from course_utils import equations
from course_utils.grading.diagnosis.edits import join, renamed, replaced
from course_utils.spec import NUMPY

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
        for other in (ast.Add, ast.Sub, ast.Mult):
            if not isinstance(node.op, other):
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
