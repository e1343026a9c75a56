"""What each level loads, computes and stores, forward and backward: all that a printer needs.

The way back reads values of the way there.  What is kept for it: the values of functions, and what
only a product of the loop could bring back; cheap arithmetic is computed again.
"""

from dataclasses import dataclass

from course_utils.compiled.derivative import Derivative
from course_utils.compiled.functions import CHEAP
from course_utils.compiled.places import Place, leaf_place
from course_utils.compiled.program import Program
from course_utils.specs import get_spec


@dataclass
class Body:
    """The pointwise code of one level.

    loads: (value, place) pairs; lines: values to compute, in order; stores: (place, value, adds)
    triples, adds where the place holds a part of the sum already.
    """

    stage: str
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
            self._forward(stage, level) for stage in program.stages for level in range(stage.levels)
        ]
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

    def _available(self, v):
        """Whether the way back can have a value without a product; keeps what that takes."""
        if v.leaf or v.rank < 2 or v in self.kept or self.at_hand(v) is not None:
            return True
        if v.op == "product":
            return False
        if v.op in CHEAP and not any(a.op == "product" and not self._available(a) for a in v.args):
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
            if operand.pointwise and self.at_hand(operand) is None:
                self._keep(operand)
        for v in {a for u in program.readout.values for a in u.args}:
            if program.stage_of.get(v) is program.loop and self.at_hand(v) is None:
                self._keep(v)
        for stage in program.stages:
            for u in stage.values:
                for a in u.args:
                    crosses = a in stage.level and a.pointwise and stage.level[a] < stage.level[u]
                    if crosses and self.at_hand(a) is None:
                        kind = "kept" if stage is program.readout else "scratch"
                        self._scratch[a] = Place(kind, a.name)

    # -- bodies ------------------------------------------------------------------------------------

    def _forward(self, stage, level):
        program, stores = self.program, []
        mine = stage.at(level)

        def place(v):
            if v.leaf:
                return leaf_place(v)
            if v.op == "product":
                product, block = program.block[v]
                if program.stage_of[v] is not stage and v in self.kept:
                    return self.kept[v]
                return Place("products" if product.whole else "product", product.name, block)
            if v.rank == 1:
                return None if stage is program.prelude else Place("vector", v.name)
            if v.rank == 0 or v in mine:
                return None
            return self.at_hand(v) or self._scratch[v]

        for v in mine:
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
        return _body(stage, level, [(p, v, False) for p, v in stores], place)

    def _backward(self):
        program, written, bodies = self.program, set(), []
        for adjoint in self.derivative.adjoints:
            prelude = adjoint.stage is program.prelude

            def place(v, prelude=prelude):
                if v.leaf:
                    return leaf_place(v)
                if v.rank == 1 and v in program.stage_of:
                    return Place("vector", v.name)
                if v.rank == 2 and v in program.stage_of:
                    return self.at_hand(v)
                return None

            stores = []
            for where, v in adjoint.stores:
                if where.kind == "carry" and where.name not in self.apart:
                    where = where._replace(kind="carried")
                stores.append((where, v, where in written or where.kind == "dvector"))
                written.add(where)
            bodies.append(_body(adjoint.stage, adjoint.level, stores, place))
        return bodies


def _body(stage, level, stores, place):
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
    return Body(stage.name, level, loads, lines, stores)


_PLANS = {}


def plan(key):
    """The plan of a cell, by its key or its spec, made once for each spec."""
    spec = get_spec(key)
    if id(spec) not in _PLANS:
        _PLANS[id(spec)] = Plan(Program(spec))  # it holds the spec, so the id stays its own
    return _PLANS[id(spec)]
