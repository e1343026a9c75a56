"""Equation lines -> what a drawing must show: which signals meet, in which operator.

Weights and biases are not drawn, so ``sigmoid(W_xf @ x + W_hf @ h_prev + b_f)`` is the layer
``sigmoid(h_prev, x)``.  A matrix that does not feed a layer directly keeps its box: in
``tanh(W_xn @ x + r * (W_hn @ h_prev + b_hn))`` it is ``tanh(*(linear(h_prev), r), x)``, which
tells torch's GRU from the one of 2014.
"""

import ast

from course_utils.equations import LETTERS, is_parameter, parse
from course_utils.figures.errors import FigureError

ORDERED = {ast.Sub: "-", ast.Div: "/"}


def ordered(operator, parts):
    """Name of an operator whose first part is not its second."""
    return f"{operator}({'; '.join(parts)})"


def join(operator, parts):
    """Name of an operator over parts whose order does not matter; a sum of one is that one."""
    parts = sorted(p for p in parts if p)
    single = operator == "+" and len(parts) == 1
    return parts[0] if single else f"{operator}({', '.join(parts)})"


def expressions(lines):
    """{"c": "+(*(c_prev, f), *(g, i))", …} of lines such as those of a spec."""
    return {name: _walk(tree) for name, tree in map(parse, lines)}


def _walk(node):
    """Canonical name of an expression, or "" where parameters alone decide it."""
    if isinstance(node, ast.Name):
        return "" if is_parameter(node.id) else node.id
    if isinstance(node, ast.Constant):
        return f"{node.value:g}"
    if isinstance(node, ast.UnaryOp):
        inside = _walk(node.operand)
        if not inside:
            return ""
    if isinstance(node, ast.Call):
        parts = summands(node.args[0]) if len(node.args) == 1 else node.args
        parts = [_bare(p) for p in parts]
        return join(node.func.id, parts) if any(parts) else ""
    if isinstance(node, ast.BinOp):
        return _operation(node)
    raise FigureError(f"reading.py cannot draw {ast.unparse(node)!r}; teach it there")


def _operation(node):
    if affine(node):
        return join("affine", [_bare(p) for p in summands(node)])
    if isinstance(node.op, ast.Add):
        parts = [_walk(p) for p in summands(node)]
        return join("+", parts) if any(parts) else ""
    if isinstance(node.op, ast.Sub) and is_one(node.left):
        inside = _walk(node.right)
        return f"1-({inside})" if inside else ""
    if isinstance(node.op, ast.Sub) and constant(node.right):
        inside = _walk(node.left)  # a bias is not drawn, be it added or taken away
        return f"({inside})-{node.right.id}" if inside and setting(node.right) else inside
    left, right = _walk(node.left), _walk(node.right)
    if not (left and right):
        return f"linear({left or right})" if left or right else ""
    if isinstance(node.op, (ast.Mult, ast.MatMult)):
        return join("*", [left, right])
    return ordered(ORDERED[type(node.op)], [left, right])


def constant(node):
    """Whether an expression is made of parameters alone."""
    called = {id(n.func) for n in ast.walk(node) if isinstance(n, ast.Call)}
    names = [n.id for n in ast.walk(node) if isinstance(n, ast.Name) and id(n) not in called]
    return bool(names) and all(map(is_parameter, names))


def setting(node):
    """Whether an expression is a single Greek letter: a number that someone sets, not a bias."""
    return isinstance(node, ast.Name) and node.id in LETTERS


def affine(node):
    """Whether a sum is a layer without a function: two or more matrices times what is read."""
    if not (isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add)):
        return False
    rest = [part for part in summands(node) if not constant(part)]
    return len(rest) > 1 and all(
        isinstance(part, ast.BinOp) and isinstance(part.op, ast.MatMult) and constant(part.left)
        for part in rest
    )


def is_one(node):
    return isinstance(node, ast.Constant) and node.value == 1


def summands(node):
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return summands(node.left) + summands(node.right)
    return [node]


def _bare(node):
    """A summand inside a layer: the layer's own weights need no box."""
    name = _walk(node)
    return name.removeprefix("linear(")[:-1] if name.startswith("linear(") else name
