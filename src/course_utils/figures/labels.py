"""Equation lines as HTML: in symbols, and in the numbers of one step.  No LaTeX, no script."""

import ast

from course_utils.equations import is_parameter, parse
from course_utils.figures.palette import LETTERS

FUNCTION = {"sigmoid": "σ", "tanh": "tanh", "relu": "relu"}
RANK = {ast.Add: 1, ast.Sub: 1, ast.Mult: 2, ast.MatMult: 3}
IN_SYMBOLS = {ast.Add: " + ", ast.Sub: " − ", ast.Mult: " ⊙ ", ast.MatMult: " "}
IN_NUMBERS = {**IN_SYMBOLS, ast.Mult: "·", ast.MatMult: "·"}


def number(value, pattern="z.2f"):
    """A number as a reader sees it: a true minus sign; by default two digits, no minus before 0."""
    return format(value, pattern).replace("-", "−")


def symbol(name):
    """W_xf, b_f, c_prev, c -> italic letter and subscript, in the colour of its meaning."""
    base, _, sub = name.partition("_")
    if is_parameter(name):
        return f"<var>{base}</var><sub>{sub}</sub>"
    time = "t−1" if sub == "prev" else "t"
    return f'<var class="u-{LETTERS.get(base, "neutral")}">{base}<sub>{time}</sub></var>'


def in_symbols(line):
    """The equation, in letters."""
    name, tree = parse(line)
    return f"{symbol(name)} = {_html(tree, symbol, IN_SYMBOLS)}"


def in_numbers(line, values):
    """``= σ(0.70·1.00 + …) = σ(1.82) = <strong>0.86</strong>``.

    values: a number for every name of the line, its target, and ``a_<target>`` for a layer.
    """
    name, tree = parse(line)

    def leaf(n):
        return number(values[n]) if values[n] >= 0 else f"({number(values[n])})"

    out = f"= {_html(tree, leaf, IN_NUMBERS)}"
    if isinstance(tree, ast.Call):
        out += f" = {FUNCTION[tree.func.id]}({number(values[f'a_{name}'])})"
    return f"{out} = <strong>{number(values[name])}</strong>"


def _html(node, leaf, signs, rank=0):
    if isinstance(node, ast.Name):
        return leaf(node.id)
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.Call):
        inside = _html(node.args[0], leaf, signs)
        boxed = isinstance(node.args[0], ast.Name) and inside[0] == "("  # a negative number's own
        return FUNCTION[node.func.id] + (inside if boxed else f"({inside})")
    own = RANK[type(node.op)]
    right = _html(node.right, leaf, signs, own + isinstance(node.op, ast.Sub))
    text = _html(node.left, leaf, signs, own) + signs[type(node.op)] + right
    return f"({text})" if own < rank else text
