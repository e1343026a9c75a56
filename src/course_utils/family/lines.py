"""The equations of a cell beside those of a relative, whose letters are read as the cell's own."""

import ast
from typing import NamedTuple

from course_utils.equations import is_parameter
from course_utils.family import trees

KEPT, TURNED, CHANGED, NEW, GONE = "kept", "turned", "changed", "new", "gone"
PRIME = "\N{MODIFIER LETTER PRIME}"  # a letter, so that it may stand in a name


class Line(NamedTuple):
    """One line of the comparison; here or there is "" where it is new or gone.

    state: one of the words above; ``turned`` is a gate that is computed alike and means 1 minus it.
    """

    state: str
    here: str
    there: str


def between(spec, other, kin):
    """[Line]: the cell's equations in their order, then what only the other has.

    kin: as ``kinship.kin(spec, other)`` gives it.  The other's lines are written in the letters of
    the cell; a letter of the other's own that the cell uses otherwise gets a prime.
    """
    read = Reader(spec, other, kin)
    partner = {mine: its for its, mine in kin.names.items()}
    mine = {trees.parsed(line)[0]: line for line in spec.equations}
    its = {trees.parsed(line)[0]: line for line in other.equations}
    for name in set(mine) & set(its):  # pre-activations, which no match names
        if name not in partner and name not in kin.names:
            partner[name] = name
    found = []
    for name, line in mine.items():
        if name not in partner:
            found.append(Line(NEW, line, ""))
            continue
        there = read.line(its[partner[name]])
        same = TURNED if partner[name] in kin.turned else KEPT
        found.append(Line(same if _alike(spec, other, line, there) else CHANGED, line, there))
    gone = [line for name, line in its.items() if name not in partner.values()]
    return found + [Line(GONE, "", read.line(line)) for line in gone]


def _alike(spec, other, here, there):
    constants = {*spec.config, *other.config}
    return trees.tree(here, constants)[1] is trees.tree(there, constants)[1]


class Reader(ast.NodeTransformer):
    """Writes the lines of one cell in the letters of another."""

    def __init__(self, spec, other, kin):
        names = set(kin.names.values())
        own = {trees.parsed(line)[0] for line in spec.equations}
        self.turned = {kin.names[name] for name in kin.turned}
        self.letters = dict(kin.names)
        for line in other.equations:
            name = trees.parsed(line)[0]
            if name not in kin.names and (name in names or (name in own and "_" not in name)):
                self.letters[name] = name + PRIME

    def line(self, line):
        """One equation of the other cell in the letters of this one."""
        target, tree = trees.parsed(line)
        tree = self.visit(ast.parse(ast.unparse(tree), mode="eval").body)
        return f"{self.letters.get(target, target)} = {ast.unparse(tree)}"

    def visit_BinOp(self, node):
        node = self.generic_visit(node)
        inner = node.right  # 1 - (1 - f) is f
        if _one_minus(node) and _one_minus(inner):
            return inner.right
        return node

    def visit_Call(self, node):
        node.args = [self.visit(part) for part in node.args]
        return node

    def visit_Name(self, node):
        name = self.renamed(node.id)
        if name.removesuffix("_prev") in self.turned and not is_parameter(node.id):
            return ast.BinOp(ast.Constant(1), ast.Sub(), ast.Name(name))
        return ast.Name(name)

    def renamed(self, name):
        """A variable by its match, a weight by the letters in its name: W_xf is W_xz."""
        if not is_parameter(name):
            state = name.removesuffix("_prev")
            return self.letters.get(state, state) + name[len(state) :]
        base, _, rest = name.partition("_")
        if not rest or len(rest) > 2:
            return name
        return f"{base}_{''.join(self.letters.get(letter, letter) for letter in rest)}"


def _one_minus(node):
    one = isinstance(node, ast.BinOp) and isinstance(node.op, ast.Sub)
    return one and isinstance(node.left, ast.Constant) and node.left.value == 1
