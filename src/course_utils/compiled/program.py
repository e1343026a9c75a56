"""A cell's equation lines as a program: values, stages, matrix products and levels.

Three stages: ``prelude``, what depends on parameters alone; ``loop``, what the states need; and
``readout``, what only the output needs, computed for all steps at once after the loop.  A stage
runs level by level: the products whose operands are there, then everything pointwise up to the next
product.  Products that share an operand are one product.
"""

import ast
from dataclasses import dataclass

from course_utils import equations
from course_utils.compiled.functions import BINARY, SLOPES
from course_utils.compiled.naming import name_all
from course_utils.compiled.schedule import Stage, schedule
from course_utils.compiled.values import MATRIX, ROW, SCALAR, UNIT, VECTOR, Graph
from course_utils.equations import EquationError

LINEAR = {"softmax": 1, "total": 1, "outer": 2, "diag": 2, "read": 2}  # arguments of each
FUNCTIONS = {*SLOPES, *LINEAR, "maximum", "concat", "due", "slower"}


@dataclass(frozen=True)
class Weight:
    """A matrix of the parameters; masked by ``slower`` with a tuple of the config, or not."""

    symbol: str
    mask: str | None = None


@dataclass
class Product:
    """Every product with one operand: the weights lie below each other in one matrix."""

    operand: object
    values: list  # of op "product", in the order of the rows
    level: int
    whole: bool  # for all steps at once, not step by step

    @property
    def name(self):
        return self.operand.name

    @property
    def parts(self):
        """The values that lie side by side in the operand."""
        return self.operand.args if self.operand.op == "concat" else (self.operand,)


