"""The way back of equation lines, as a list of terms: who sends what to whom, by which factors.

Lines are first cut so that each function has a name for its argument and for its result, and each
matrix product reads one name.  Then every line, last one first, sends its gradient on.
A term is one line of a backward pass written by hand: ``dc += dh * o * (1 - tanh_c**2)``.
"""

import ast
import copy
from dataclasses import dataclass, replace

from course_utils import equations


@dataclass(frozen=True)
class Term:
    """``d<target> += sign * d<source> * factors``, or a product with a weight.

    factors: texts in the language of equations.  weight: the name whose transpose carried the value
    forward (the gradient goes back through it), or "" for elementwise terms.  outer: for a weight's
    own gradient, the name that it multiplied.  slope: (function, its result) among the factors.
    text: another expression for source and factors, made by an edit.
    """

    target: str
    source: str
    factors: tuple = ()
    sign: int = 1
    weight: str = ""
    outer: str = ""
    slope: tuple = ()
    text: str = ""

    @property
    def product(self):
        """The elementwise part as one expression; ``text`` where an edit has changed it."""
        if self.text:
            return self.text
        product = " * ".join([f"d{self.source}", *map(grouped, self.factors)])
        return product if self.sign > 0 else f"-({product})"

    def __str__(self):
        """As a student would write it."""
        text = self.text or " * ".join([f"d{self.source}", *map(grouped, self.factors)])
        if self.weight:
            text = f"{text} @ {self.weight}"
        if self.outer:
            text = f"({text}).T @ {self.outer}" if self.factors else f"{text}.T @ {self.outer}"
        return text if self.sign > 0 else f"-{text}"


def grouped(factor):
    """A factor in brackets where it needs them."""
    tree = equations.parse(f"v = {factor}")[1]
    is_sum = isinstance(tree, ast.BinOp) and isinstance(tree.op, (ast.Add, ast.Sub))
    return f"({factor})" if is_sum else factor


SLOPES = {  # {0}: the function's result, {1}: its argument
    "sigmoid": "{0} * (1 - {0})",
    "tanh": "1 - {0} * {0}",
    "exp": "{0}",
    "log": "1 / {1}",
    "sqrt": "1 / (2 * {0})",
    "sin": "cos({1})",
    "cos": "-sin({1})",
    "log_sigmoid": "1 - exp({0})",
}


def terms(lines):
    """(flat lines, terms): the backward pass, first the last line's."""
    flat = flattened(lines)
    all_terms = []
    for line in reversed(flat):
        name, tree = equations.parse(line)
        all_terms += list(sent(tree, name, (), 1, name))
    all_terms = merged(all_terms, {equations.target(line) for line in lines})
    return flat, sorted(all_terms, key=is_leaf)


def is_leaf(term):
    """Does nothing of this step wait for the target?  Then the term may come last."""
    name = term.target
    return name.endswith("_prev") or name == "x" or equations.is_parameter(name)


def merged(terms, named):
    """Terms without the detours over unnamed values: dc gets dh * o * (1 - tanh_c**2) at once."""
    for name in dict.fromkeys(t.target for t in terms if t.target not in named):
        into, out = [t for t in terms if t.target == name], [t for t in terms if t.source == name]
        if len(into) == len(out) == 1 and not (into[0].weight or out[0].weight or out[0].outer):
            joint = replace(
                out[0],
                source=into[0].source,
                factors=(*into[0].factors, *out[0].factors),
                sign=into[0].sign * out[0].sign,
                slope=out[0].slope or into[0].slope,
            )
            if into[0].slope and not out[0].slope:
                continue
            terms = [joint if t is out[0] else t for t in terms if t is not into[0]]
    return terms


def flattened(lines):
    """Lines in which a function reads and gives a name, and a product reads one."""
    flat = []
    for line in lines:
        name, tree = equations.parse(line)
        whole = isinstance(tree, ast.Call)
        tree = Flatten(name, flat, whole).visit(copy.deepcopy(tree))
        flat.append(f"{name} = {ast.unparse(tree)}")
    return flat


class Flatten(ast.NodeTransformer):
    """Moves arguments and inner functions into lines of their own, above."""

    def __init__(self, name, flat, whole):
        self.name, self.flat, self.whole = name, flat, whole

    def visit_Call(self, node):
        outermost, self.whole = self.whole, False
        node.args = [self.named(self.visit(arg), f"a_{self.name}") for arg in node.args]
        if outermost:
            return node
        return self.named(node, f"{node.func.id}_{ast.unparse(node.args[0])}")

    def visit_BinOp(self, node):
        self.whole = False
        self.generic_visit(node)
        if isinstance(node.op, ast.MatMult):
            node.right = self.named(node.right, f"m_{self.name}")
        return node

    def named(self, node, wish):
        """A name for an expression; a line above defines it."""
        if isinstance(node, ast.Name):
            return node
        taken = {equations.target(line) for line in self.flat}
        wish = next(n for n in (wish, *(f"{wish}{k}" for k in range(2, 99))) if n not in taken)
        self.flat.append(f"{wish} = {ast.unparse(node)}")
        return ast.Name(wish)


def sent(node, source, factors, sign, name):
    """The terms that an expression's gradient gives to its names."""
    if isinstance(node, ast.Name):
        yield Term(node.id, source, factors, sign)
    elif isinstance(node, ast.UnaryOp):
        yield from sent(node.operand, source, factors, -sign, name)
    elif isinstance(node, ast.Call):
        slope = SLOPES.get(node.func.id)
        if slope is None:
            raise equations.EquationError(f"no slope is known for {node.func.id}")
        factors = (*factors, slope.format(name, node.args[0].id))
        yield Term(node.args[0].id, source, factors, sign, slope=(node.func.id, name))
    elif isinstance(node, ast.BinOp):
        yield from sent_by_pair(node, source, factors, sign, name)


def sent_by_pair(node, source, factors, sign, name):
    """The terms of a sum, a product or a matrix product."""
    left, right = ast.unparse(node.left), ast.unparse(node.right)
    if isinstance(node.op, (ast.Add, ast.Sub)):
        yield from sent(node.left, source, factors, sign, name)
        other = sign if isinstance(node.op, ast.Add) else -sign
        yield from sent(node.right, source, factors, other, name)
    elif isinstance(node.op, ast.Mult):
        yield from sent(node.left, source, (*factors, right), sign, name)
        yield from sent(node.right, source, (*factors, left), sign, name)
    elif isinstance(node.op, ast.MatMult):
        yield Term(node.right.id, source, factors, sign, weight=node.left.id)
        yield Term(node.left.id, source, factors, sign, outer=node.right.id)
    elif isinstance(node.op, ast.Div):
        yield from sent(node.left, source, (*factors, f"1 / ({right})"), sign, name)
        below = f"{left} / (({right}) * ({right}))"
        yield from sent(node.right, source, (*factors, below), -sign, name)
