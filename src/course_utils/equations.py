"""Equations written once, as lines of text: LaTeX, an oracle and the diagram's edges come of them.

A line is ``target = expression``; an expression is made of names, numbers, ``+ - * / @``, a leading
minus and the functions of ``FUNCTIONS``.  ``*`` is elementwise, ``@`` the matrix product of a
weight with a vector.  A state may be a matrix (B, H, H) that the spec declares: ``outer`` makes
one, ``diag`` scales its rows, ``read`` applies it to a vector.  ``softmax`` and ``total`` run over
the last axis, the positions of a memory.

``x_prev`` is x one step earlier.  Names that begin with a capital letter, ``b_`` or ``p_`` are
parameters and carry no time; so do Greek letters.

Nothing here is ever passed to ``eval``: an expression is walked node by node, and anything outside
this small language is an EquationError that quotes the line.
"""

import ast
import operator

LETTERS = {  # Greek letters by the names that equations give them
    "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ε", "zeta": "ζ", "eta": "η",
    "theta": "θ", "kappa": "κ", "lam": "λ", "mu": "μ", "nu": "ν", "xi": "ξ", "rho": "ρ", "tau": "τ",
    "phi": "φ", "psi": "ψ", "omega": "ω",
}  # fmt: skip
GREEK = {n: "\\" + n for n in LETTERS} | {"lam": r"\lambda"}  # `lambda` is a word of Python

# name -> LaTeX of the function
FUNCTIONS = {
    "sigmoid": r"\sigma",
    "tanh": r"\tanh",
    "relu": r"\operatorname{ReLU}",
    "exp": r"\exp",
    "log": r"\log",
    "sqrt": r"\sqrt",
    "cos": r"\cos",
    "sin": r"\sin",
    "log_sigmoid": r"\log\sigma",
    "maximum": r"\max",
    "concat": "",
    "positive": r"\hat g",
    "due": r"\operatorname{due}",  # one where a clock stands at a multiple of its period
    "slower": r"\operatorname{slower}",  # a weight without what comes from faster modules
    "softmax": r"\operatorname{softmax}",  # over the last axis
    "total": r"\Sigma",  # the sum over the last axis, which stays with size 1
    "outer": "",  # outer(u, v): (B, H), (B, H) -> (B, H, H), u down, v across
    "diag": "",  # diag(f, C): row j of C times f_j
    "read": "",  # read(C, q): the matrix C times the vector q, for each sample
}
_CALC = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.MatMult: lambda weight, rows: rows @ weight.T,  # rows are samples
}
_SIGN = {ast.Add: " + ", ast.Sub: " - ", ast.Mult: r" \odot ", ast.MatMult: r"\,"}
_TEXT = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.MatMult: "@"}
_RANK = {ast.Add: 1, ast.Sub: 1, ast.Mult: 2, ast.Div: 2, ast.MatMult: 3}


class EquationError(ValueError):
    """A line outside the small language of this module; the message quotes it."""


def parse(line):
    """``"h = tanh(a)"`` -> ("h", expression tree)."""
    try:
        (statement,) = ast.parse(line.strip()).body
        (target,) = statement.targets
        name = target.id
    except (SyntaxError, ValueError, AttributeError):
        raise EquationError(f"expected 'name = expression', got {line!r}") from None
    for node in ast.walk(statement.value):
        _check(node, line)
    return name, statement.value


def _check(node, line):
    known = (
        isinstance(node, (ast.Name, ast.expr_context))
        or (isinstance(node, ast.Constant) and isinstance(node.value, (int, float)))
        or (isinstance(node, ast.BinOp) and type(node.op) in _CALC)
        or isinstance(node, tuple(_CALC))
        or (isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub))
        or isinstance(node, ast.USub)
        or (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id in FUNCTIONS
            and not node.keywords
        )
    )
    if isinstance(node, ast.Call) and not known:
        what = ast.unparse(node.func)
        raise EquationError(
            f"{what!r} is no function of the equation language, in {line!r}; "
            f"it knows {', '.join(FUNCTIONS)}"
        )
    if not known:
        raise EquationError(f"{type(node).__name__} is not part of the equation language: {line!r}")


def tree(line):
    """``"h = o * tanh(c)"`` -> ``["=", "h", ["*", "o", ["tanh", "c"]]]``: plain lists, for JSON.

    The page reads equations in this form.  A minus of one part is ``["neg", part]``.
    """
    name, expression = parse(line)
    return ["=", name, _tree(expression)]


def _tree(node):
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.UnaryOp):
        return ["neg", _tree(node.operand)]
    if isinstance(node, ast.Call):
        return [node.func.id, *map(_tree, node.args)]
    return [_TEXT[type(node.op)], _tree(node.left), _tree(node.right)]


def target(line):
    """The name that a line defines."""
    return parse(line)[0]


