"""The two functions of a persistent kernel: what stands before the loop, in it, and after it."""

from course_utils.compiled.arrays import array_of, operand_place
from course_utils.compiled.persistent_printing import Way
from course_utils.compiled.places import Place
from course_utils.compiled.values import VECTOR


class Forward(Way):
    """The way there; without TRAINED it leaves out what only the way back reads."""

    name = "forward"

    def print(self):
        program = self.program
        self.step += ["now = done * rows + row", "later = now + rows"]
        read = {v for body in self.bodies.values() for v, _ in body.loads}
        read |= {part for p in self.products if self.alone for part in p.parts}
        olds = [v for v in program.graph.values if v.op == "before" and v in read]
        for old in olds:
            self.begin(Place("states", old.what), old.name)
            self.known[old] = old.name
        levels = program.loop.levels
        at = {level: [p for p in self.products if p.level == level] for level in range(levels)}
        for level, mine in at.items():
            self.known |= {v: v.name for p in mine for v in p.values}
            self.loads(level)
            if mine:
                self.wait()
            for product in mine:
                self._product(product)
            self.compute(level, arrive=bool(at[(level + 1) % levels]))
        self.step += [f"{old.name} = {self._new(old.what)}" for old in olds]

    def exchanged(self):
        return [operand_place(self.plan, p)[:2] for p in self.products]

    def stores(self, body):
        """(place, value, adds, to the copy?) of each; an output that is a state is its copy."""
        for place, value, adds in body.stores:
            if place.kind == "y" and value in self.program.states.values():
                continue
            if place.kind == "states" and place.name in self.copies:
                yield place, value, adds, True
            yield place, value, adds, False

    def _new(self, state):
        """A state after the step, a number for each row and unit even where all rows agree."""
        value = self.program.states[state]
        same = value.op == "copy" and value.args[0].rank < VECTOR
        return f"{value.name} + zero" if same else value.name

    def keep(self, place, value, text, adds, low):
        """What a level computes: in memory where a product, the output or the way back reads it."""
        if place.kind == "scratch":
            return
        if place.kind in ("kept", "operand") and not self._read_forwards(place):
            self.trained.append(self.store(place, text))
            self.unread.append(self.array(place).name)
        else:
            self.step.append(self.store(place, text, low))

    def _read_forwards(self, place):
        """Whether a product of the loop reads it that has no other way, or the readout does."""
        products = [p for p in self.program.products if p.operand.op not in ("x", "input")]
        products = [p for p in products if p.whole or not self.alone]
        loads = [p for b in self.plan.forward if b.stage == "readout" for _, p in b.loads]
        read = [*loads, *(operand_place(self.plan, p) for p in products)]
        return (place.kind, place.name) in [p[:2] for p in read]

    def _product(self, product):
        place = operand_place(self.plan, product)
        for n, part in enumerate(product.parts):
            of = place._replace(block=n) if product.operand.op == "concat" else place
            for chunk in self.chunks:
                operand = self.operand(of, part.name, chunk)
                for v in product.values:
                    first = n == 0 and chunk == self.chunks[0]
                    self.multiply(operand, self.weights[v, n, chunk], v.name, first)


class Backward(Way):
    """The way back: gradients of all states and products; ``sums`` are those of vectors."""

    name = "backward"

    def print(self):
        plan, olds = self.plan, [p for p in self.products if p.operand.op == "before"]
        self.step += ["step = steps - 1 - done", "now = step * rows + row", "later = now + rows"]
        carried = [Place("carried", state) for state in plan.flowing]
        for place in carried:
            self.begin(place, self._variable(place))
        backs = [Place("back", product.name) for product in olds]
        self.before += [f"{self._variable(place)} = zero" for place in backs]
        self.known |= {place: self._variable(place) for place in (*carried, *backs)}
        for level in reversed(range(self.program.loop.levels)):
            self.loads(level)
            mine = [p for p in self.products if p.level == level]
            self.compute(level, arrive=bool(mine))
            if mine:
                if level:
                    self.loads(level - 1, early=True)
                self.wait()
            for product in mine:
                self._product(product)
        for state in plan.untouched:
            self.step.append(f"carried_of_{state} = zero")
        for state in plan.apart:
            self.step.append(f"carried_of_{state} = {self.known[Place('carry', state)]}")
        for place in (*carried, *backs, *self.sums):
            at = f"{self.array(place).name} + row * units + unit"
            self.after.append(f"tl.store({at}, {self._variable(place)}, mask=inside)")

    def exchanged(self):
        shared = self.plan.derivative.shared
        return [("dproduct", shared.get(p.name, p.name)) for p in self.products]

    def stores(self, body):
        return [(*store, False) for store in body.stores]

    def keep(self, place, value, text, adds, low):
        """What a level sends back: in memory where a later product or sum reads it."""
        variable = self._variable(place)
        if place.kind == "dvector":
            if place not in self.sums:
                self.sums[place] = self.array(place).name
                self.before.append(f"{variable} = zero")
            self.step.append(f"{variable} += tl.where(inside, {text}, 0.0)")
            return
        if adds:
            begun = self.known.get(place) or self.load(place)
            self.step.append(f"{variable} = {begun} + {text}")
        elif place.kind == "carried" or value.name is None or value.op == "constant":
            self.step.append(f"{variable} = {text}")
        else:
            variable = text
        self.known[place] = variable
        if place.kind in ("dproduct", "dx", "dinput"):
            self.step.append(self.store(place, variable))

    def _variable(self, place):
        """The name of the variable in which a place is added up."""
        name = f"{place.kind}_of_{place.name or 'x'}"
        return f"{name}_{place.block}" if array_of(self.plan, place).blocks > 1 else name

    def _product(self, product):
        name = self.plan.derivative.shared.get(product.name, product.name)
        places = [Place("dproduct", name, block) for block in range(len(product.values))]
        read = {}
        for n in range(len(product.parts)):
            into = Place("back", product.name, n)
            self.known[into] = self._variable(into)
            for place, v in zip(places, product.values, strict=True):
                for chunk in self.chunks:
                    if (place, chunk) not in read:
                        read[place, chunk] = self.operand(place, self.known[place], chunk)
                    first = place is places[0] and chunk == self.chunks[0]
                    weight = self.weights[v, n, chunk]
                    self.multiply(read[place, chunk], weight, self.known[into], first)
