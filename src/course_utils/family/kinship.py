"""How far one cell is from another, by their equations alone, and which lines lie between.

Letters do not count: the variables of one cell are matched with those of the other so that the
least is left to change, and a gate may stand for 1 minus a gate.  The distance is the number of
nodes of the equations' trees (``trees``) that are exchanged, put in or taken out; a bias counts
half, and a pre-activation with a name of its own is put where it is read.  Nothing of it says who
knew of whom.
"""

from dataclasses import dataclass
from functools import cache

from course_utils.family import trees

SAME_LETTER, SAME_ROLE = 0.02, 0.01  # between matches that cost the same
ROLES = ({"g", "n"}, {"f", "z"}, {"i", "z"}, {"c", "h"}, {"r", "o"})
ROUNDS = 6
SLACK = 4.0  # what turned gates may save at most against a match with all letters alike


@dataclass(frozen=True)
class Kin:
    """One cell beside another.

    cost: what is left to change.  names: {variable of the other: variable of the first} where
    they are matched.  turned: those of the other that are 1 minus their match.
    """

    cost: float
    names: dict
    turned: frozenset


def kin(spec, other):
    """The `Kin` of two CellSpecs: how the variables of ``other`` are read as those of ``spec``."""
    if spec.key > other.key:  # one computation for both directions
        back = _kin(other, spec)
        turned = frozenset(back.names[name] for name in back.turned)
        return Kin(back.cost, {mine: its for its, mine in back.names.items()}, turned)
    return _kin(spec, other)


def relatives(spec, others, count=1):
    """[(CellSpec, Kin)]: the nearest of the others, the nearest first; ties in their order."""
    found = []
    by_floor = sorted((_floor(spec, other), k) for k, other in enumerate(others))
    for floor, k in by_floor:
        if len(found) >= count and floor - SLACK > sorted(found)[count - 1][0]:
            break
        found.append((kin(spec, others[k]).cost, k))
    return [(others[k], kin(spec, others[k])) for _, k in sorted(found)[:count]]


def weight(spec):
    """The nodes of all equations of a cell: what it costs to write it from nothing."""
    return sum(1 + tree.size for _, tree in _lines(spec))


@cache
def _kin(spec, other):
    letters = _targets(spec) & _targets(other)
    starts = [None, {name: name for name in letters}] if letters else [None]
    found = min((_settled(spec, other, start) for start in starts), key=lambda kin: kin.cost)
    improved = True
    while improved:
        improved = False
        for name in sorted(found.names):
            if _is_gate(other, name) and _is_gate(spec, found.names[name]):
                turned = found.turned ^ {name}
                cost = _cost(spec, other, found.names, turned)
                if cost < found.cost:
                    found, improved = Kin(cost, found.names, turned), True
    return found


def _preactivation(name):
    return name == "a" or name.startswith("a_")


@cache
def _inlined(spec):
    """{pre-activation: its tree}."""
    found = {}
    for line in spec.equations:
        name = trees.parsed(line)[0]
        if _preactivation(name):
            found[name] = trees.tree(line, spec.config)[1]
    return found


def _lines(spec, names=None):
    """[(name, tree)] of the equations, letters exchanged, pre-activations where they are read."""
    read = dict(names or {})
    found = []
    for line in spec.equations:
        name, tree = trees.tree(line, spec.config, read)
        if _preactivation(name):
            read[name] = tree
        else:
            found.append((name, tree))
    return found


@cache
def _targets(spec):
    return {name for name, _ in _lines(spec)}


@cache
def _blind(spec):
    """The lines with all letters alike."""
    return _lines(spec, dict.fromkeys(_targets(spec), "·"))


@cache
def _is_gate(spec, name):
    """Whether a variable is a logistic function of something."""
    return dict(_lines(spec))[name].word == "sigmoid"


def _settled(spec, other, names):
    """Match lines, read the letters off the match, and again, until nothing changes.

    names: where to begin; None for lines matched with all letters alike.
    """
    best = None
    for _ in range(ROUNDS):
        new = _assigned(spec, other, names)
        if best is not None and new == best.names:
            break
        cost = _cost(spec, other, new, frozenset())
        if best is not None and cost >= best.cost:
            break
        best, names = Kin(cost, new, frozenset()), new
    return best


def _assigned(spec, other, names):
    mine = _blind(spec) if names is None else _lines(spec)
    its = _blind(other) if names is None else _lines(other, names)
    return {its[k][0]: mine[j][0] for j, k in _pairs(spec, other, mine, its)[1]}


def _pairs(spec, other, mine, its):
    """(what a match of lines saves, its pairs): the match that saves most."""
    from scipy.optimize import linear_sum_assignment  # needs SciPy: pip install scipy

    gain = [[a.size + b.size - trees.distance(a, b) + _tie(spec, other, name, its_name)
             for its_name, b in its] for name, a in mine]  # fmt: skip
    pairs = zip(*linear_sum_assignment(gain, maximize=True), strict=True)
    pairs = [(j, k) for j, k in pairs if gain[j][k] > SAME_LETTER + 2 * SAME_ROLE]
    return sum(gain[j][k] for j, k in pairs), pairs


@cache
def _floor(spec, other):
    """Less than what any match of letters costs, but for turned gates."""
    if spec.key > other.key:
        return _floor(other, spec)
    mine, its = _blind(spec), _blind(other)
    saved, pairs = _pairs(spec, other, mine, its)
    whole = sum(1 + tree.size for _, tree in [*mine, *its])
    return whole - saved - 2 * len(pairs)


def _tie(spec, other, a, b):
    """What a match gains for the roles of the two names."""
    carried = (a in spec.states) == (b in other.states)
    return SAME_LETTER * (a == b) + SAME_ROLE * ({a, b} in ROLES) + SAME_ROLE * carried


def _cost(spec, other, names, turned):
    """What is left to change under a match of names."""
    taken, own = set(names.values()), dict(_lines(spec))
    read = {name: f"other {name}" for name in _targets(other)} | names
    read |= {name: trees.complement(names[name]) for name in turned}
    cost = 0.0
    for name, tree in _lines(other, read):
        if name in names:
            cost += trees.distance(own[names[name]], tree) + (name in turned)
        else:
            cost += 1 + tree.size
    return cost + sum(1 + tree.size for name, tree in own.items() if name not in taken)
