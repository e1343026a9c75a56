"""Reverse mode on the values of a program, symbolically: a body of adjoints for every level.

The gradient of what a level computes is the sum of what its users send: those of the same level
directly, all others by way of memory (``Place``), where a later level or step has put it.
"""

from dataclasses import dataclass

from course_utils.compiled.functions import SLOPES, slope
from course_utils.compiled.naming import free
from course_utils.compiled.places import Place
from course_utils.compiled.values import BROADCASTS, MATRIX, reads


@dataclass
class Adjoint:
    """One level on the way back: (place, value) pairs to store, in order."""

    stage: object
    level: int
    stores: list


class Derivative:
    """adjoints: in the order of the way back.

    sums: {vector: (product, block)}: its gradient is the sum over the rows of a product's.
    shared: {product: product whose gradient is the same array}.
    """

    def __init__(self, program):
        self.program, self.graph = program, program.graph
        self.sent = set()  # places where a later level has left a gradient
        self.adjoints = []
        self.names = {v.name for v in self.graph.values}
        for stage in reversed(program.stages):
            for level in reversed(range(stage.levels)):
                self._level(stage, level)
        self.sums = self._column_sums()
        self.shared = self._shared_products()

    def _level(self, stage, level):
        mine = stage.at(level)
        local, outgoing = {v: [] for v in mine}, {}

        def give(a, term):
            # softmax is the same whatever its highest number is: no gradient for that
            across, spread = a.op == "across", a.op in BROADCASTS
            a = a.args[0] if spread else a
            if a.integer or a.rank == 0 or a.op in ("clock", "highest"):
                return
            if a in local and not spread:
                local[a].append(term)
            else:
                place = self._place(a)._replace(across=across)
                outgoing.setdefault(place, []).append(term)

        for v in reversed(mine):
            if v.op == "concat":
                for k, part in enumerate(v.args):
                    give(part, self._back(v, k))
                continue
            total = self.graph.sum(local[v] + self._seeds(v))
            if total is None or v.integer:
                continue
            self._name(total, f"d{v.name}")
            for a, term in self._pull(v, total):
                give(a, term)
        stores = [(place, self.graph.sum(terms)) for place, terms in outgoing.items()]
        stores = [(place, value) for place, value in stores if value is not None]
        for place, value in stores:
            if place.kind in ("carry", "dvector", "dinput"):
                self._name(value, f"d{place.name}{'_prev' * (place.kind == 'carry')}")
        self.sent |= {place._replace(across=False) for place, _ in stores}
        self.adjoints.append(Adjoint(stage, level, stores))

    def _pull(self, v, g):
        """[(argument, what it receives)] from the gradient g of v."""
        graph, args = self.graph, v.args
        if v.op == "+":
            return [(a, g) for a in args]
        if v.op == "-":
            return [(args[0], g), (args[1], graph.minus(g))]
        if v.op == "*":
            return [(args[0], graph.times(g, args[1])), (args[1], graph.times(g, args[0]))]
        if v.op == "/":
            part = graph.add("/", [g, args[1]])
            return [(args[0], part), (args[1], graph.minus(graph.times(part, v)))]
        if v.op == "neg":
            return [(args[0], graph.minus(g))]
        if v.op == "copy" or v.reduction:
            return [(args[0], g)]
        if v.op == "maximum":
            zero = graph.constant(0)
            return [
                (args[0], graph.add("where", [*args, g, zero])),
                (args[1], graph.add("where", [*args, zero, g])),
            ]
        if v.op in SLOPES:
            return [(args[0], graph.times(g, slope(graph, v.op, args[0], v)))]
        return []  # due: a clock has no slope

    def _seeds(self, v):
        """What arrives at v by way of memory."""
        program, seeds = self.program, []
        if v.rank == 1:
            return [self._seed(v, Place("dvector", v.name), f"d{v.name}")]
        if v is program.output:
            seeds.append(self._seed(v, Place("dy"), "dy"))
        for state, value in program.states.items():
            if v is value and not v.integer:
                seeds.append(self._seed(v, Place("carried", state), f"d{state}_later"))
                if program.spec.inputs:  # a layer of such cells reads the states of the one below
                    seeds.append(self._seed(v, Place("dstates", state), f"d{state}_above"))
                old = [p.operand for p in program.products if p.operand.op == "before"]
                seeds += [self._back(operand, 0) for operand in old if operand.what == state]
        seeds += [self._back(p.operand, 0) for p in program.products if p.operand is v]
        place = self._place(v)
        if place in self.sent:
            seeds.append(self._seed(v, place, f"d{v.name}_below"))
        return seeds

    def _back(self, operand, block):
        """What an operand receives of its product."""
        product = next(p for p in self.program.products if p.operand is operand)
        part = product.parts[block]
        kind = "backs" if product.whole else "back"
        place = Place(kind, product.name, block)
        return self._seed(operand, place, f"d{part.name}_of_product")

    def _seed(self, v, place, name):
        """The gradient of v as memory has it; that of sums over a matrix, as the matrix sees it."""
        matrix = v.reduction and v.domain == "matrix"
        place = place._replace(across=v.op == "column_sums")
        seed = self.graph.add("seed", what=place, rank=MATRIX if matrix else v.rank)
        self._name(seed, name)
        return seed

    def _place(self, a):
        """Where the gradient of what another level made is left."""
        if a.op == "product":
            product, block = self.program.block[a]
            return Place("dproduct", product.name, block)
        if a.op == "before":
            return Place("carry", a.what)
        if a.rank == 1:
            return Place("dvector", a.name)
        if a.op == "x":
            return Place("dx")
        if a.op == "input":
            return Place("dinput", a.what)
        readout = self.program.readout  # which runs for all steps before the loop does
        whole = a in readout.level or any(a in reads(u) for u in readout.values)
        return Place("gradients" if whole else "gradient", a.name)

    def _name(self, value, name):
        if value.name is None:
            value.name = free(name, self.names)

    # -- the same number is written once -----------------------------------------------------------

    def _column_sums(self):
        """A bias receives what its product receives, summed over rows: leave that to one sum."""
        times = [p._replace(across=False) for a in self.adjoints for p, _ in a.stores]
        sums = {}
        for adjoint in self.adjoints:
            alone = [(p, v) for p, v in adjoint.stores
                     if times.count(p._replace(across=False)) == 1]  # fmt: skip
            once = {(v, p.across): p for p, v in alone if p.kind == "dproduct"}
            for place, value in alone:
                if place.kind == "dvector" and (value, place.across) in once:
                    value = value, place.across
                    sums[place.name] = (once[value].name, once[value].block)
                    adjoint.stores.remove((place, value[0]))
        return sums

    def _shared_products(self):
        """Two products whose gradients agree block by block have one array for them."""
        written = {}
        for adjoint in self.adjoints:
            for place, value in adjoint.stores:
                if place.kind == "dproduct":
                    block = place.block, place.across, id(value)
                    written.setdefault(place.name, []).append(block)
        first, shared = {}, {}
        for name, blocks in written.items():
            same = first.setdefault(tuple(sorted(blocks)), name)
            if same != name:
                shared[name] = same
        for adjoint in self.adjoints:
            adjoint.stores = [
                (p, v) for p, v in adjoint.stores if p.kind != "dproduct" or p.name not in shared
            ]
        return shared
