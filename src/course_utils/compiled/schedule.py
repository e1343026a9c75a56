"""What runs when: the levels of a stage, each one pass of one kind of loop."""

from dataclasses import dataclass, field

ORDER = ("row", "unit", "matrix")  # the loops of a level; forwards, narrow ones come first


@dataclass
class Stage:
    """values: what is pointwise (and concat), in order; level: of each."""

    name: str
    values: list
    level: dict = field(default_factory=dict)
    domains: list = field(default_factory=list)  # the loops of each level

    @property
    def levels(self):
        return 1 + max(self.level.values(), default=-1)

    def at(self, level):
        return [v for v in self.values if self.level[v] == level]


def schedule(stage):
    """Levels: products and sums as early as they can be, pointwise values as late as they may.

    A level has one kind of loop: numbers that leave the same rest on division by three do.
    """
    inside, early, level = set(stage.values), {}, {}
    for v in stage.values:
        least = max((early[a] + _waits(a, v) for a in v.args if a in inside), default=0)
        early[v] = least + (ORDER.index(v.domain) - least) % len(ORDER)
    last = max(early.values(), default=0)
    for v in reversed(stage.values):
        if v.op == "product" or v.reduction:
            level[v] = early[v]
            continue
        users = [u for u in stage.values if v in u.args]
        most = min((level[u] - _waits(v, u) for u in users), default=last)
        level[v] = most - (most - ORDER.index(v.domain)) % len(ORDER)
    used = sorted(set(level.values()))
    stage.level = {v: used.index(n) for v, n in level.items()}
    stage.domains = [ORDER[n % len(ORDER)] for n in used]


def _waits(a, user):
    """Whether what uses a value belongs to a later level than the value."""
    return user.op == "product" or a.reduction or a.domain != user.domain
