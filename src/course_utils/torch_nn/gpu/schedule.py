"""What runs in which order for one cell, known from its plan: kernels and the products between."""

from functools import cached_property

from course_utils.compiled import print_triton
from course_utils.compiled.arrays import array_of, operand_place, signatures
from course_utils.compiled.parameters import Places
from course_utils.compiled.places import Place
from course_utils.compiled.plan import plan
from course_utils.specs import get_spec
from course_utils.torch_nn.gpu import modules

LOW = {"x", "input", "product", "products", "operand", "dproduct", "back", "backs", "y", "dy"}
"""Kinds of arrays that products read or write, or the caller: in the precision of the layer."""


class Schedule:
    """kernels {(stage, direction, level): […]} and products {(stage, level): […]}, step by step.

    hoisted: the products of inputs, for all steps before the loop.  arrays {name: ``Array``};
    low: the names of those in the layer's own precision; passing: of those that nobody but the way
    back reads after their step.  copied {state: pointer}: states of which
    products read a copy where that precision is less than that of the arithmetic.
    """

    def __init__(self, spec):
        self.spec, self.plan = spec, plan(spec)
        self.program, self.places = self.plan.program, Places(spec, self.plan.program)
        self.copied = print_triton.copied(self.plan)
        self.kernels, self.products, self.hoisted = {}, {}, []
        for kernel in print_triton.kernels(spec):
            here = kernel.body.stage, kernel.direction, kernel.level
            self.kernels.setdefault(here, []).append(kernel)
        for product in self.program.products:
            if product.operand.op in ("x", "input"):
                self.hoisted.append(product)
            else:
                here = self.program.stage_of[product.values[0]].name, product.level
                self.products.setdefault(here, []).append(product)
        self.arrays = {a.name: a for of in signatures(self.plan).values() for a in of}
        for place in self._more():
            self.arrays.setdefault(array_of(self.plan, place).name, array_of(self.plan, place))
        self.operands = {p.name: operand_place(self.plan, p) for p in self.program.products}
        read = {array_of(self.plan, place).name for place in self.operands.values()}
        self.low = {
            name for name, a in self.arrays.items()
            if a.kind in LOW or (a.kind == "kept" and name in read)
        }  # fmt: skip
        self.passing = {n for n, a in self.arrays.items() if a.kind in ("kept", "operand")}
        for (stage, direction, _), kernels in self.kernels.items():
            if (stage, direction) == ("readout", "forward"):
                self.passing -= {p for kernel in kernels for p in kernel.pointers}
        self.passing -= {array_of(self.plan, self.operands[p.name]).name
                         for p in self.program.products if p.whole}  # fmt: skip
        self.output = next((s for s, to in self.copied.items() if to == "all_y"), None)
        self.scattered = any(
            place.kind == "dvector" and adds and body.stage != "prelude"
            for body in self.plan.backward for place, _, adds in body.stores
        )  # fmt: skip

    def _more(self):
        """Places of which no signature speaks."""
        yield from (Place("x"), Place("y"), Place("dy"))
        yield from (Place("input", name) for name in self.spec.inputs)
        yield from (Place("states", s) for s in self.spec.states)
        yield from (Place("carried", s) for s in self.plan.flowing)
        if self.spec.inputs:  # the layer above reads the states
            yield from (Place("dstates", s) for s in self.plan.flowing)
        yield from (Place("dvector", name) for name in self.places.vectors)

    def stage(self, name):
        """A stage of the program, which may be empty."""
        return getattr(self.program, name)

    def dproduct(self, product):
        """The name of the array with the gradient of a product."""
        return f"dproduct_{self.plan.derivative.shared.get(product.name, product.name)}"

    def launches(self):
        """{direction: (products, kernels)} of one time step."""
        products = sum(len(of) for (stage, _), of in self.products.items() if stage == "loop")
        return {
            wanted: (products, sum(
                len(of) for (stage, direction, _), of in self.kernels.items()
                if stage == "loop" and direction == wanted
            ))
            for wanted in ("forward", "backward")
        }  # fmt: skip

    @cached_property
    def module(self):
        """The kernels, as Triton has them; ImportError where there is no Triton."""
        return modules.module(self.spec)


_SCHEDULES = {}


def schedule(key):
    """The schedule of a cell, by its key or its spec, made once for each spec."""
    spec = get_spec(key)
    if id(spec) not in _SCHEDULES:
        _SCHEDULES[id(spec)] = Schedule(spec)  # it holds the spec, so the id stays its own
    return _SCHEDULES[id(spec)]