def is_parameter(name):
    """Whether a name stands for a weight, a bias or a constant, which carry no time."""
    return name[0].isupper() or name.startswith(("b_", "p_")) or name.split("_")[0] in GREEK


def names(line):
    """All names that the right-hand side reads, in order of first use, functions excluded."""
    _, tree = parse(line)
    called = {id(n.func) for n in ast.walk(tree) if isinstance(n, ast.Call)}
    nodes = [n for n in ast.walk(tree) if isinstance(n, ast.Name) and id(n) not in called]
    nodes.sort(key=lambda n: n.col_offset)
    return tuple(dict.fromkeys(n.id for n in nodes))


def calls(line):
    """The names of the functions that the line calls, a set."""
    _, tree = parse(line)
    return {n.func.id for n in ast.walk(tree) if isinstance(n, ast.Call)}


def edges(lines):
    """{(source, target)} between the variables of the lines; parameters are not drawn."""
    return {(n, target(line)) for line in lines for n in names(line) if not is_parameter(n)}


# -- the oracle ------------------------------------------------------------------------------------


def evaluate(lines, values, functions):
    """Run the lines top to bottom.

    values maps every name read before it is defined to a number, array or tensor (batched: rows are
    samples, weights (out, in)); functions maps the names of ``FUNCTIONS`` to callables.  Returns
    values plus every target.  A name without a value is an EquationError that quotes the line.
    """
    values = dict(values)
    for line in lines:
        name, tree = parse(line)
        values[name] = _value(tree, values, functions, line)
    return values


def _value(node, values, functions, line):
    if isinstance(node, ast.Name):
        if node.id not in values:
            raise EquationError(f"no value for {node.id!r} in {line!r}")
        return values[node.id]
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.UnaryOp):
        return -_value(node.operand, values, functions, line)
    if isinstance(node, ast.Call):
        parts = [_value(part, values, functions, line) for part in node.args]
        return functions[node.func.id](*parts)
    left = _value(node.left, values, functions, line)
    right = _value(node.right, values, functions, line)
    return _CALC[type(node.op)](left, right)


# -- LaTeX -----------------------------------------------------------------------------------------


def latex(lines, symbols=None):
    r"""The lines as one LaTeX ``aligned`` block.

    symbols overrides how a name is set, for example ``{"below": r"c^{(\ell-1)}_t"}``.
    """
    rows = []
    for line in lines:
        name, tree = parse(line)
        rows.append(f"{latex_name(name, symbols)} &= {_latex(tree, symbols)}")
    return "\\begin{aligned}\n" + " \\\\\n".join(rows) + "\n\\end{aligned}"


def latex_name(name, symbols=None):
    r"""W_xi -> W_{xi}, h_prev -> h_{t-1}, c -> c_t, a_i -> a_{i,t}, alpha -> \alpha."""
    if symbols and name in symbols:
        return symbols[name]
    base, *sub = name.split("_")
    base = GREEK.get(base, base)
    if is_parameter(name):
        return base + ("_{" + "".join(sub) + "}" if sub else "")
    time = "t-1" if "prev" in sub else "t"
    return f"{base}_{{{','.join([s for s in sub if s != 'prev'] + [time])}}}"


def _latex(node, symbols, rank=0):
    if isinstance(node, ast.Name):
        return latex_name(node.id, symbols)
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.UnaryOp):
        text = "-" + _latex(node.operand, symbols, 2)
        return rf"\left({text}\right)" if rank > 1 else text
    if isinstance(node, ast.Call):
        return _latex_call(node, symbols)
    if isinstance(node.op, ast.Div):
        return rf"\frac{{{_latex(node.left, symbols)}}}{{{_latex(node.right, symbols)}}}"
    own = _RANK[type(node.op)]
    right = own + isinstance(node.op, ast.Sub)  # a - (b - c) keeps its brackets
    scalar = isinstance(node.left, ast.Constant) and isinstance(node.op, ast.Mult)
    sign = r"\," if scalar else _SIGN[type(node.op)]
    text = _latex(node.left, symbols, own) + sign + _latex(node.right, symbols, right)
    return rf"\left({text}\right)" if own < rank else text


def _latex_call(node, symbols):
    parts = [_latex(part, symbols) for part in node.args]
    name = node.func.id
    if name == "sqrt":
        return rf"\sqrt{{{parts[0]}}}"
    if name == "concat":
        return r"\left[" + r";\,".join(parts) + r"\right]"
    if name in ("outer", "diag", "read"):
        first, second = (_latex(part, symbols, 3) for part in node.args)
        first = rf"\operatorname{{diag}}\left({parts[0]}\right)" if name == "diag" else first
        second += r"^{\top}" if name == "outer" else ""
        return rf"{first}\,{second}"
    return rf"{FUNCTIONS[name]}\left({', '.join(parts)}\right)"
