"""JavaScript source: a script without a library, for the page; ``runtime.js`` runs it over time.

Arrays are flat ``Float64Array``; the script defines ``cell``, which ``unroll`` takes.
"""

import json
import math
from pathlib import Path

from course_utils.compiled.arrays import array_of, operand_place
from course_utils.compiled.loops import FUNCTIONS, LoopPrinter
from course_utils.compiled.printing import Style
from course_utils.specs import get_spec

STYLE = Style(
    number=lambda n: "-Infinity" if n == -math.inf else repr(n),
    functions={
        "where": "({0} >= {1} ? {2} : {3})",
        "due": "({0} % {1} === 0 ? 1 : 0)",
        **{f: f"Math.{f}({{0}})" for f in ("tanh", "exp", "log", "sqrt", "cos", "sin")},
        "maximum": "Math.max({0}, {1})",  # a NaN stays one
        "log_sigmoid": "logSigmoid({0})",
    },
)


class JavaScriptPrinter(LoopPrinter):
    style = STYLE
    comment = "//"

    def open_function(self, name, arguments):
        sizes = ["units"] if "prelude" in name else ["steps", "rows", "units"]
        self.write(f"function {name}({{")
        words = [*sizes, *arguments]
        for k in range(0, len(words), 6):
            self.write(", ".join(words[k : k + 6]) + ",", deeper=1)
        self.write("}) {")
        self.depth += 1

    def close_function(self):
        self.depth -= 1
        self.write("}"), self.write()

    def open_loop(self, name, back=False):
        size = "units" if name == "column" else f"{name}s"
        up, down = f"0; {name} < {size}; {name}++", f"{size} - 1; {name} >= 0; {name}--"
        self.write(f"for (let {name} = {down if back else up}) {{")
        self.depth += 1

    def close_loop(self):
        self.depth -= 1
        self.write("}")

    def declare(self, name, text):
        self.write(f"const {name} = {text};")

    def store(self, target, text, adds):
        if adds == "larger":
            self.write(f"{target} = Math.max({target}, {text});")
        else:
            self.write(f"{target} {'+=' if adds else '='} {text};")

    def element(self, array, index):
        text = ""
        for axis, position in zip(array.axes, index, strict=True):
            sizes = {"B": "rows", "n": str(array.blocks), "H": "units", "D": "units", "W": "units"}
            size = sizes.get(axis)
            if axis == "n" and array.blocks == 1:
                continue
            position = f"({position})" if " " in position and not text else position
            text = position if not text else f"({text} * {size} + {position})"
        return f"{array.name}[{text[1:-1] if text[0] == '(' else text}]"

    def multiply(self, product):
        operand, block, weights, result = self.names_of(product)
        step = "(step + 1)" if block else "step"
        self.write(f"multiply({operand.name}, {step} * rows, {weights}, {result}, rows);")

    def multiply_all(self, product):
        operand, block, weights, result = self.names_of(product)
        first = "rows" if block else "0"
        self.write(f"multiply({operand.name}, {first}, {weights}, {result}, steps * rows);")

    def back(self, product):
        dresult, weights, result = self.names_back(product)
        self.write(f"back({dresult}, step * rows, {weights}, {result}, rows);")

    def back_all(self, product):
        dresult, weights, result = self.names_back(product)
        self.write(f"back({dresult}, 0, {weights}, {result}, steps * rows);")

    def fill(self, target, source):
        self.write(f"{target}.{f'set({source})' if source else 'fill(0)'};")


def description(printer):
    """What the runtime must know besides the functions, as plain data."""
    plan, program = printer.plan, printer.plan.program
    spec, derivative = program.spec, plan.derivative
    leaves = {kind: [v.what for v in program.graph.values if v.op == kind]
              for kind in ("vector", "clock", "config")}  # fmt: skip
    # those that ``slower`` reads are no values of the graph
    leaves["clock"] = [name for name, value in spec.config.items() if isinstance(value, tuple)]
    products = []
    for product in program.products:
        place = operand_place(plan, product)
        operand = product.operand
        products.append({
            "name": product.name,
            "weights": [[v.what.symbol, v.what.mask] for v in product.values],
            "operand": array_of(plan, place).name,
            "later": place.kind == "states" and place.block == 1,
            "state": operand.what if operand.op == "before" else None,
            "into": {"x": "all_dx", "input": f"dinput_{operand.what}"}.get(operand.op),
            "dproduct": f"dproduct_{derivative.shared.get(product.name, product.name)}",
        })  # fmt: skip
    return {
        "key": spec.key,
        "states": {s: {"initial": spec.initial.get(s, 0.0), "counts": v.integer,
                       "matrix": s in spec.matrices}
                   for s, v in program.states.items()},
        "params": [{"name": p.name, "axes": p.axes.split(), "symbols": p.symbols}
                   for p in spec.params],
        "inputs": spec.inputs,
        "config": dict(spec.config),
        "leaves": leaves,
        "prelude": [v.name for v in program.prelude.values],
        "products": products,
        "sums": derivative.sums,
        "arrays": {name: [[a.kind, a.name, a.axes, a.blocks] for a in arrays]
                   for name, arrays in printer.signatures.items()},
    }  # fmt: skip


def source(key, *, runtime=True):
    """The script of a cell; with the runtime, it is complete."""
    printer = JavaScriptPrinter(key)
    functions = printer.print()
    names = [f for f in FUNCTIONS if printer.signatures[f]]
    facts = json.dumps(description(printer), indent=None)
    title = f"// {get_spec(key).title}, forward and backward, from its equations"
    functions = f"{title} (course_utils.compiled).\n// runtime.js runs it over time.\n\n{functions}"
    text = f"{functions}const cell = {{ {', '.join(names)}, facts: {facts} }};\n"
    head = (Path(__file__).parent / "runtime.js").read_text("utf-8") if runtime else ""
    return head + "\n" * bool(head) + text
