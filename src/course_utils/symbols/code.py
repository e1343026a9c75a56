"""Equations as lines of NumPy, rows being samples, and where each name that they read is kept."""

import ast
import re

from course_utils import equations

_TEXT = {ast.Add: " + ", ast.Sub: " - ", ast.Mult: " * ", ast.Div: " / ", ast.MatMult: " @ "}
_RANK = {ast.Add: 1, ast.Sub: 1, ast.Mult: 2, ast.Div: 2, ast.MatMult: 3}
_NUMPY = {n: f"np.{n}" for n in ("tanh", "exp", "log", "sqrt", "cos", "sin", "maximum")}


def numpy_line(line):
    """``"h = tanh(W @ x)"`` -> ``"h = np.tanh(x @ W.T)"``."""
    name, tree = equations.parse(line)
    return f"{name} = {_code(tree)}"


def line_of(spec, name):
    """The line that makes a name: its equation, or where its value is kept."""
    for line in spec.equations:
        if equations.target(line) == name:
            return numpy_line(line)
    if name in spec.config:
        return f"{name} = {spec.config[name]!r}"
    if name.endswith("_prev"):
        return f"{name} = state.{name.removesuffix('_prev')}"
    if name == "x" or name in spec.inputs:
        return f"{name} = {name}_seq[t]"
    for param in spec.params:
        if name in param.symbols:
            return f"{name} = {_block(param, name)}"
    both = [_block(p, s) for s in (f"b_x{name[2:]}", f"b_h{name[2:]}")
            for p in spec.params if s in p.symbols]  # fmt: skip
    return f"{name} = {' + '.join(both)}"


def _block(param, symbol):
    """``params["weight_ih"][H:2*H]``: the rows of an array that a symbol stands for."""
    array, k, count = f'params["{param.name}"]', param.symbols.index(symbol), len(param.symbols)
    if count == 1:
        return array
    letter = re.sub(r"\d", "", param.axes.split()[0])
    ends = ["" if n in (0, count) else letter if n == 1 else f"{n}*{letter}" for n in (k, k + 1)]
    return f"{array}[{ends[0]}:{ends[1]}]"


def _code(node, rank=0):
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.UnaryOp):
        text = "-" + _code(node.operand, 2)
        return f"({text})" if rank > 1 else text
    if isinstance(node, ast.Call):
        name = _NUMPY.get(node.func.id, node.func.id)
        return f"{name}({', '.join(_code(part) for part in node.args)})"
    own = _RANK[type(node.op)]
    if isinstance(node.op, ast.MatMult):
        plain = isinstance(node.left, ast.Name | ast.Call)
        matrix = _code(node.left) if plain else f"({_code(node.left)})"
        text = f"{_code(node.right, own)} @ {matrix}.T"
    else:
        last = isinstance(node.op, ast.Sub | ast.Div)
        factor = own == 2 and _is_product(node.right)  # Python gives @ and * one rank
        right = 4 if factor else own + last
        text = _code(node.left, own) + _TEXT[type(node.op)] + _code(node.right, right)
    return f"({text})" if own < rank else text


def _is_product(node):
    return isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult)
