"""Each cell beside the nearest of those that are no younger: a tree of equations, not of people."""

from typing import NamedTuple

from course_utils.family.kinship import Kin, kin, relatives, weight


class Branch(NamedTuple):
    """Where a cell hangs: the key of its nearest elder (None for the first of all), and the Kin."""

    parent: str | None
    kin: Kin | None


def descent(specs, years):
    """{key: `Branch`} in the order in which cells join; the tree that hangs least apart.

    specs {key: CellSpec}; years {key: year}.  Cells join year by year, within a year the one that
    is nearest to those already there first, of equals the one that is less to write.
    """
    joined = {}
    for year in sorted(set(years.values())):
        waiting = {key: spec for key, spec in specs.items() if years[key] == year}
        nearest = {key: _nearest(spec, [specs[k] for k in joined]) for key, spec in waiting.items()}
        while waiting:
            key = min(waiting, key=lambda k: (_cost(nearest[k], specs[k]), weight(specs[k]), k))
            joined[key] = nearest[key]
            spec = waiting.pop(key)
            for other in waiting:
                found = kin(specs[other], spec)
                if nearest[other].kin is None or found.cost < nearest[other].kin.cost:
                    nearest[other] = Branch(spec.key, found)
    return joined


def _nearest(spec, elders):
    if not elders:
        return Branch(None, None)
    ((other, found),) = relatives(spec, elders)
    return Branch(other.key, found)


def _cost(branch, spec):
    return weight(spec) if branch.kin is None else branch.kin.cost


def walk(branches):
    """[(key, depth)] of the tree from its root: a cell, then all that hang from it."""
    below = {}
    for key, branch in branches.items():
        below.setdefault(branch.parent, []).append(key)

    def deeper(key, depth):
        yield key, depth
        for child in below.get(key, ()):
            yield from deeper(child, depth + 1)

    return [item for root in below.get(None, ()) for item in deeper(root, 0)]
