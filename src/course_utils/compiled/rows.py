"""Equation lines as lines of Python over whole arrays: rows are samples, weights (out, in)."""

import ast
import textwrap

from course_utils import equations


class _Rows(ast.NodeTransformer):
    """``W @ h`` -> ``h @ W.T``."""

    def visit_BinOp(self, node):
        self.generic_visit(node)
        if not isinstance(node.op, ast.MatMult):
            return node
        turned = ast.Attribute(node.left, "T", ast.Load())
        return ast.BinOp(node.right, ast.MatMult(), turned)


def row_line(line):
    """``"h = tanh(W_h @ h_prev)"`` -> ``"h = tanh(h_prev @ W_h.T)"``."""
    target, tree = equations.parse(line)
    return f"{target} = {ast.unparse(_Rows().visit(tree))}"


def body_lines(spec):
    """(before the loop, in the loop): the equations that no step changes come first."""
    fixed = {s for p in spec.params for s in p.symbols} | set(spec.config)
    fixed |= {n for n in spec.readable() if n.startswith("b_")}
    before, inside = [], []
    for line in spec.equations:
        target = equations.target(line)
        where = before if set(equations.names(line)) <= fixed else inside
        fixed |= {target} if where is before else set()
        where.append(row_line(line))
    return before, inside


def unpacked(spec, split):
    """Lines that give the blocks of the parameters their names; split: name, n -> expression."""
    lines, known = [], {s for p in spec.params for s in p.symbols}
    for p in spec.params:
        lines.append(f"{', '.join(p.symbols)} = {split(p.name, len(p.symbols))}")
    read = {n for line in spec.equations for n in equations.names(line)}
    for name in sorted(read):
        if name.startswith("b_") and name not in known and name in spec.readable():
            lines.append(f"{name} = b_x{name[2:]} + b_h{name[2:]}")
    return lines


def options(spec):
    """The config as arguments with their defaults, and further inputs as sequences or None."""
    words = [f"{name}=None" for name in (f"{n}_seq" for n in spec.inputs)]
    return words, [f"{name}={value!r}" for name, value in spec.config.items()]


def used_functions(spec):
    """The functions that the equations call, in the order of ``FUNCTIONS``, with what they need."""
    called = set().union(*(equations.calls(line) for line in spec.equations))
    called |= {"sigmoid"} if "positive" in called else set()
    called |= {"clocks"} if called & {"due", "slower"} else set()
    return [name for name in ("clocks", *equations.FUNCTIONS) if name in called]


def state_shapes(spec):
    """The states and their shapes, for a docstring."""
    vectors = [s for s in spec.states if s not in spec.matrices]
    text = f"each (B, H): {', '.join(vectors)}" if vectors else ""
    matrices = f"each (B, H, H): {', '.join(spec.matrices)}" if spec.matrices else ""
    return "; ".join(part for part in (text, matrices) if part)


def indented(lines, depth):
    """The lines, moved right."""
    return ["    " * depth + line if line else "" for line in lines]


def docstring(spec, *lines):
    """The lines of a docstring: the cell's summary, then the given ones, broken where long."""
    broken = [textwrap.wrap(line, 90) for line in (f'"""{spec.summary}', *lines)]
    summary, *rest = broken
    return [*summary, "", *(part for parts in rest for part in parts), '"""']


def loop(spec):
    """The line of the loop over time."""
    return "for step, x in enumerate(x_seq):" if spec.inputs else "for x in x_seq:"


def state_lines(spec, zeros, whole):
    """What the states start from, one expression each.

    zeros, whole: templates for the value and the shape, of floating numbers and of integers.
    """
    expressions = []
    for name in spec.states:
        value = spec.initial.get(name, 0.0)
        shape = "(*shape, shape[1])" if name in spec.matrices else "shape"
        template = whole if isinstance(value, int) else zeros
        expressions.append(template.format(value=value, shape=shape))
    return f"({', '.join(expressions)}{',' * (len(expressions) == 1)})"
