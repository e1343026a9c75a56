"""Slips of the pen: every single change of one place in an answer's source, by its syntax tree.

Made without the equations, to see whether the diagnosis, which is made from them, knows them.
"""

import ast
import copy

GATES = ("i", "f", "g", "o")
NAMES = [  # groups of names that are taken for one another
    GATES,
    ("a_i", "a_f", "a_g", "a_o"),
    ("di", "df", "dg", "do"),
    ("da_i", "da_f", "da_g", "da_o"),
    ("c", "c_prev"),
    ("h", "h_prev", "h0"),
    ("dh", "dc"),
    ("dh_next", "dc_next"),
    ("c", "tanh_c"),
]


def slips(source):
    """(words, source) for each changed place."""
    tree = ast.parse(source)
    for place, node in enumerate(ast.walk(tree)):
        for words, change in changes(node):
            changed = copy.deepcopy(tree)
            target = next(n for k, n in enumerate(ast.walk(changed)) if k == place)
            new = change(target)
            if new is not None:
                Put(target, new).visit(changed)
            text = ast.unparse(ast.fix_missing_locations(changed))
            yield f"{words} at line {getattr(node, 'lineno', 0)}", text


class Put(ast.NodeTransformer):
    """Puts a new node where an old one was."""

    def __init__(self, old, new):
        self.old, self.new = old, new

    def visit(self, node):
        return self.new if node is self.old else self.generic_visit(node)


def changes(node):
    """(words, change) of one node; a change gives the new node, or None if it was made in place."""
    if isinstance(node, ast.BinOp):
        text = ast.unparse(node)
        if isinstance(node.op, (ast.Add, ast.Sub, ast.Mult)):
            yield f"{text}: only the left", lambda n: n.left
            yield f"{text}: only the right", lambda n: n.right
        for old, new in ((ast.Add, ast.Sub), (ast.Sub, ast.Add), (ast.Mult, ast.Add)):
            if isinstance(node.op, old):
                yield f"{text}: {new.__name__}", lambda n, new=new: setattr(n, "op", new())
    if isinstance(node, ast.Call) and ast.unparse(node.func) == "np.tanh":
        text = ast.unparse(node)
        yield f"{text}: not called", lambda n: n.args[0]
        yield f"{text}: twice", lambda n: ast.Call(n.func, [copy.deepcopy(n)], [])
    if isinstance(node, ast.Attribute) and node.attr == "T":
        yield f"{ast.unparse(node)}: no transpose", lambda n: n.value
    if isinstance(node, ast.AugAssign):
        yield (
            f"{ast.unparse(node)}: = for +=",
            lambda n: ast.Assign([n.target], n.value, lineno=n.lineno),
        )
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
        for group in NAMES:
            for other in group if node.id in group else ():
                if other != node.id:
                    yield f"{other} for {node.id}", lambda n, o=other: ast.Name(o, ast.Load())
    if isinstance(node, ast.Tuple) and isinstance(node.ctx, (ast.Load, ast.Store)):
        for k in range(len(node.elts) - 1):
            yield f"{ast.unparse(node)}: {k} and {k + 1} exchanged", lambda n, k=k: swap(n.elts, k)


def swap(elements, k):
    """Exchange two neighbours of a list in place."""
    elements[k], elements[k + 1] = elements[k + 1], elements[k]
