"""Equations as trees in which order and the names of parameters do not count, and their distance.

Sums and products are flat and sorted; a matrix product is one node over what it multiplies; biases
are alike, and so are weights that a unit has for itself.  Equal trees are one object.
"""

import ast
from functools import cache

from course_utils.equations import is_parameter, parse

LIGHT = 0.5  # a bias more or less is a small change
FLAT = {ast.Add: "+", ast.Mult: "*"}
VALUES = ("now", "prev")  # of a variable: of this step, of the one before


class Tree:
    """A node: its word, its parts, what it weighs and a text to sort it by."""

    __slots__ = ("parts", "size", "text", "word")

    def __init__(self, word, parts):
        self.word, self.parts = word, parts
        self.size = LIGHT if word == "bias" else 1 + sum(p.size for p in parts)
        self.text = f"{word}({','.join(p.text for p in parts)})"

    def __repr__(self):
        return self.text


@cache
def node(word, *parts):
    """The one tree of this word and these parts."""
    return Tree(word, parts)


@cache
def value(when, name):
    """The leaf of a variable: ``now`` or ``prev``."""
    leaf = Tree(when, ())
    leaf.text = f"{when} {name}"
    return leaf


ONE, BIAS, WEIGHT, CONSTANT = (node(word) for word in ("1", "bias", "weight", "constant"))


def tree(line, constants=(), names=None):
    """(name of the target, tree of its expression) of an equation.

    constants: names that are not trained.  names: {name: a name, or a tree, in its place}.
    """
    target, expression = parsed(line)
    return target, _tree(expression, frozenset(constants), names or {})


parsed = cache(parse)


def _tree(part, constants, names):
    def deeper(inner):
        return _tree(inner, constants, names)

    if isinstance(part, ast.Name):
        return _leaf(part.id, constants, names)
    if isinstance(part, ast.Constant):
        return node(f"{part.value:g}")
    if isinstance(part, ast.UnaryOp):
        return negative(deeper(part.operand))
    if isinstance(part, ast.Call):
        return node(part.func.id, *map(deeper, part.args))
    right = deeper(part.right)
    if isinstance(part.op, ast.MatMult):
        return node("@", right)
    left = deeper(part.left)
    if isinstance(part.op, ast.Sub):
        return flat("+", left, negative(right))
    if isinstance(part.op, ast.Div):
        return node("/", left, right)
    return flat(FLAT[type(part.op)], left, right)


def _leaf(name, constants, names):
    if name in constants:
        return CONSTANT
    if is_parameter(name):
        return BIAS if name.startswith("b_") else WEIGHT
    state = name.removesuffix("_prev")
    found = names.get(state, state)
    if isinstance(found, Tree):
        return found
    return value("now" if state == name else "prev", found)


def negative(part):
    """Minus a tree; two of them are none."""
    return part.parts[0] if part.word == "neg" else node("neg", part)


@cache
def flat(word, *parts):
    """A sum or product without brackets inside it, its parts in one order; 1 - (1 - a) is a."""
    inside = [q for p in parts for q in (p.parts if p.word == word else (p,))]
    if word == "+":
        for p in list(inside):
            if p.word == "neg" and p.parts[0].word == "+":
                inside.remove(p)
                inside += map(negative, p.parts[0].parts)
        if ONE in inside and negative(ONE) in inside:
            inside.remove(ONE)
            inside.remove(negative(ONE))
    return inside[0] if len(inside) == 1 else node(word, *sorted(inside, key=lambda p: p.text))


def complement(name):
    """1 minus a variable."""
    return flat("+", ONE, negative(value("now", name)))


@cache
def distance(a, b):
    """What it takes to turn one tree into the other: nodes exchanged, put in and taken out."""
    if a is b:
        return 0.0
    if not a.parts and not b.parts:
        return 1.0
    best = a.size + b.size
    if a.word == b.word and a.parts and b.parts:
        best = min(best, (_matched if a.word in ("+", "*") else _in_order)(a.parts, b.parts))
    elif len(a.parts) == len(b.parts) == 1:
        best = min(best, 1 + distance(a.parts[0], b.parts[0]))  # tanh for sigmoid
    for whole, other in ((a, b), (b, a)):  # a node put around one of them
        for part in whole.parts:
            if whole.size - part.size + abs(part.size - other.size) / 2 < best:
                best = min(best, whole.size - part.size + distance(part, other))
    return best


def _in_order(left, right):
    if len(left) != len(right):
        return sum(p.size for p in left) + sum(p.size for p in right)
    return sum(map(distance, left, right))


def _matched(left, right):
    """Parts of one sum beside those of another, so that the whole costs least."""
    left, right = list(left), list(right)
    for part in list(left):
        if part in right:
            left.remove(part)
            right.remove(part)
    return _least(*sorted((tuple(left), tuple(right)), key=len))


@cache
def _least(left, right):
    if not left:
        return sum(p.size for p in right)
    first, rest = left[0], left[1:]
    costs = [first.size + _least(rest, right)]
    for k, part in enumerate(right):
        costs.append(distance(first, part) + _least(rest, right[:k] + right[k + 1 :]))
    return min(costs)