class Program:
    """The equations of a spec, ready to be differentiated and printed.

    named: {target: value}.  Raises EquationError, which names the cell, the symbol and the line.
    """

    def __init__(self, spec):
        self.spec, self.graph, self.named = spec, Graph(), {}
        self.weights = {s for p in spec.params if len(p.axes.split()) > 1 for s in p.symbols}
        for line in spec.equations:
            target, tree = equations.parse(line)
            known = len(self.graph.values)
            value = self._value(tree, line)
            for new in self.graph.values[known:]:
                new.line = line
            self.named[target] = value
        self._own_values()
        self.output = self.named[spec.output]
        self.states = {s: self.named[s] for s in spec.states}
        name_all(self)
        self._stages()
        self._products()

    # -- lines to values ---------------------------------------------------------------------------

    def _value(self, node, line):
        if isinstance(node, ast.Constant):
            return self.graph.constant(node.value)
        if isinstance(node, ast.Name):
            return self.named[node.id] if node.id in self.named else self._leaf(node.id, line)
        if isinstance(node, ast.UnaryOp):
            return self.graph.minus(self._value(node.operand, line))
        if isinstance(node, ast.Call):
            return self._call(node, line)
        if isinstance(node.op, ast.MatMult):
            weight, operand = self._weight(node.left, line), self._value(node.right, line)
            if operand.rank != VECTOR:
                what = {ROW: "one number", MATRIX: "a matrix"}.get(operand.rank)
                shared = f"{what} of each sample" if what else "what every sample shares"
                self._refuse(line, f"{weight.symbol} is multiplied by {shared}")
            if operand.op == "product":  # what it joins lies side by side, apart from this one
                operand = self.graph.add("copy", [operand], "operand", rank=VECTOR)
            return self.graph.add("product", [operand], weight, rank=VECTOR)
        sides = [self._value(side, line) for side in (node.left, node.right)]
        return self._elementwise(BINARY[type(node.op)], sides, line)

    def _elementwise(self, op, sides, line):
        ranks = {v.rank for v in sides}
        if MATRIX in ranks and not ranks <= {MATRIX, SCALAR}:
            self._refuse(line, f"{op} joins a matrix and a vector; outer, diag and read do")
        return self.graph.add(op, sides)

    def _own_values(self):
        """A state or an output that is a product, a leaf or another state gets its own value."""
        taken = set()
        for target in dict.fromkeys((*self.spec.states, self.spec.output)):
            value, line = self.named[target], self.spec.lines(target)[0]
            rank = MATRIX if target in self.spec.matrices else VECTOR
            if (value.rank == MATRIX) != (rank == MATRIX):
                kinds = ["a vector", "a matrix"]
                is_one, should = value.rank == MATRIX, rank == MATRIX
                self._refuse(line, f"{target} is {kinds[is_one]} and should be {kinds[should]}")
            if not value.pointwise or value.rank < VECTOR or value in taken:
                copy = self.graph.add("copy", [value], target, rank=rank, integer=value.integer)
                copy.line = line
                self.named[target] = copy
            taken.add(self.named[target])

    def _leaf(self, name, line):
        spec, graph = self.spec, self.graph
        if name == "x":
            return graph.add("x", what="x", rank=2)
        if name in spec.inputs:
            return graph.add("input", what=name, rank=2)
        if name.removesuffix("_prev") in spec.states and name.endswith("_prev"):
            state = name.removesuffix("_prev")
            counts = isinstance(spec.initial.get(state, 0.0), int)
            rank = MATRIX if state in spec.matrices else VECTOR
            return graph.add("before", what=state, rank=rank, integer=counts)
        if name in spec.config:
            several = isinstance(spec.config[name], tuple)
            kind = "clock" if several else "config"
            return graph.add(kind, what=name, rank=int(several), integer=several)
        if name in self.weights:
            self._refuse(line, f"{name} is a matrix; it only stands before @")
        if name not in spec.readable():
            self._refuse(line, f"nothing defines {name!r} before it is read")
        return graph.add("vector", what=name, rank=1)

    def _call(self, node, line):
        name = node.func.id
        if name not in FUNCTIONS or name == "slower":
            self._refuse(line, f"{name!r} is not compiled; spec.oracle can run it")
        wanted = 1 if name in SLOPES else None if name == "concat" else LINEAR.get(name, 2)
        if wanted not in (None, len(node.args)):
            self._refuse(line, f"{name} takes {wanted} argument(s), not {len(node.args)}")
        parts = [self._value(part, line) for part in node.args]
        if name in LINEAR:
            return self._linear(name, parts, line)
        if name == "concat" and any(v.rank != VECTOR for v in parts):
            self._refuse(line, "concat joins vectors of every sample")
        return self._elementwise(name, parts, line)

    def _linear(self, name, parts, line):
        """Sums, and what joins vectors and matrices, made of sums, broadcasts and arithmetic."""
        graph = self.graph
        wanted = {"outer": [False, False], "diag": [False, True], "read": [True, False]}
        for n, (v, matrix) in enumerate(zip(parts, wanted.get(name, [False]), strict=True), 1):
            small = (UNIT, VECTOR) + (SCALAR, ROW) * (name == "diag")
            alone = name in ("softmax", "total") and v.rank != VECTOR
            if alone or (v.rank != MATRIX if matrix else v.rank not in small):
                kind = "matrix" if matrix else "vector of every sample"
                self._refuse(line, f"{name} takes a {kind} as its argument {n}")
        if name == "total":
            return graph.reduce("total", parts[0])
        if name == "softmax":
            e = graph.add("exp", [graph.add("-", [parts[0], graph.reduce("highest", parts[0])])])
            return graph.add("/", [e, graph.reduce("total", e)])
        if name == "outer":
            if max(v.rank for v in parts) < VECTOR:
                self._refuse(line, "outer takes a vector of every sample as one of its arguments")
            return graph.times(graph.spread("down", parts[0]), graph.spread("across", parts[1]))
        if name == "diag":
            return graph.times(graph.spread("down", parts[0]), parts[1])
        return graph.reduce("row_sums", graph.times(parts[0], graph.spread("across", parts[1])))

    def _weight(self, node, line):
        mask = None
        if isinstance(node, ast.Call) and node.func.id == "slower" and len(node.args) == 2:
            node, mask = node.args[0], getattr(node.args[1], "id", None)
            if not isinstance(self.spec.config.get(mask), tuple):
                self._refuse(line, f"slower: {mask!r} is no tuple of the cell's config")
        if not isinstance(node, ast.Name) or node.id not in self.weights:
            what = getattr(node, "id", None) or ast.unparse(node)
            self._refuse(line, f"{what!r} stands before @ but is no matrix of the parameters")
        return Weight(node.id, mask)

    def _refuse(self, line, why):
        raise EquationError(f"{self.spec.key}: {why}, in {line!r}")

    # -- what runs when ----------------------------------------------------------------------------

    def _stages(self):
        needed = ancestors([*self.states.values(), self.output])
        core = ancestors(self.states.values())
        after = [v for v in needed - core if v.rank >= ROW]
        # a readout without a product, or one that reads the old states, costs nothing in the loop
        apart = any(v.op == "product" and v.args[0].op not in ("x", "input") for v in after)
        apart = apart and not any(a.op == "before" for v in after for a in v.args)
        late = set(after) if apart else set()
        rows = [v for v in self.graph.values if v in needed and not v.leaf]
        self.prelude = Stage("prelude", [v for v in rows if v.rank == 1])
        self.loop = Stage("loop", [v for v in rows if v.rank >= ROW and v not in late])
        self.readout = Stage("readout", [v for v in rows if v in late])
        self.stages = [s for s in (self.prelude, self.loop, self.readout) if s.values]
        for stage in self.stages:
            schedule(stage)
        self.stage_of = {v: stage for stage in self.stages for v in stage.values}

    def _products(self):
        self.products, by_operand = [], {}
        for stage in self.stages:
            for v in [v for v in stage.values if v.op == "product"]:
                (operand,) = v.args
                if operand not in by_operand:
                    whole = stage.name == "readout" or operand.op in ("x", "input")
                    by_operand[operand] = Product(operand, [], stage.level[v], whole)
                    self.products.append(by_operand[operand])
                by_operand[operand].values.append(v)
            stage.values = [v for v in stage.values if v.op != "product"]
        order = {s: k for k, s in enumerate(s for p in self.spec.params for s in p.symbols)}
        for product in self.products:
            product.values.sort(key=lambda v: order[v.what.symbol])
        self.block = {v: (p, k) for p in self.products for k, v in enumerate(p.values)}


def ancestors(values):
    """The values and everything that they are made of."""
    seen, todo = set(), list(values)
    while todo:
        v = todo.pop()
        if v not in seen:
            seen.add(v)
            todo.extend(v.args)
    return seen
