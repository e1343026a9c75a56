"""The shape of every name of a cell, inferred from its equations; what does not fit is an error.

A shape is a tuple of axes: B samples, D inputs, H units, or a multiple such as "3H"; "1" for a sum
over the last axis; () for a number.  Rows are samples, as in the code.
"""

import ast
import re

from course_utils import equations


class ShapeMismatch(equations.EquationError):
    """Two shapes of an equation that do not fit; the message quotes cell and line."""


def infer(spec):
    """{name: shape} for everything that the equations of a cell read or define."""
    shapes = _given(spec)
    state = {s: ("B", "H", "H") if s in spec.matrices else ("B", "H") for s in spec.states}
    for line in spec.equations:
        name, tree = equations.parse(line)
        try:
            shapes[name] = _shape(tree, shapes)
        except _Misfit as misfit:
            raise ShapeMismatch(f"{spec.key}: {misfit} in {line!r}") from None
        wanted = state.get(name, ("B", "H") if name == spec.output else shapes[name])
        if shapes[name] != wanted:
            raise ShapeMismatch(
                f"{spec.key}: {name} should be {written(wanted)}, but {line!r} makes it "
                f"{written(shapes[name])}"
            )
    return shapes


def written(shape):
    """("B", "H") -> "(B, H)"; () -> "a number"."""
    if not shape:
        return "a number"
    return f"({', '.join(shape)}{',' * (len(shape) == 1)})"


class _Misfit(Exception):
    """Why an expression has no shape."""


def _given(spec):
    """Shapes of what the equations read without defining it."""
    shapes = {"x": ("B", "D")} | dict.fromkeys(spec.inputs, ("B", "H"))
    shapes |= {
        f"{s}_prev": ("B", "H", "H") if s in spec.matrices else ("B", "H") for s in spec.states
    }
    for name, value in spec.config.items():
        shapes[name] = ("modules",) if isinstance(value, tuple) else ()
    for param in spec.params:
        first, *rest = param.axes.split()
        for symbol in param.symbols:
            shapes[symbol] = (_divided(first, len(param.symbols)), *rest)
    for name in spec.readable():  # b_k, the sum of b_xk and b_hk
        if name not in shapes:
            shapes[name] = shapes[f"b_x{name[2:]}"]
    return shapes


def _divided(axis, parts):
    """("4H", 4) -> "H"."""
    count, letter = re.fullmatch(r"(\d*)([A-Z])", axis).groups()
    return _times(int(count or 1) // parts, letter)


def _times(count, letter):
    return letter if count == 1 else f"{count}{letter}"


def _shape(node, shapes):
    if isinstance(node, ast.Name):
        return shapes[node.id]
    if isinstance(node, ast.Constant):
        return ()
    if isinstance(node, ast.UnaryOp):
        return _shape(node.operand, shapes)
    if isinstance(node, ast.Call):
        return _called(node.func.id, [_shape(part, shapes) for part in node.args])
    left, right = _shape(node.left, shapes), _shape(node.right, shapes)
    return (_product if isinstance(node.op, ast.MatMult) else _broadcast)(left, right)


def _product(matrix, rows):
    """W (out, in) with v (…, in) -> (…, out)."""
    if len(matrix) != 2 or "B" in matrix or not rows or matrix[1] != rows[-1]:
        raise _Misfit(f"a matrix {written(matrix)} cannot multiply {written(rows)}")
    return (*rows[:-1], matrix[0])


def _broadcast(left, right):
    """As NumPy does, but a matrix of weights never meets a vector of them by accident."""
    short, long = sorted((left, right), key=len)
    ends = zip(short[::-1], long[::-1], strict=False)
    by_accident = len(short) == 1 and len(long) == 2 and long[0] != "B"
    if by_accident or any(a != b and "1" not in (a, b) for a, b in ends):
        raise _Misfit(f"{written(left)} and {written(right)} do not fit")
    out = [*long]
    for k in range(1, len(short) + 1):
        out[-k] = short[-k] if long[-k] == "1" else long[-k]
    return tuple(out)


def _called(name, parts):
    first = parts[0]
    if name == "concat":
        if len({part[:-1] for part in parts}) != 1:
            raise _Misfit(f"concat of {', '.join(map(written, parts))}")
        pairs = [re.fullmatch(r"(\d*)([A-Z])", part[-1]).groups() for part in parts]
        if len({letter for _, letter in pairs}) != 1:
            raise _Misfit(f"concat of {', '.join(map(written, parts))}")
        return (*first[:-1], _times(sum(int(n or 1) for n, _ in pairs), pairs[0][1]))
    if name == "total":
        return (*first[:-1], "1")
    if name in ("due", "slower"):
        return first
    if name == "outer":
        return (*_same(first, parts[1]), parts[1][-1])
    if name in ("diag", "read"):
        matrix, vector = parts[::-1] if name == "diag" else parts
        if len(matrix) != 3 or matrix[:1] + matrix[-1:] != vector:
            raise _Misfit(f"{name} of {written(parts[0])} and {written(parts[1])}")
        return matrix if name == "diag" else vector
    if name == "maximum":
        return _broadcast(first, parts[1])
    return first  # elementwise, and softmax


def _same(one, other):
    if one != other:
        raise _Misfit(f"{written(one)} and {written(other)} do not fit")
    return one
