"""Numba source: machine code for the CPU; without the decorators it is plain Python.

The loop over the units at a level is a function of its own, and so is each product: ``apart``.
"""

import ast
import math
import re
from dataclasses import replace

from course_utils.compiled.arrays import array_of
from course_utils.compiled.columns import AXES, LAST, NETS, Argument
from course_utils.compiled.loops import FUNCTIONS
from course_utils.compiled.numba_head import head
from course_utils.compiled.numba_products import ProductPrinter, size_of, times
from course_utils.compiled.plan import plan
from course_utils.compiled.printing import Style
from course_utils.compiled.values import MATRIX, ROW
from course_utils.specs import get_spec

_NUMBERS = {0: "ZERO", 1: "ONE", 0.5: "HALF", -math.inf: "LOWEST"}
STYLE = Style(
    functions={
        "maximum": "larger({0}, {1})",
        "where": "({2} if {0} >= {1} else {3})",
    },
    number=lambda n: _NUMBERS.get(n, f"REAL({n!r})"),
)
WIDTH, CALL = 100, re.compile(r"(\w+\()[^#]*\)")
BEGIN_WHOLE = """@apart
def begin_whole(
    begins: Flags, last: Wholes, first: Wholes, before: Wholes, size: Size, rows: Size
):
    for start in range(0, size, rows):
        for row in range(rows):
            before[start + row] = first[start + row] if begins[row] else last[start + row]"""
SIZES = "nets, first, last, rows, units, begins, ends"


