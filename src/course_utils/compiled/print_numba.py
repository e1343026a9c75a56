"""Numba source: machine code for the CPU; without the decorator it is plain Python."""

from course_utils.compiled.arrays import array_of, operand_place
from course_utils.compiled.columns import AXES, NETS, Argument
from course_utils.compiled.loops import FUNCTIONS, LoopPrinter
from course_utils.compiled.numba_head import head
from course_utils.compiled.plan import plan
from course_utils.compiled.printing import Style

_NUMBERS = {0: "ZERO", 1: "ONE", 0.5: "HALF"}
STYLE = Style(
    functions={
        "maximum": "larger({0}, {1})",
        "where": "({2} if {0} >= {1} else {3})",
        "due": "(ONE if {0} % {1} == 0 else ZERO)",
    },
    number=lambda n: _NUMBERS.get(n, f"REAL({n!r})"),
)
SIZES = "steps, rows, units, stretch, begins, ends"


class NumbaPrinter(LoopPrinter):
    """arguments: {function: the arrays that it takes, in order}, known once it is printed."""

    style = STYLE

    def __init__(self, key):
        self.plan, self.lines, self.depth = plan(key), [], 0
        self.program, self.arguments = self.plan.program, {}
        self.read_back = {
            p.name for b in self.plan.backward for _, p in b.loads if p.kind == "products"
        }
        self.output_is_a_state = self.program.output in self.program.states.values()

    def print(self):
        """The functions of one net, and those that call them for several."""
        texts = []
        for name in FUNCTIONS:
            self.lines, self.depth, self.used = [], 1, {}
            self.over = "unit" if "prelude" in name else "place"
            getattr(self, name)()
            self.arguments[name] = tuple(self.used) if self.used else ()
            if self.used:
                texts.append(self._function(name))
        return "\n\n\n".join(texts) + "\n"

    def _function(self, name):
        arrays, prelude = self.arguments[name], "prelude" in name
        sizes = [] if prelude else [SIZES]
        first = f"units = len({arrays[0].name})" if prelude else "places = units * rows"
        one = [f"@{'kernel' if prelude else 'jit'}", *_call(f"def {name}", sizes, arrays)]
        one[-1] += ":"
        one += [f"    {first}", *self.lines]
        if prelude:
            return "\n".join(one)
        nets = [f"@kernel\ndef {name}_nets(\n    nets, {SIZES},"]
        names = [a.name for a in arrays]
        nets += [f"    {', '.join(names[k : k + 5])}," for k in range(0, len(names), 5)]
        nets += ["):", "    for net in range(nets):"]
        for a in arrays:
            if a.kind == "before":  # nothing begins: a step starts from the state before it
                states = f"states_{a.name.removeprefix('before_')}[net][:steps]"
                nets.append(f"        from_{a.name} = {a.name}[net] if len(begins) else {states}")
        each = [_of_net(a) for a in arrays]
        nets += [f"        {name}(", f"            {SIZES},"]
        nets += [f"            {', '.join(each[k : k + 4])}," for k in range(0, len(each), 4)]
        return "\n".join(one + ["", ""] + nets + ["        )"])

    # -- arrays ------------------------------------------------------------------------------------

    def use(self, name, kind, **facts):
        """The name of an array that from now on is an argument."""
        self.used.setdefault(Argument(name, kind, **facts))
        return name

    def at(self, place):
        """An element of the array of a place."""
        kind = self._kind(place)
        name = self._array(place)
        if self.over == "unit":
            return f"{name}[unit]"
        steps = {"T": "step", "T+1": "step + 1", "S": "step - first", "R": "step", "n": place.block}
        axes = AXES[kind].split()[:-1]
        return f"{name}[{', '.join([*(str(steps[a]) for a in axes), 'place'])}]"

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
            self.use(f"states_{place.name}", "states", integer=array.integer)
        elif kind == "dy":
            name = "dy_now"
        return self.use(name, kind, n=array.blocks, integer=array.integer)

    def _matrix(self, kind, product):
        """weights, dweights, turned or part of a product."""
        k = {"x": "D"}.get(product.operand.op, f"{len(product.parts)}*H")
        return self.use(f"{kind}_{product.name}", kind, n=len(product.values), k=k)

    # -- a language's syntax -----------------------------------------------------------------------

    def open_loop(self, name, back=False):
        self.write(f"for {name} in range({'first, last' if name == 'step' else f'{name}s'}):")
        self.depth += 1

    def close_loop(self):
        self.depth -= 1

    def declare(self, name, text):
        self.write(f"{name} = {text}")

    def store(self, target, text, adds):
        self.write(f"{target} {'+=' if adds else '='} {text}")

    def fill(self, target, source):
        place = ("carried", target.removeprefix("carried_"))
        self.use(target, place[0])
        if source:
            self.use(source, "carry")
        self.write(f"{target}[:] = {source or 'ZERO'}")

    # -- forward -----------------------------------------------------------------------------------

    def body(self, body, loops):
        if body.empty:
            return
        whole = "step" in loops  # the readout
        for v in body.lines:
            for constant in (a for a in v.args if a.op == "config"):
                self.use(constant.what, "config")
        if self.output_is_a_state:
            stores = [s for s in body.stores if s[0].kind != "y"]
            body = type(body)(body.stage, body.level, body.loads, body.lines, stores)
        if whole:
            self.open_loop("step")
            self._turn([body])
        super().body(body, (self.over,))
        if whole:
            self.close_loop()

    def forward(self):
        self.write("for first in range(0, steps, stretch):")
        self.depth += 1
        self.write("last = min(first + stretch, steps)")
        for product in self.program.products:
            if product.operand.op in ("x", "input"):
                self.note(product, "for many steps")
                self.multiply_all(product)
        self.open_loop("step")
        self.write("if len(begins):")
        for name, value in self.program.states.items():
            first = self.use(f"first_{name}", "first", integer=value.integer)
            before = self.use(f"before_{name}", "before", integer=value.integer)
            states = self.use(f"states_{name}", "states", integer=value.integer)
            self.write(f"begin(begins[step], {states}[step], {first}, {before}[step])", deeper=1)
        self.stage("loop")
        self.close_loop()
        self.stage("readout")
        self.depth -= 1

    def _operand(self, product, steps="[step]"):
        """The operand's array at a step, or for the steps of a stretch."""
        place = operand_place(self.plan, product)
        name = self._array(place)
        if place.kind == "states" and place.block:
            steps = {"[step]": "[step + 1]"}.get(steps, "[first + 1 : last + 1]")
        return name + steps

    def multiply(self, product):
        operand, weights = self._operand(product), self._matrix("weights", product)
        result = self.use(f"product_{product.name}", "product", n=len(product.values))
        self.write(f"multiply({weights}, {operand}, {result}, rows)")

    def multiply_all(self, product):
        operand = self._operand(product, "[first:last]")
        weights, kept = self._matrix("weights", product), product.name in self.read_back
        result = self.use(
            f"products_{product.name}", "products" if kept else "stretch", n=len(product.values)
        )
        steps = "[first:last]" if kept else "[: last - first]"
        self.write(f"multiply_all({weights}, {operand}, {result}{steps}, rows)")

    # -- backward ----------------------------------------------------------------------------------

    def backward(self):
        program, flowing = self.program, self.plan.flowing
        before = [p for p in program.products if p.operand.op == "before"]
        waiting = [p for p in program.products if p.operand.op not in ("x", "input")]
        for product in waiting:
            weights, turned = self._matrix("weights", product), self._matrix("turned", product)
            self.write(f"transpose({weights}, {turned})")
            if not product.whole:
                self.write(f"{self._back(product)}[:] = ZERO")
        self.write("for first in range((steps - 1) // stretch * stretch, -1, -stretch):")
        self.depth += 1
        self.write("last = min(first + stretch, steps)")
        self.stage_backward("readout")
        self.write("for step in range(last - 1, first - 1, -1):")
        self.depth += 1
        self.write("if len(ends):")
        for name in flowing:
            dlast = self.use(f"dlast_{name}", "dlast")
            carried = self.use(f"carried_{name}", "carried")
            self.write(f"end(ends, step + 1, {dlast}, {carried})", deeper=1)
        self._turn([b for b in self.plan.backward if b.stage == "loop"])
        self.stage_backward("loop")
        for state in self.plan.untouched:
            self.fill(f"carried_{state}", None)
        for state in self.plan.apart:
            self.fill(f"carried_{state}", f"carry_{state}")
        self.write("if len(begins):")
        for name in flowing:
            dfirst = self.use(f"dfirst_{name}", "dfirst")
            backs = [self._back(p) for p in before if p.operand.what == name]
            for gradient in (f"carried_{name}", *(f"{b}[0]" for b in backs)):
                self.write(f"leave(begins[step], {gradient}, {dfirst})", deeper=1)
        self.depth -= 1
        self._add_up()
        self.depth -= 1
        for product in before:
            if product.operand.what in flowing:
                self.write(f"carried_{product.operand.what} += {self._back(product)}[0]")

    def _turn(self, bodies):
        if any(place.kind == "dy" for body in bodies for _, place in body.loads):
            dy, now = self.use("all_dy", "all_dy"), self.use("dy_now", "dy")
            self.write(f"turn({dy}[step], {now})")

    def _back(self, product):
        kind = "backs" if product.whole else "back"
        return self.use(f"{kind}_{product.name}", kind, n=len(product.parts))

    def _dproduct(self, product):
        """The array of a product's gradient; None where nothing that counts depends on it."""
        name = self.plan.derivative.shared.get(product.name, product.name)
        stored = {p.name for b in self.plan.backward for p, *_ in b.stores if p.kind == "dproduct"}
        if name not in stored:
            return None
        return self.use(f"dproduct_{name}", "dproduct", n=len(product.values))

    def back(self, product):
        dproduct = self._dproduct(product)
        if dproduct:
            turned, result = self._matrix("turned", product), self._back(product)
            self.write(f"multiply({turned}, {dproduct}[step - first], {result}, rows)")

    def back_all(self, product):
        dproduct = self._dproduct(product)
        if dproduct:
            turned, result = self._matrix("turned", product), self._back(product)
            steps = "[: last - first]"
            self.write(f"multiply_all({turned}, {dproduct}{steps}, {result}{steps}, rows)")

    def _add_up(self):
        """After a stretch: the gradients of weights, biases and inputs."""
        self.write("# what a stretch of steps adds to the gradients of the parameters")
        gathered = set()
        for product in self.program.products:
            name = self._dproduct(product)
            if not name:
                continue
            dproduct, n = f"{name}[: last - first]", len(product.values)
            columns = self.use(f"columns_{name[9:]}", "columns", n=n)
            if name not in gathered:
                gathered.add(name)
                self.write(f"gather({dproduct}, {columns}, rows)")
            total, part = self._matrix("dweights", product), self._matrix("part", product)
            rows = self._rows(product, "")
            if rows:
                self.write(f"add_rows({dproduct}, {columns}, {rows}, {part}, {total})")
                weights, dx = self._matrix("weights", product), self._rows(product, "d")
                self.write(f"go_back({dproduct}, {columns}, {weights}, {dx})")
            else:
                operand = self._operand(product, "[first:last]")
                others = self.use(f"others_{product.name}", "others", k=f"{len(product.parts)}*H")
                self.write(
                    f"add_columns({dproduct}, {columns}, {operand}, {others}, {part}, {total}, rows)"
                )
            for vector, (of, block) in self.plan.derivative.sums.items():
                if of == product.name:
                    dvector = self.use(f"dvector_{vector}", "dvector")
                    self.write(f"add_steps({dproduct}, {block}, {dvector})")

    def _rows(self, product, d):
        """The input of a product as it was given, or its gradient; None for other operands."""
        op, what = product.operand.op, product.operand.what
        if op == "x":
            return self.use(f"rows_{d}x", f"rows_{d}x") + "[first:last]"
        if op == "input":
            return self.use(f"rows_{d}input_{what}", f"rows_{d}input") + "[first:last]"
        return None


def _call(name, first, arrays):
    names = [a.name for a in arrays]
    lines = [f"{name}(", *(f"    {text}," for text in first)]
    return [*lines, *(f"    {', '.join(names[k : k + 5])}," for k in range(0, len(names), 5)), ")"]


def _of_net(array):
    """An array's part for one net; nets may share what they read."""
    if array.kind == "before":
        return f"from_{array.name}"
    if array.kind in ("x", "rows_x"):
        return f"{array.name}[net % len({array.name})]"
    return f"{array.name}[net]" if array.kind in NETS else array.name


def source(key, dtype="float64", *, compiled=True, cache=True):
    """The text of a Python module with the functions of a cell.

    dtype: float32 or float64.  compiled False leaves the decorator without effect.
    """
    return head(key, dtype, compiled, cache) + NumbaPrinter(key).print()
