"""Products in the Numba source: calls of functions that all cells share, and what they sum up."""

from course_utils.compiled.arrays import operand_place
from course_utils.compiled.loops import LoopPrinter
from course_utils.compiled.values import MATRIX, ROW


class ProductPrinter(LoopPrinter):
    """The methods of the printer that write a product, forward or backward."""

    def _matrix(self, kind, product):
        """weights, dweights, turned or part of a product."""
        k = {"x": "D"}.get(product.operand.op, f"{len(product.parts)}*H")
        return self.use(f"{kind}_{product.name}", kind, n=len(product.values), k=k)

    def _operand(self, product, many=False):
        """Where the operand of a product lies at a step, or at the first of a stretch."""
        place = operand_place(self.plan, product)
        kind, name = self._kind(place), self._array(place)
        later = " + 1" if kind == "states" else ""
        step = f"first{later}" if many else f"step{later}"
        if kind == "before":
            return f"at(from_{place.name}, {step} * {size_of(product.operand.rank)})"
        return f"at({', '.join([name, *self._net(name, kind), step])})"

    def _sizes(self, product):
        """Rows and columns of a product's weights, and the sequences."""
        n = times(len(product.values), "units")
        k = times(len(product.parts), "units")
        if product.operand.op == "x":
            given = self._matrix("weights", product)
            k = f"{given}.shape[2]"
        return f"{n}, {k}, rows"

    def multiply(self, product):
        operand, weights = self._operand(product), self._matrix("weights", product)
        result = self.use(f"product_{product.name}", "product", n=len(product.values))
        sizes = self._sizes(product)
        self.write(f"multiply(at({weights}, net), {operand}, at({result}), {sizes})")

    def multiply_all(self, product):
        operand, weights = self._operand(product, many=True), self._matrix("weights", product)
        kept = product.name in self.read_back
        result = self.use(
            f"products_{product.name}", "products" if kept else "stretch", n=len(product.values)
        )
        result = f"at({result}, net, first)" if kept else f"at({result})"
        sizes = f"steps, {self._sizes(product)}"
        self.write(f"multiply_all(at({weights}, net), {operand}, {result}, {sizes})")

    # -- backward ----------------------------------------------------------------------------------

    def _back(self, product):
        kind = "backs" if product.whole else "back"
        return self.use(f"{kind}_{product.name}", kind, n=len(product.parts))

    def _dproduct(self, product):
        name = gradient_of(self.plan, product)
        return name and self.use(name, "dproduct", n=len(product.values))

    def _sums(self, product):
        """What a product's weights receive, and its input."""
        dproduct = self._dproduct(product)
        if not dproduct:
            return
        self.use("all_dy", "all_dy")  # which says whether these are the last steps
        dweights = self._matrix("dweights", product)
        part, room = self._matrix("part", product), self._matrix("room", product)
        columns = self.use(f"columns_{product.name}", "columns", n=len(product.values))
        sizes = f"steps, {self._sizes(product)}"
        operand = self._operand(product, many=True)
        if product.operand.op not in ("x", "input"):
            self.write(
                f"add_weights(at({dproduct}), {operand}, at({room}), at({dweights}, net), "
                f"at({columns}), at({part}), {sizes}, 0, adds)"
            )
            return
        _, rows, drows = input_arrays(product)
        kind = "rows_x" if product.operand.op == "x" else "rows_input"
        rows, drows = self.use(rows, kind), self.use(drows, kind.replace("rows_", "rows_d"))
        below = f"at({', '.join([rows, *self._net(rows, kind), 'first'])})"
        self.write(
            f"add_weights(at({dproduct}), {operand}, {below}, at({dweights}, net), "
            f"at({columns}), at({part}), {sizes}, 1, adds)"
        )
        self.write(
            f"send_back(at({dproduct}), {self._both(product)}, "
            f"at({columns}), at({room}), at({drows}, net, first), {sizes})"
        )

    def back(self, product):
        dproduct = self._dproduct(product)
        if dproduct:
            matrices, result = self._both(product), self._back(product)
            self.write(
                f"multiply_back({matrices}, at({dproduct}, step - first), "
                f"at({result}, net), {self._sizes(product)})"
            )

    def back_all(self, product):
        dproduct = self._dproduct(product)
        if dproduct:
            matrices, result = self._both(product), self._back(product)
            self.write(
                f"multiply_all_back({matrices}, at({dproduct}), at({result}), "
                f"steps, {self._sizes(product)})"
            )

    def _both(self, product):
        """A product's weights, and their transpose."""
        both = (self._matrix(kind, product) for kind in ("weights", "turned"))
        return ", ".join(f"at({matrix}, net)" for matrix in both)


def size_of(rank):
    """Numbers that all sequences have of a state, as text."""
    return {ROW: "rows", MATRIX: "units * places"}.get(rank, "places")


def times(count, size):
    """A number of blocks, as text."""
    return size if count == 1 else f"{count} * {size}"


def input_arrays(product):
    """(array in columns, as it was given, the gradient of that) of an input that is multiplied."""
    op, what = product.operand.op, product.operand.what
    if op == "x":
        return "all_x", "rows_x", "rows_dx"
    return f"input_{what}", f"rows_input_{what}", f"rows_dinput_{what}"


def gradient_of(plan, product):
    """The array of a product's gradient; None where nothing that counts depends on it."""
    name = plan.derivative.shared.get(product.name, product.name)
    stored = {p.name for b in plan.backward for p, *_ in b.stores if p.kind == "dproduct"}
    return f"dproduct_{name}" if name in stored else None
