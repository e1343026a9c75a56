"""What each level loads, computes and stores, forward and backward: all that a printer needs.

The way back reads values of the way there.  What is kept for it: the values of functions, and what
only a product of the loop could bring back; cheap arithmetic is computed again.
"""

from dataclasses import dataclass

from course_utils.compiled.arrays import array_of
from course_utils.compiled.derivative import Derivative
from course_utils.compiled.functions import CHEAP
from course_utils.compiled.places import Place, leaf_place
from course_utils.compiled.program import Program
from course_utils.compiled.values import BROADCASTS, DOMAINS, UNIT, reads
from course_utils.specs import get_spec

NOWHERE = -1  # the level of a body before which no product runs


@dataclass
class Body:
    """The pointwise code of one level.

    loads: (value, place) pairs; lines: values to compute, in order; stores: (place, value, adds)
    triples, adds where the place holds a part of the sum already, or ``larger`` where it holds the
    largest so far.  domain: the loops around it, over rows, units of rows, or matrices.
    """

    stage: str
    domain: str
    level: int
    loads: list
    lines: list
    stores: list

    @property
    def empty(self):
        return not self.stores


class Plan:
    """forward, backward: bodies in the order in which they run; kept: {value: place}."""

    def __init__(self, program):
        self.program = program
        self.derivative = Derivative(program)
        self.kept, self._scratch = {}, {}
        self._keep_what_backward_reads()
        self._keep_what_crosses()
        self.forward = [
            body for stage in program.stages for level in range(stage.levels)
            for body in self._forward(stage, level)
        ]  # fmt: skip
        self._carry()
        self.backward = self._backward()

    @property
    def flowing(self):
        """The states that carry a gradient: all but counters."""
        return [s for s, v in self.program.states.items() if not v.integer]

    def _carry(self):
        """untouched: states that a step's own arithmetic does not read.

        apart: states whose gradient must not yet be overwritten when the step before receives its
        first part, because an earlier level still reads it.
        """
        levels = {}
        for adjoint in self.derivative.adjoints:
            for place, _ in adjoint.stores:
                if place.kind == "carry":
                    levels.setdefault(place.name, []).append(adjoint.level)
        read = {s: self.program.loop.level[self.program.states[s]] for s in self.flowing}
        self.untouched = [s for s in self.flowing if s not in levels]
        self.apart = [s for s in levels if max(levels[s]) > read[s]]

    # -- what is kept ------------------------------------------------------------------------------

    def _keep(self, value):
        self.kept[value] = Place("kept", value.name)

    def _keep_what_backward_reads(self):
        todo = [v for adjoint in self.derivative.adjoints for _, v in adjoint.stores]
        seen = set()
        while todo:
            v = todo.pop()
            if v in seen:
                continue
            seen.add(v)
            if v.leaf or v in self.program.stage_of:
                if not self._available(v):
                    self._keep(v)
            else:
                todo.extend(v.args)

    def _lies_still(self, v):
        """Whether an earlier level has made a value and no arithmetic brings it back."""
        return v.op == "product" or v.reduction

    def _available(self, v):
        """Whether the way back can have a value without a product; keeps what that takes."""
        if v.leaf or v.rank <= UNIT or v in self.kept or self.at_hand(v) is not None:
            return True
        if self._lies_still(v):
            return False
        if v.op in BROADCASTS:  # a matrix takes them from memory
            (a,) = v.args
            if not (a.leaf or a.rank <= UNIT or self.at_hand(a)):
                self._keep(a)
            return True
        still = [a for a in v.args if self._lies_still(a)]
        here = all(a.domain == v.domain for a in v.args if not a.leaf and a.rank > UNIT)
        if v.op in CHEAP and here and all(self._available(a) for a in still):
            if all(self._available(a) for a in v.args):
                return True
        self._keep(v)
        return True

    def at_hand(self, v):
        """Where a value lies for all steps, kept or not; None if nowhere."""
        for state, value in self.program.states.items():
            if v is value:
                return Place("states", state, 1)
        if v.op == "product" and self.program.block[v][0].whole:
            product, block = self.program.block[v]
            return Place("products", product.name, block)
        return self.kept.get(v)

    def _keep_what_crosses(self):
        """Operands of products, and what the readout reads, lie in memory for all steps."""
        program = self.program
        for product in program.products:
            operand = product.operand
            made = operand.pointwise or operand.reduction
            if made and self.at_hand(operand) is None:
                self._keep(operand)
        for v in {a for u in program.readout.values for a in reads(u)}:
            if program.stage_of.get(v) is program.loop and self.at_hand(v) is None:
                self._keep(v)
        for stage in program.stages:
            for u in stage.values:
                for a in reads(u):
                    made = a in stage.level and (a.pointwise or a.reduction)
                    crosses = made and stage.level[a] < stage.level[u]
                    if crosses and self.at_hand(a) is None:
                        kind = "kept" if stage is program.readout else "scratch"
                        self._scratch[a] = Place(kind, a.name)

    # -- bodies ------------------------------------------------------------------------------------

    def _forward(self, stage, level):
        """The body of a level, after one that makes room for the sums which it adds up."""
        program, stores, empty = self.program, [], []
        mine = stage.at(level)

        def place(v):
            if v.op in BROADCASTS:
                return place(v.args[0])._replace(across=v.op == "across")
            if v.leaf:
                return leaf_place(v)
            if v.op == "product":
                product, block = program.block[v]
                if program.stage_of[v] is not stage and v in self.kept:
                    return self.kept[v]
                return Place("products" if product.whole else "product", product.name, block)
            if v.rank == 1:
                return None if stage is program.prelude else Place("vector", v.name)
            if v.rank == 0 or (v in mine and not v.reduction):
                return None
            return self.at_hand(v) or self._scratch[v]

        for v in mine:
            if v.reduction:
                where = place(v)
                empty.append((where, v.op))
                where = where._replace(across=v.op == "column_sums")
                stores.append((where, v.args[0], "larger" if v.op == "highest" else True))
                continue
            if v.op in BROADCASTS:
                continue
            if v.op == "concat":
                stores += [(Place("operand", v.name, k), part) for k, part in enumerate(v.args)]
                continue
            if v.rank == 1:
                stores.append((Place("vector", v.name), v))
                continue
            stores += [(Place("states", s, 1), v) for s, w in program.states.items() if w is v]
            stores += [(Place("y"), v)] if v is program.output else []
            stores += [(where[v], v) for where in (self.kept, self._scratch) if v in where]
        for v, where in self.kept.items():
            if v.op == "product" and program.stage_of[v] is stage and stage.level[v] == level:
                stores.append((where, v))
        stores = [(*s, False)[:3] for s in stores]
        lowest = {"highest": program.graph.constant(float("-inf"))}
        zero = program.graph.constant(0)
        rooms = [_room(stage, p, array_of(self, p).rank, lowest.get(op, zero)) for p, op in empty]
        return [*rooms, _body(stage, level, stage.domains[level], stores, place)]

    def _backward(self):
        program, written, bodies = self.program, set(), []
        for adjoint in self.derivative.adjoints:
            prelude = adjoint.stage is program.prelude

            def place(v, prelude=prelude):
                if v.op in BROADCASTS:
                    return place(v.args[0])._replace(across=v.op == "across")
                if v.leaf:
                    return leaf_place(v)
                if v.rank == 1 and v in program.stage_of:
                    return Place("vector", v.name)
                if v.rank > UNIT and v in program.stage_of:
                    return self.at_hand(v)
                return None

            stores = []
            domain = adjoint.stage.domains[adjoint.level]
            for where, v in adjoint.stores:
                if where.kind == "carry" and where.name not in self.apart:
                    where = where._replace(kind="carried")
                whole = where._replace(across=False)
                rank = array_of(self, where).rank
                adds = whole in written or where.kind == "dvector"
                if not adds and DOMAINS.get(rank, "unit") != domain:
                    bodies.append(_room(adjoint.stage, whole, rank, program.graph.constant(0)))
                    adds = True
                stores.append((where, v, adds))
                written.add(whole)
            bodies.append(_body(adjoint.stage, adjoint.level, domain, stores, place))
        return bodies


def _room(stage, place, rank, value):
    """A body that sets a place to 0, or to the lowest number, before sums are added up in it."""
    return Body(stage.name, DOMAINS.get(rank, "unit"), NOWHERE, [], [], [(place, value, False)])


def _body(stage, level, domain, stores, place):
    """Load what lies somewhere, compute the rest, in the order of need."""
    loads, lines, seen = [], [], set()

    def need(v):
        if v in seen or v.op in ("constant", "config"):
            return
        seen.add(v)
        where = place(v)
        if where is not None:
            loads.append((v, where))
            return
        for a in v.args:
            need(a)
        lines.append(v)

    for _, v, _ in stores:
        need(v)
    return Body(stage.name, domain, level, loads, lines, stores)


_PLANS = {}


def plan(key):
    """The plan of a cell, by its key or its spec, made once for each spec."""
    spec = get_spec(key)
    if id(spec) not in _PLANS:
        _PLANS[id(spec)] = Plan(Program(spec))  # it holds the spec, so the id stays its own
    return _PLANS[id(spec)]
