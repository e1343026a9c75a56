"""One-place edits of an equation line: a term dropped or doubled, a sign, a function, a name.

An edit is (what it did in words, the new line).  The words complete "your h is that of a cell ...".
"""

import ast
import copy

from course_utils import equations

SQUASHES = ("sigmoid", "tanh", "relu")


def line_edits(line, gates, states, given=()):
    """All single edits of one line; given: names that may stand for each other (gates given)."""
    name, tree = equations.parse(line)
    siblings = [*gates, *given]
    for node in ast.walk(tree):
        for what, new in node_edits(node, name, siblings, states):
            yield f"{what} in {name}", f"{name} = {ast.unparse(replaced(tree, node, new))}"
    for what, new in exchanges(tree, siblings, states):
        yield f"{what} in {name}", f"{name} = {ast.unparse(new)}"


def node_edits(node, name, siblings, states):
    """(words, new node) for one place of the tree."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Sub)):
        yield from sum_edits(node)
    elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
        yield from product_edits(node)
    elif isinstance(node, ast.Call):
        yield from call_edits(node)
    elif isinstance(node, ast.Name):
        yield from name_edits(node.id, name, siblings, states)


def sum_edits(node):
    """A term that is missing, doubled or of the other sign."""
    left, right = ast.unparse(node.left), ast.unparse(node.right)
    one_minus = isinstance(node.left, ast.Constant) and isinstance(node.op, ast.Sub)
    if one_minus:
        yield f"{right} for {left} - {right}", node.right
        yield f"{left} + {right} for {left} - {right}", join(node.left, ast.Add, node.right)
        yield (
            f"{left} - tanh({right}) for {left} - {right}",
            join(node.left, ast.Sub, call("tanh", node.right)),
        )
        return
    yield f"without {right}", node.left
    yield f"without {left}", node.right
    flipped = ast.Sub if isinstance(node.op, ast.Add) else ast.Add
    yield f"with the sign of {right} turned", join(node.left, flipped, node.right)
    if not isinstance(node.left, ast.BinOp) or not isinstance(node.left.op, (ast.Add, ast.Sub)):
        yield f"with the sign of {left} turned", join(node.right, flipped, node.left)
        yield f"with {left} twice", join(node, ast.Add, node.left)
    yield f"with {right} twice", join(node, ast.Add, node.right)
    yield f"with {right} multiplied, not added", join(node.left, ast.Mult, node.right)


def product_edits(node):
    """A factor that is missing, inverted or added."""
    for factor, other in ((node.left, node.right), (node.right, node.left)):
        text = ast.unparse(factor)
        yield f"without the factor {text}", other
        yield f"with the factor {text} squared", join(node, ast.Mult, factor)
        if isinstance(factor, ast.Name):
            yield (
                f"with 1 - {text} for {text}",
                join(join(ast.Constant(1), ast.Sub, factor), ast.Mult, other),
            )
    yield f"with {ast.unparse(node)} as a sum", join(node.left, ast.Add, node.right)


def call_edits(node):
    """A function that is missing, doubled, another, or gets its argument with another sign."""
    f, inner = node.func.id, node.args[0]
    if len(node.args) != 1:
        return
    text = ast.unparse(node)
    short = f if len(text) > 30 else text
    yield f"without {short}" if short == text else f"without the {f}", inner
    yield f"with {f} twice", call(f, node)
    yield f"with {f}(-a) for {f}(a)", call(f, ast.UnaryOp(ast.USub(), inner))
    yield f"with 1 - {f}(a) for {f}(a)", join(ast.Constant(1), ast.Sub, node)
    if f == "sigmoid":
        yield from sigmoid_edits(inner)
    for other in SQUASHES:
        if other != f and f in SQUASHES:
            yield f"with {other} for {f}", call(other, inner)
            yield f"with {other} on top of {f}", call(other, node)
    if isinstance(inner, ast.BinOp) and isinstance(inner.op, ast.Add):
        for part, rest in ((inner.right, inner.left), (inner.left, inner.right)):
            yield f"with {ast.unparse(part)} outside the {f}", join(call(f, rest), ast.Add, part)
        yield (
            f"with {f} of each part apart",
            join(call(f, inner.left), ast.Add, call(f, inner.right)),
        )


def sigmoid_edits(inner):
    """Slips in 1 / (1 + exp(-a))."""
    one, raised = ast.Constant(1), call("exp", ast.UnaryOp(ast.USub(), inner))
    yield "with exp(a) for sigmoid(a)", call("exp", inner)
    yield "with exp(-a) for sigmoid(a)", raised
    yield "with 1 / (1 - exp(-a)) for sigmoid(a)", join(one, ast.Div, join(one, ast.Sub, raised))
    yield "with 1 for sigmoid(a)", join(join(raised, ast.Mult, ast.Constant(0)), ast.Add, one)


def name_edits(read, name, siblings, states):
    """Zero, the old or the new state, another gate or another state for a name."""
    base = read.removesuffix("_prev")
    if read != base and base in states:
        yield f"with zeros for {read}", join(ast.Name(read), ast.Mult, ast.Constant(0))
        if base != name:
            yield f"with the new {base} for {read}", ast.Name(base)
        for other in states:
            if other != base:
                yield f"with {other}_prev for {read}", ast.Name(f"{other}_prev")
    elif read in states and read != name:
        yield f"with {read}_prev for the new {read}", ast.Name(f"{read}_prev")
    if read in siblings and read != name:
        for other in siblings:
            if other != read:
                yield f"with {other} for {read}", ast.Name(other)
    if read[0].isupper():
        yield f"with {read} not transposed", ast.Name(f"{read}_T")


def exchanges(tree, siblings, states):
    """Two names of a line that changed places."""
    names = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)}
    for pool in (siblings, [f"{s}_prev" for s in states]):
        present = [n for n in pool if n in names]
        for k, one in enumerate(present):
            for other in present[k + 1 :]:
                yield f"with {one} and {other} exchanged", renamed(tree, {one: other, other: one})


def replaced(tree, old, new):
    """A copy of the tree with one node replaced."""
    place = next(k for k, node in enumerate(ast.walk(tree)) if node is old)
    tree = copy.deepcopy(tree)
    target = next(node for k, node in enumerate(ast.walk(tree)) if k == place)

    class Swap(ast.NodeTransformer):
        def visit(self, node):
            return copy.deepcopy(new) if node is target else self.generic_visit(node)

    return Swap().visit(tree)


def renamed(tree, names):
    """The tree with names changed."""

    class Rename(ast.NodeTransformer):
        def visit_Name(self, node):
            return ast.Name(names.get(node.id, node.id))

    return Rename().visit(copy.deepcopy(tree))


def join(left, operation, right):
    """``left operation right``."""
    return ast.BinOp(left, operation(), right)


def call(name, inner):
    """``name(inner)``."""
    return ast.Call(ast.Name(name), [inner], [])
