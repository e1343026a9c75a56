"""Straight-line scalar code in nested loops: the form that Numba and JavaScript share.

Forward: the products of whole sequences, then step by step and level by level the products and one
pass over the units; then the readout.  Backward: the same in a mirror.
"""

from course_utils.compiled.arrays import array_of, operand_place, signatures
from course_utils.compiled.plan import plan
from course_utils.compiled.printing import grouped, statements

FUNCTIONS = ("prelude", "forward", "backward", "prelude_backward")


class LoopPrinter:
    """Subclasses say how their language writes a function, a loop, an assignment and a product."""

    style = None
    comment = "#"

    def __init__(self, key):
        self.plan = plan(key)
        self.signatures = signatures(self.plan)
        self.lines, self.depth = [], 0

    def write(self, text="", *, deeper=0):
        self.lines.append("    " * (self.depth + deeper) + text if text else "")

    def print(self):
        """The four functions, without what a program needs around them."""
        for name in FUNCTIONS:
            if self.signatures[name]:
                self.open_function(name, [a.name for a in self.signatures[name]])
                getattr(self, name)()
                self.close_function()
        return "\n".join(self.lines) + "\n"

    # -- the four functions ------------------------------------------------------------------------

    def prelude(self):
        for body in self.plan.forward:
            if body.stage == "prelude":
                self.body(body, loops=("unit",))

    def forward(self):
        products = self.plan.program.products
        for product in products:
            if product.operand.op in ("x", "input"):
                self.note(product, "for all steps")
                self.multiply_all(product)
        self.open_loop("step")
        self.stage("loop")
        self.close_loop()
        self.stage("readout")

    def stage(self, stage):
        for body in self.plan.forward:
            if body.stage != stage:
                continue
            for product in self.products(stage, body.level):
                self.note(product)
                (self.multiply_all if product.whole else self.multiply)(product)
            self.body(body, self.loops_of(body))

    def backward(self):
        self.stage_backward("readout")
        self.open_loop("step", back=True)
        self.stage_backward("loop")
        for state in self.plan.untouched:
            self.fill(f"carried_{state}", None)
        for state in self.plan.apart:
            self.fill(f"carried_{state}", f"carry_{state}")
        self.close_loop()

    def stage_backward(self, stage):
        for body in self.plan.backward:
            if body.stage != stage:
                continue
            self.body(body, self.loops_of(body))
            for product in self.products(stage, body.level):
                self.note(product, "backward")
                (self.back_all if product.whole else self.back)(product)

    def prelude_backward(self):
        for body in self.plan.backward:
            if body.stage == "prelude":
                self.body(body, loops=("unit",))

    # -- their parts -------------------------------------------------------------------------------

    def products(self, stage, level):
        """The products of a level that are not those of whole sequences."""
        program = self.plan.program
        return [
            p for p in program.products
            if p.operand.op not in ("x", "input") and p.level == level
            and program.stage_of[p.values[0]].name == stage
        ]  # fmt: skip

    def loops_of(self, body):
        """The names of the loops around a body, the outermost first."""
        steps = ("step",) if body.stage == "readout" else ()
        return steps + {"row": ("row",), "unit": ("row", "unit")}.get(
            body.domain, ("row", "unit", "column")
        )

    def note(self, product, remark=""):
        terms = ", ".join(f"{v.what.symbol} @ {product.name}" for v in product.values)
        self.write(f"{self.comment} {terms}{': ' * bool(remark)}{remark}")

    def body(self, body, loops):
        if body.empty:
            return
        for name in loops:
            self.open_loop(name)
        self.open_body(loops)
        texts, names = statements(body, self.style)
        for value, place in body.loads:
            self.declare(value.name, self.at(place))
        for line, name, text in grouped(texts, body):
            if line:
                self.write(f"{self.comment} {line}")
            self.declare(name, text)
        for place, value, adds in body.stores:
            self.store(self.at(place), self.value(value, names), adds)
        for _ in loops:
            self.close_loop()

    def open_body(self, loops):
        """What comes before the first line within the loops: nothing."""

    def value(self, value, names):
        return self.style.number(value.what) if value.op == "constant" else names.get(
            value, value.name
        )  # fmt: skip

    def at(self, place):
        """An element of the array of a place, in the target's syntax."""
        array = array_of(self.plan, place)
        step = "step + 1" if place.kind == "states" and place.block else "step"
        unit = "column" if place.across else "unit"
        index = {"T": step, "T+1": step, "B": "row", "D": unit, "H": unit, "W": "column"}
        index["n"] = str(place.block)
        return self.element(array, [index[axis] for axis in array.axes])

    def names_of(self, product):
        """(operand's array, its block, weights, result) of a product."""
        place = operand_place(self.plan, product)
        result = ("products_" if product.whole else "product_") + product.name
        return array_of(self.plan, place), place.block, f"weights_{product.name}", result

    def names_back(self, product):
        """(array of the product's gradient, weights, what the operand receives)."""
        name = self.plan.derivative.shared.get(product.name, product.name)
        result = ("backs_" if product.whole else "back_") + product.name
        return f"dproduct_{name}", f"weights_{product.name}", result
