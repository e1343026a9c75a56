"""Values in single assignment: what an equation's every part becomes, each computed once."""

LEAVES = {"x", "input", "before", "vector", "config", "constant", "clock", "seed"}


class Value:
    """One number per sample and unit (rank 2), per unit (rank 1) or for all (rank 0).

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
        return not self.leaf and self.op not in ("product", "concat")

    def __repr__(self):
        return f"<{self.name or self.what or self.op}>"


class Graph:
    """Values in the order of their making; equal ones are one."""

    def __init__(self):
        self.values, self._known = [], {}

    def add(self, op, args=(), what=None, *, rank=None, integer=False):
        """The value of an operation, made anew only if there is none like it."""
        key = (op, tuple(id(a) for a in args), what if what is None else (type(what), what))
        if key not in self._known:
            if args:
                rank = max(a.rank for a in args) if rank is None else rank
                counts = op in ("+", "-", "*", "neg")
                integer = counts and all(a.integer for a in args)
            self._known[key] = Value(op, args, what, rank, integer)
            self.values.append(self._known[key])
        return self._known[key]

    def constant(self, number):
        return self.add("constant", what=number, rank=0, integer=isinstance(number, int))

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
