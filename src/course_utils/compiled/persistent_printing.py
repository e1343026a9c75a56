"""What both functions of a persistent kernel share: places, products, and waiting for others."""

from course_utils.compiled.arrays import array_of
from course_utils.compiled.naming import free
from course_utils.compiled.print_triton import STYLE, copied
from course_utils.compiled.printing import grouped, statements


def several(count, size):
    """count times a size, as text; what is at hand where that is once."""
    return size if count == 1 else f"{count} * {size}"


class Way:
    """before, step, after: lines around the loop and in it.

    known: {value or place: the variable that has it, at this point of a step}.  copies: states that
    products or the output read in a precision of their own, ``low_states_h``.
    """

    def __init__(self, planned, chunks):
        self.plan, self.program, self.alone = planned, planned.program, chunks == 0
        self.copies = copied(planned)
        loop = self.program.loop
        self.products = [
            p for p in self.program.products
            if not p.whole and self.program.stage_of[p.values[0]] is loop
        ]  # fmt: skip
        self.waits = bool(self.products) and not self.alone
        self.pointers, self.scalars, self.sums, self.known = {}, {}, {}, {}
        self.before, self.step, self.after, self.trained = [], [], [], []
        self.arrived = 0  # at the point of a step
        self.unread = []  # pointers that without TRAINED nobody needs
        self.taken = {v.name for v in self.program.graph.values}
        self.chunks = self._chunks(max(chunks, 1)) if self.products else []
        bodies = getattr(planned, self.name)
        self.bodies = {b.level: b for b in bodies if b.stage == "loop" and b.level >= 0}
        self.weights = {
            (v, part, chunk): self._weight(product, v, block, part, chunk)
            for product in self.products for block, v in enumerate(product.values)
            for part in range(len(product.parts)) for chunk in self.chunks
        }  # fmt: skip
        self.print()

    # -- memory ------------------------------------------------------------------------------------

    def array(self, place, low=False):
        """The array of a place, from now on an argument, or its copy in a lower precision."""
        array = array_of(self.plan, place)
        self.pointers.setdefault("low_" * low + array.name)
        return array

    def address(self, place, unit="unit", low=False):
        """Where a place, or its copy, lies at the step."""
        array = self.array(place, low)
        line = "row"
        if array.axes[0].startswith("T"):
            line = "later" if place.kind == "states" and place.block else "now"
        if array.blocks > 1:
            line = f"({line} * {array.blocks} + {place.block})"
        return f"{'low_' * low}{array.name} + {line} * units + {unit}"

    def load(self, place):
        cast = "" if array_of(self.plan, place).integer else ".to(REAL)"
        return f"tl.load({self.address(place)}, mask=inside){cast}"

    def store(self, place, text, low=False):
        return f"tl.store({self.address(place, low=low)}, {text}, mask=inside)"

    def begin(self, place, name):
        """Load before the loop what a program carries from step to step."""
        array = self.array(place)
        cast = "" if array.integer else ".to(REAL)"
        at = f"{array.name} + row * units + unit"
        self.before.append(f"{name} = tl.load({at}, mask=inside){cast}")

    # -- pointwise ---------------------------------------------------------------------------------

    def loads(self, level, early=False):
        """Load what a level reads and no earlier one of the step had; early, not of a product."""
        for value, place in self.bodies[level].loads:
            if value in self.known or (early and place.kind == "back"):
                continue
            self.known[value] = value.name
            if place.kind in ("vector", "clock"):  # the same in all steps
                array = self.array(place)
                cast = "" if array.integer else ".to(REAL)"
                loaded = f"tl.load({array.name} + unit, mask=unit < units){cast}"
                self.before.append(f"{value.name} = {loaded}")
            else:
                text = self.known[place] if place in self.known else self.load(place)
                self.step.append(f"{value.name} = {text}")

    def compute(self, level, arrive):
        """The equations of a level, and what becomes of its values: first what others wait for."""
        body = self.bodies[level]
        self.scalars |= {a.what: None for v in body.lines for a in v.args if a.op == "config"}
        texts, names = statements(body, STYLE)
        for line, target, text in grouped(texts, body):
            self.step += [f"# {line}"] if line else []
            self.step.append(f"{target} = {text}")
        self.known |= {v: target for target, _, v in texts if v.name}
        exchanged = self.exchanged()
        for first in (True, False):
            for place, value, adds, low in self.stores(body):
                if (
                    (place.kind, place.name) in exchanged and low == (place.kind == "states")
                ) == first:
                    text = names.get(value, value.name)
                    text = repr(value.what) if value.op == "constant" else text
                    self.keep(place, value, text, adds, low)
            if first and arrive:
                self.arrive()
        if self.trained:
            self.step += ["if TRAINED:", *(f"    {line}" for line in self.trained)]
            self.trained = []

    # -- products ----------------------------------------------------------------------------------

    def _chunks(self, count):
        """The endings of the names of chunks, and the units of each, which a product sums over."""
        endings = [f"_{n}" for n in range(1, count + 1)] if count > 1 else [""]
        for n, chunk in enumerate(endings):
            first = f"{several(n, 'INNER')} + " if n else ""
            self.before += [
                f"inner{chunk} = {first}tl.arange(0, INNER)",
                f"weighs{chunk} = (inner{chunk}[:, None] < units) & (unit < units)",
            ]
            if not self.alone:
                self.before.append(f"reads{chunk} = (row < rows) & (inner{chunk}[None, :] < units)")
        return endings

    def _weight(self, product, value, block, part, chunk):
        """The name of the weights between the units of a chunk and the program's own."""
        name = free(f"{value.what.symbol}{chunk}", self.taken)
        line, column = f"inner{chunk}[:, None]", "unit"
        if self.name == "forward":
            line, column = column, line
        line = f"({several(block, 'units')} + {line})" if block else line
        column = f"{several(part, 'units')} + {column}" if part else column
        width = f"({len(product.parts)} * units)" if len(product.parts) > 1 else "units"
        pointer = f"weights_{product.name}"
        self.pointers.setdefault(pointer)
        at = f"{pointer} + {line} * {width} + {column}"
        self.before.append(f"{name} = tl.load({at}, mask=weighs{chunk}, other=0)")
        return name

    def operand(self, place, variable, chunk):
        """The name of a chunk of what a product reads: its own units, or what all have written."""
        if self.alone:
            return f"tl.where(unit < units, {variable}, 0.0)"
        name = free(f"whole_{variable}{chunk}", self.taken)
        at = self.address(place, f"inner{chunk}[None, :]", low=place.kind == "states")
        load = f'tl.load({at}, mask=reads{chunk}, other=0, cache_modifier=".cg")'
        self.step.append(f"{name} = {load}")
        return name

    def multiply(self, operand, weight, into, first):
        """One product of blocks, the first or a further part of a sum."""
        begun = into if not first else "begun" if self.waits else "zero"
        self.step.append(f"{into} = multiply({begun}, {operand}, {weight}, PRECISION)")

    def arrive(self):
        """Let the others know how far this program is."""
        self.arrived += 1
        if self.waits:
            self.step.append("arrive(counters + tl.program_id(0))")

    def wait(self):
        """Until all programs of the block of rows have come as far."""
        if not self.waits:
            return
        each = len({p.level for p in self.products})  # arrivals in a step
        count = "done" if each == 1 else f"done * {each}"
        count = f"({count} + {self.arrived})" if self.arrived else count
        arrivals = f"{count} * tl.num_programs(1)"
        self.step += [
            f"patience = wait(counters + tl.program_id(0), {arrivals}, patience)",
            'begun = tl.where(patience > 0, zero, float("nan"))  # nothing wrong passes for right',
        ]
