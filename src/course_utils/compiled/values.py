"""Values in single assignment: what an equation's every part becomes, each computed once."""

# how many numbers a value is: for all, per unit, per sample, per sample and unit, and a square of
# those; what joins a number per unit and one per sample is a vector
SCALAR, UNIT, ROW, VECTOR, MATRIX = 0, 1, 1.5, 2, 3
DOMAINS = {ROW: "row", MATRIX: "matrix"}  # the loops that compute a value; else those over units
# sums, and the largest: of a vector, of each row of a matrix, of each column
REDUCTIONS = {"total": ROW, "highest": ROW, "row_sums": VECTOR, "column_sums": VECTOR}
# a vector as a matrix: number j throughout row j (of diag), number k throughout column k
BROADCASTS = {"down", "across"}
LEAVES = {"x", "input", "before", "vector", "config", "constant", "clock", "seed"}


class Value:
    """One value of a program; rank, one of ``SCALAR`` to ``MATRIX``, says how many numbers it is.

    op: a leaf's kind (``LEAVES``), ``product``, ``concat``, an arithmetic sign or a function.
    what: the leaf's own name or number, or the weight of a product.  line: its equation.
    """

    def __init__(self, op, args, what, rank, integer):
        self.op, self.args, self.what = op, tuple(args), what
        self.rank, self.integer = rank, integer
        self.name, self.line = None, None

    @property
    def leaf(self):
        return self.op in LEAVES

    @property
    def pointwise(self):
        return not self.leaf and self.op not in ("product", "concat") and not self.reduction

    @property
    def reduction(self):
        return self.op in REDUCTIONS

    @property
    def domain(self):
        """The loops that compute it: over rows, units of rows, or matrices."""
        rank = self.args[0].rank if self.reduction else self.rank
        return DOMAINS.get(rank, "unit")

    def __repr__(self):
        return f"<{self.name or self.what or self.op}>"


def reads(value):
    """The arguments of a value, as they lie in memory: vectors, not what a matrix sees of them."""
    return [a.args[0] if a.op in BROADCASTS else a for a in value.args]


def joined(values):
    """The rank of what is computed from values of several."""
    ranks = {v.rank for v in values}
    return VECTOR if {UNIT, ROW} <= ranks and MATRIX not in ranks else max(ranks)


class Graph:
    """Values in the order of their making; equal ones are one."""

    def __init__(self):
        self.values, self._known = [], {}

    def add(self, op, args=(), what=None, *, rank=None, integer=False):
        """The value of an operation, made anew only if there is none like it."""
        key = (op, tuple(id(a) for a in args), what if what is None else (type(what), what))
        if key not in self._known:
            if args:
                rank = joined(args) if rank is None else rank
                counts = op in ("+", "-", "*", "neg")
                integer = counts and all(a.integer for a in args)
            self._known[key] = Value(op, args, what, rank, integer)
            self.values.append(self._known[key])
        return self._known[key]

    def constant(self, number):
        return self.add("constant", what=number, rank=0, integer=isinstance(number, int))

    def reduce(self, op, a):
        return self.add(op, [a], rank=REDUCTIONS[op])

    def spread(self, op, a):
        """A vector as a matrix; a number for all stays one."""
        return a if a.rank == SCALAR else self.add(op, [a], rank=MATRIX)

    def minus(self, a):
        return a.args[0] if a.op == "neg" else self.add("neg", [a])

    def times(self, a, b):
        """a * b, shorter where one of them is 1, 0 or a negation."""
        for this, other in ((a, b), (b, a)):
            if this.op == "constant" and this.what in (0, 1):
                return other if this.what == 1 else this
            if this.op == "neg":
                return self.minus(self.times(this.args[0], other))
        return self.add("*", [a, b])

    def sum(self, terms):
        """The sum of a list of values, without zeros; None for an empty one."""
        terms = [v for v in terms if not (v.op == "constant" and v.what == 0)]
        terms.sort(key=lambda v: v.op == "neg")  # a - b rather than -b + a
        total = terms[0] if terms else None
        for v in terms[1:]:
            minus = v.op == "neg"
            total = self.add("-" if minus else "+", [total, v.args[0] if minus else v])
        return total