class NumbaPrinter(ProductPrinter):
    """arguments: {function: the arrays that it takes, in order}, known once it is printed."""

    style = STYLE

    def __init__(self, key):
        self.plan, self.lines, self.depth, self.pointers = plan(key), [], 0, {}
        self.program, self.arguments = self.plan.program, {}
        self.read_back = {
            p.name for b in self.plan.backward for _, p in b.loads if p.kind == "products"
        }
        self.output_is_a_state = self.program.output in self.program.states.values()

    def print(self):
        """The functions, without what stands at their head."""
        texts = []
        for name in FUNCTIONS:
            prelude = "prelude" in name
            self.lines, self.depth, self.used, self.loops = [], 1 if prelude else 2, {}, []
            self.over = "unit" if prelude else "place"
            self.name = name
            getattr(self, name)()
            self.arguments[name] = tuple(self.used)
            if self.used:
                texts += [*self.loops, self._function(name, prelude)]
        return "\n\n\n".join(texts) + "\n"

    def _function(self, name, prelude):
        arrays = self.arguments[name]
        names = [a.name for a in arrays]
        lines = [] if prelude else [f"    {SIZES},"]
        lines += [f"    {', '.join(names[k : k + 5])}," for k in range(0, len(names), 5)]
        lines = ["@kernel", f"def {name}(", *lines, "):"]
        if prelude:
            sized = next(a.name for a in arrays if a.kind != "config")
            lines.append(f"    units = len({sized})")
        else:
            lines.append("    places, steps = units * rows, last - first")
            if "all_dy" in names:
                lines.append("    adds = 1 if last < all_dy.shape[1] else 0  # to what there is")
            lines.append("    for net in range(nets):")
            for state in (n.removeprefix("before_") for n in names if n.startswith("before_")):
                text = f"at(before_{state}, net) if len(begins) else at(states_{state}, net)"
                lines.append(f"        from_{state} = {text}")
        return "\n".join(lines + self.lines)

    def write(self, text="", *, deeper=0):
        """A line; a long call over as many as it needs."""
        depth = self.depth + deeper
        call = CALL.fullmatch(text)
        whole = call and text.count("(") == text.count(")")
        if not whole or len("    " * depth + text) <= WIDTH:
            return super().write(text, deeper=deeper)
        given = ast.parse(text).body[0].value.args
        super().write(call[1], deeper=deeper)
        self.lines += _rows([ast.unparse(a) for a in given], depth + 1)
        super().write(")", deeper=deeper)

    # -- arrays ------------------------------------------------------------------------------------

    def use(self, name, kind, **facts):
        """The name of an array that from now on is an argument."""
        self.used.setdefault(Argument(name, kind, **facts))
        return name

    def at(self, place):
        """An element of the array of a place: by a pointer that the loops are given."""
        kind, name = self._kind(place), self._array(place)
        if self.over == "unit":
            return f"{name}[unit]"
        steps = {"T": "step", "T+1": "step + 1", "S": "step - first", "R": "step", "n": place.block}
        index = [str(steps[axis]) for axis in AXES[kind].split()[:-1]]
        rank = array_of(self.plan, place).rank
        last = {ROW: "row", MATRIX: "element"}.get(rank, "across" if place.across else "place")
        if kind == "before":
            begin = f"at(from_{place.name}, step * {size_of(rank)})"
        else:
            begin = f"at({', '.join([name, *self._net(name, kind), *index])})"
        if begin not in self.pointers:
            block = f"_{place.block}" if "n" in AXES[kind].split() else ""
            integer = array_of(self.plan, place).integer
            self.pointers[begin] = f"{name}{block}", "Wholes" if integer else "Reals"
        return f"{self.pointers[begin][0]}[{last}]"

    def _net(self, name, kind):
        """The index of the net, where an array has one; nets may share x."""
        shared = kind in ("x", "rows_x")
        return [f"net % len({name})" if shared else "net"] if kind in NETS else []

    def _kind(self, place):
        if place.kind == "states" and not place.block:
            return "before"
        if place.kind == "products" and place.name not in self.read_back:
            return "stretch"
        return place.kind

    def _array(self, place):
        kind, array = self._kind(place), array_of(self.plan, place)
        name = array.name
        if kind == "before":
            name = f"before_{place.name}"
            last = LAST.get(array.rank, "H*B")
            self.use(f"states_{place.name}", "states", integer=array.integer, last=last)
        elif kind == "dy":
            name = "dy_now"
        last = LAST.get(array.rank, "H*B")
        return self.use(name, kind, n=array.blocks, integer=array.integer, last=last)

    # -- a language's syntax -----------------------------------------------------------------------

    def open_loop(self, name, back=False):
        sizes = {"step": "first, last", "column": "units"}
        self.write(f"for {name} in range({sizes.get(name, f'{name}s')}):")
        self.depth += 1

    def close_loop(self):
        self.depth -= 1

    def declare(self, name, text):
        self.write(f"{name} = {text}")

    def store(self, target, text, adds):
        if adds == "larger":
            self.write(f"{target} = larger({target}, {text})")
        else:
            self.write(f"{target} {'+=' if adds else '='} {text}")

    def fill(self, target, source):
        state = self.program.states[target.removeprefix("carried_")]
        last = LAST.get(state.rank, "H*B")
        self.use(target, "carried", last=last)
        if source:
            self.use(source, "carry", last=last)
        size = size_of(state.rank)
        if source:
            self.write(f"copy(at({source}), at({target}, net), {size})")
        else:
            self.write(f"clear(at({target}, net), {size})")

    # -- forward -----------------------------------------------------------------------------------

    def body(self, body, loops):
        if body.empty:
            return
        for constant in _constants(body):
            self.use(constant, "config")
        if self.output_is_a_state:
            stores = [s for s in body.stores if s[0].kind != "y"]
            body = replace(body, stores=stores)
        if "step" in loops:  # the readout
            self.open_loop("step")
            self._turn([body])
        if self.over == "unit":
            super().body(body, ("unit",))
        else:
            self._apart(body)
        if "step" in loops:
            self.close_loop()

    def _apart(self, body):
        """The loops of a body as a function of their own, and here the call of it."""
        loops, lines, depth = self._loops(body), self.lines, self.depth
        self.lines, self.depth, self.pointers = [], 1, {}
        super().body(body, loops)
        text, self.lines, self.depth = self.lines, lines, depth
        sizes = ["places"] if loops == ("place",) else ["units", "rows"]
        constants = [f"{c}: Real" for c in _constants(body)]
        pointers = [f"{name}: {kind}" for name, kind in self.pointers.values()]
        name = f"{self.name}_{len(self.loops) + 1}"
        parameters = [*(f"{s}: Size" for s in sizes), *constants, *pointers]
        head = ["@loop", f"def {name}(", *_rows(parameters, 1), "):"]
        self.loops.append("\n".join(head + text))
        given = [*sizes, *_constants(body), *self.pointers]
        self.write(f"{name}({', '.join(given)})")

    def _loops(self, body):
        """The loops within a step: one, where a body has but one number for each place."""
        places = [p for _, p in body.loads] + [p for p, *_ in body.stores]
        rows = any(array_of(self.plan, p).rank == ROW for p in places)
        if body.domain == "unit" and not rows:
            return ("place",)
        loops = {"row": ("row",), "unit": ("unit", "row")}
        return loops.get(body.domain, ("unit", "column", "row"))

    def open_body(self, loops):
        if loops[0] == "unit" and "row" in loops:
            self.write("place = unit * rows + row")
        if "column" in loops:
            self.write("across = column * rows + row")
            self.write("element = (unit * units + column) * rows + row")

    def forward(self):
        for product in self.program.products:
            if product.operand.op in ("x", "input"):
                self.note(product, "for all steps")
                self.multiply_all(product)
        self.open_loop("step")
        self.write("if len(begins):")
        for name, value in self.program.states.items():
            last = LAST.get(value.rank, "H*B")
            arrays = [self.use(f"{kind}_{name}", kind, integer=value.integer, last=last)
                      for kind in ("states", "first", "before")]  # fmt: skip
            states, first, before = arrays
            begin = "begin_whole" if value.integer else "begin"
            given = f"at(begins, step), at({states}, net, step), at({first}, net)"
            sizes = f"{size_of(value.rank)}, rows"
            self.write(f"{begin}({given}, at({before}, net, step), {sizes})", deeper=1)
        self.stage("loop")
        self.close_loop()
        self.stage("readout")
        self._rows_of_y()
        self._columns_of_inputs()
        if any(value.integer for value in self.program.states.values()):
            self.loops.append(BEGIN_WHOLE)

    def _rows_of_y(self):
        """The output as the caller reads it."""
        if self.output_is_a_state:
            states = self.program.states.items()
            name = next(f"states_{n}" for n, v in states if v is self.program.output)
            step = "first + 1"
        else:
            name, step = self.use("all_y", "y"), "first"
        out = self.use("rows_y", "rows_y")
        self.write("# the output as rows")
        places = f"at({name}, net, {step}), at({out}, net, first)"
        self.write(f"turn_steps({places}, steps, units, rows)")

    def _columns_of_inputs(self):
        """At the start: what the steps read, from the rows that the caller has."""
        lines, self.lines = self.lines, []
        self.write("# what the steps read as columns")
        for name, kind in [(a.name, a.kind) for a in self.used]:
            if kind not in ("x", "input"):
                continue
            given = "rows_x" if kind == "x" else f"rows_{name}"
            given = self.use(given, f"rows_{kind}")
            if kind == "x":  # which nets may share
                self.write(f"if net < len({given}):")
            units = f"{given}.shape[3]" if kind == "x" else "units"
            places = f"at({given}, net, first), at({name}, net, first)"
            self.write(f"turn_steps({places}, steps, rows, {units})", deeper=kind == "x")
        self.lines += lines

    # -- backward ----------------------------------------------------------------------------------

    def backward(self):
        flowing = self.plan.flowing
        before = [p for p in self.program.products if p.operand.op == "before"]
        self.stage_backward("readout")
        self.write("for step in range(last - 1, first - 1, -1):")
        self.depth += 1
        self.write("if len(ends):")
        for name in flowing:
            rank = self.program.states[name].rank
            last = LAST.get(rank, "H*B")
            dlast = self.use(f"dlast_{name}", "dlast", last=last)
            carried = self.use(f"carried_{name}", "carried", last=last)
            given = f"at(ends), step + 1, at({dlast}, net), at({carried}, net)"
            self.write(f"end({given}, {size_of(rank)}, rows)", deeper=1)
        self._turn([b for b in self.plan.backward if b.stage == "loop"])
        self.stage_backward("loop")
        for state in self.plan.untouched:
            self.fill(f"carried_{state}", None)
        for state in self.plan.apart:
            self.fill(f"carried_{state}", f"carry_{state}")
        self.write("if len(begins):")
        for name in flowing:
            rank = self.program.states[name].rank
            last = LAST.get(rank, "H*B")
            dfirst = self.use(f"dfirst_{name}", "dfirst", last=last)
            backs = [self._back(p) for p in before if p.operand.what == name]
            for gradient in (f"carried_{name}", *backs):
                given = f"at(begins, step), at({gradient}, net), at({dfirst}, net)"
                self.write(f"leave({given}, {size_of(rank)}, rows)", deeper=1)
        self.depth -= 1
        self.write("# what weights, inputs and biases receive in these steps")
        for product in self.program.products:
            self._sums(product)
        for vector, (product, block) in self.plan.derivative.sums.items():
            product = next(p for p in self.program.products if p.name == product)
            dproduct = self._dproduct(product)
            if dproduct:
                dvector, by_row = self.use(f"dvector_{vector}", "dbias"), self.use("sums", "sums")
                n = times(len(product.values), "units")
                self.write(
                    f"add_biases(at({dproduct}, 0, {block}), at({by_row}), at({dvector}, net),"
                )
                self.write(f"steps, {n}, units, rows)", deeper=1)

    def _turn(self, bodies):
        if any(place.kind == "dy" for body in bodies for _, place in body.loads):
            dy, now = self.use("all_dy", "all_dy"), self.use("dy_now", "dy")
            self.write(f"turn(at({dy}, net, step), at({now}), rows, units)")


def _rows(parts, depth):
    """Parts of a list over as many lines as they need."""
    lines, indent = [""], "    " * depth
    for part in parts:
        if len(f"{indent}{lines[-1]} {part},") > WIDTH:
            lines.append("")
        lines[-1] += f"{' ' * bool(lines[-1])}{part},"
    return [indent + line for line in lines]


def _constants(body):
    """The names of the config that a body reads."""
    return list(dict.fromkeys(a.what for v in body.lines for a in v.args if a.op == "config"))


def source(key, dtype="float64", *, compiled=True, cache=True):
    """The text of a Python module with the functions of a cell.

    dtype: float32 or float64.  compiled False leaves the decorator without effect.
    """
    return head(dtype, compiled, cache) + "\n\n\n" + functions(key)


def functions(key):
    """The functions of a cell alone, with its equations."""
    return f"# {get_spec(key).title}, from its equations (course_utils.compiled)\n\n\n" + (
        NumbaPrinter(key).print()
    )
