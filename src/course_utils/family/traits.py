"""What a cell's equations say of it: what is gated, what is linear along time, what is carried.

All of it is read off the equations, by what each quantity depends on and in which form.
"""

import ast
from dataclasses import dataclass

from course_utils.equations import is_parameter, parse

FREE, AFFINE, CURVED = 0, 1, 2  # how an expression depends on the states of the step before


@dataclass(frozen=True)
class Traits:
    """What is read off one cell's equations.

    carried: the states that a later step reads.  gates: the variables that multiply another
    quantity of the step and come from a logistic function, 1 + tanh or an exponential of the input
    or of a state.  keeps: what stands between the old value of a state and the new one, unit by
    unit: ``"1"``, ``"a constant"``, ``"a weight"``, ``"a clock"`` or ``"a gate"`` that multiplies
    it, ``"a function"`` (a nonlinearity) of which it is an argument, or ``"nothing"``: it arrives
    through a matrix alone.  through: the names of such functions, () for all other ``keeps``.
    linear: whether the carried states are an affine function of the old ones at a given input;
    elementwise: whether in the equations of the carried states no unit hears another's old state.
    """

    carried: tuple
    gates: tuple
    keeps: str
    through: tuple
    linear: bool
    elementwise: bool

    @property
    def scanned(self):
        """Whether all steps can be had at once by a scan that costs little more than the steps."""
        return self.linear and self.elementwise


def traits(spec):
    """The `Traits` of a CellSpec."""
    reads = {n.id for _, tree in map(parse, spec.equations) for n in _names(tree)}
    carried = tuple(s for s in spec.states if f"{s}_prev" in reads)
    trees = dict(map(parse, spec.equations))
    given = {f"{s}_prev": AFFINE for s in carried}
    clocks = {f"{name}_prev" for name, value in spec.initial.items() if isinstance(value, int)}
    form, mixing, moving = dict(given), set(), {"x", *given, *spec.inputs} - clocks
    for line in spec.equations:
        name, tree = parse(line)
        form[name] = _form(tree, form)
        if _mixes(tree, form, mixing):
            mixing.add(name)
        if any(n.id in moving for n in _names(tree)):
            moving.add(name)
    linear = all(form[s] <= AFFINE for s in carried)
    keeps = _keeps(spec, carried, trees, moving)
    through = () if keeps else _through(carried, trees)
    return Traits(
        carried,
        _gates(spec, trees, moving),
        keeps or ("a function" if through else "nothing"),
        through,
        linear,
        linear and not mixing & set(carried),
    )


def _names(tree):
    return [n for n in ast.walk(tree) if isinstance(n, ast.Name)]


def _form(tree, form):
    """FREE, AFFINE or CURVED in the old states."""
    if isinstance(tree, ast.Name):
        return form.get(tree.id, FREE)
    if isinstance(tree, ast.Constant):
        return FREE
    if isinstance(tree, ast.UnaryOp):
        return _form(tree.operand, form)
    if isinstance(tree, ast.Call):
        return CURVED if any(_form(part, form) for part in tree.args) else FREE
    left, right = _form(tree.left, form), _form(tree.right, form)
    if isinstance(tree.op, (ast.Add, ast.Sub)):
        return max(left, right)
    if isinstance(tree.op, ast.Div) and right:
        return CURVED
    return min(CURVED, left + right)


def _mixes(tree, form, mixing):
    """Whether a unit of what is computed hears an old state of other units."""
    for n in ast.walk(tree):
        product = isinstance(n, ast.BinOp) and isinstance(n.op, ast.MatMult)
        if product and _form(n.right, form):
            return True
    return any(n.id in mixing for n in _names(tree))


def _factors(tree):
    """The parts of every elementwise product and quotient in an expression."""
    for n in ast.walk(tree):
        if isinstance(n, ast.BinOp) and isinstance(n.op, (ast.Mult, ast.Div)):
            yield n.left, n.right


def _bare(tree):
    """The name that stands alone or is taken from a number; None for anything else."""
    if isinstance(tree, ast.Name):
        return tree.id
    one = isinstance(tree, ast.BinOp) and isinstance(tree.op, ast.Sub)
    if one and isinstance(tree.left, ast.Constant) and isinstance(tree.right, ast.Name):
        return tree.right.id
    return None


OPENING = {"sigmoid", "exp"}


def _gates(spec, trees, moving):
    found = set()
    for tree in trees.values():
        for pair in _factors(tree):
            for one, other in (pair, pair[::-1]):
                names = {n.id for n in _names(other)}
                if names & moving:
                    found |= {n for n in map(_bare, _parts(one)) if n in trees}
    return tuple(n for n in trees if n in found and _opens(trees[n]) and _reads(trees[n], moving))


def _parts(tree):
    """The names that a factor is made of: f / (f + i) is made of f and i."""
    if isinstance(tree, ast.BinOp) and isinstance(tree.op, (ast.Div, ast.Add, ast.Mult)):
        return [*_parts(tree.left), *_parts(tree.right)]
    return [tree]


def _opens(tree):
    """Whether an expression is positive whatever it reads: sigmoid, exp, 1 + tanh."""
    if isinstance(tree, ast.Call):
        return tree.func.id in OPENING
    return isinstance(tree, ast.BinOp) and isinstance(tree.left, ast.Constant)


def _reads(tree, moving):
    return any(n.id in moving for n in _names(tree))


def _keeps(spec, carried, trees, moving):
    """What multiplies the old value of a state; None where it is in no sum of its own."""
    for state in carried:
        for factors in _ways(trees[state], f"{state}_prev"):
            names = {n.id for f in factors for n in _names(f)} - _called(factors)
            if names & moving:
                return "a gate"
            if any(map(is_parameter, names - set(spec.config))):
                return "a weight"
            if names - set(spec.config):
                return "a clock" if names & set(trees) else "a constant"
            return "a constant" if factors else "1"
    return None


def _through(carried, trees):
    """The functions of which an old value, unit by unit, is an argument or a term of one."""
    found = [call.func.id for s in carried for call in ast.walk(trees[s])
             if isinstance(call, ast.Call)
             and any(_ways(part, f"{s}_prev") for part in call.args)]  # fmt: skip
    return tuple(dict.fromkeys(found))


def _called(trees):
    return {n.func.id for tree in trees for n in ast.walk(tree) if isinstance(n, ast.Call)}


def _ways(tree, old):
    """The factors on each way from an old value to a sum: [c_prev] in f * c_prev + i * g is [f]."""
    if isinstance(tree, ast.Name):
        return [[]] if tree.id == old else []
    if isinstance(tree, ast.UnaryOp):
        return _ways(tree.operand, old)
    if not isinstance(tree, ast.BinOp) or isinstance(tree.op, ast.MatMult):
        return []
    if isinstance(tree.op, (ast.Add, ast.Sub)):
        return [*_ways(tree.left, old), *_ways(tree.right, old)]
    left, right = _ways(tree.left, old), _ways(tree.right, old)
    return [[*way, tree.right] for way in left] + [[*way, tree.left] for way in right]
