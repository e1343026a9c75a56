"""After each stretch of the way back: what weights, biases and inputs receive."""

import numpy as np

from course_utils.compiled.arrays import operand_place
from course_utils.compiled.print_numba import gradient_of


def input_arrays(product):
    """(array in columns, as it was given, the gradient of that) of an input that is multiplied."""
    op, what = product.operand.op, product.operand.what
    if op == "x":
        return "all_x", "rows_x", "rows_dx"
    return f"input_{what}", f"rows_input_{what}", f"rows_dinput_{what}"


class Sums:
    """What a product's weights, its biases and its input receive, stretch by stretch."""

    def __init__(self, made, product, arena, sizes, columns):
        self.sizes, self.columns = sizes, columns
        K, B = sizes["K"], sizes["B"]
        self.weights = arena.arrays[f"weights_{product.name}"]
        self.total = arena.get(f"dweights_{product.name}", self.weights.shape, made.dtype)
        self.part = arena.get(f"part_{product.name}", self.weights.shape, made.dtype)
        k, self.dx, self.others = self.weights.shape[2], None, None
        if product.operand.op in ("x", "input"):
            _, given, result = input_arrays(product)
            self.operand = arena.arrays[given]
            self.dx = arena.get(result, (K, *self.operand.shape[1:]), made.dtype)
        else:
            place = operand_place(made.plan, product)
            array, later = place.array, place.kind == "states" and place.block
            if place.kind == "states" and not later and sizes["R"]:
                array = f"before_{place.name}"
            operand = arena.arrays[array][:, 1 if later else 0 :][:, : sizes["T"]]
            self.operand = operand.reshape(K, sizes["T"], k, B) if B != 1 else operand
            self.others = arena.get(f"others_{product.name}", (K * k * sizes["S"] * B,), made.dtype)

    def add(self, start, stop):
        """The steps from start to stop, whose gradients ``columns`` holds."""
        K, B, steps = self.sizes["K"], self.sizes["B"], stop - start
        n, k = self.total.shape[1:]
        left = self.columns[: K * n * steps * B]
        operand = self.operand[:, start:stop]
        left = left.reshape(K, steps, n).swapaxes(1, 2) if B == 1 else left.reshape(K, n, -1)
        if B == 1 or self.others is None:
            right = operand.reshape(len(operand), steps * B, k)
        else:
            right = self.others[: K * k * steps * B].reshape(K, k, steps, B)
            np.copyto(right, operand.swapaxes(1, 2))
            right = right.reshape(K, k, steps * B).swapaxes(1, 2)
        self.total += np.matmul(left, right, out=self.part)
        if self.dx is not None:
            out = self.dx[:, start:stop].reshape(K, steps * B, k)
            if K > 1 and steps < self.sizes["T"]:  # a copy: a part of each of several nets
                self.dx[:, start:stop] = np.matmul(left.swapaxes(1, 2), self.weights).reshape(
                    K, steps, B, k
                )
            else:
                np.matmul(left.swapaxes(1, 2), self.weights, out=out)


class Gathered:
    """The gradients of a product in a stretch, turned to (n·H, steps·B), and their sums."""

    def __init__(self, made, name, products, arena, sizes):
        self.sizes, n = sizes, len(products[0].values) * sizes["H"]
        self.dproduct = arena.arrays[name]
        size = sizes["K"] * n * sizes["S"] * sizes["B"]
        self.columns = arena.get(f"columns_{name}", (size,), made.dtype)
        self.products = [Sums(made, p, arena, sizes, self.columns) for p in products]
        names = [p.name for p in products]
        self.biases = [
            (block, arena.get(f"dvector_{vector}", (sizes["K"], sizes["H"]), made.dtype))
            for vector, (of, block) in made.plan.derivative.sums.items() if of in names
        ]  # fmt: skip

    def add(self, start, stop):
        """The steps from start to stop, which the generated code has just gone back."""
        K, B, H, steps = (*(self.sizes[axis] for axis in "KBH"), stop - start)
        n = self.dproduct.shape[2]
        given = self.dproduct[:, :steps]
        left = self.columns[: K * n * H * steps * B]
        if B == 1:
            left = left.reshape(K, steps, n, H)
            np.copyto(left, given)
            sums = left.sum(axis=1)
        else:
            left = left.reshape(K, n * H, steps, B)
            np.copyto(left, given.reshape(K, steps, n * H, B).swapaxes(1, 2))
            sums = left.reshape(K, n, H, steps * B).sum(axis=3)
        for block, vector in self.biases:
            vector += sums[:, block]
        for product in self.products:
            product.add(start, stop)


def gathered_sums(made, arena, sizes):
    """What adds up the gradients of all products, by the array that holds their results'."""
    by_name = {}
    for product in made.plan.program.products:
        name = gradient_of(made.plan, product)
        if name:
            by_name.setdefault(name, []).append(product)
    return [Gathered(made, name, products, arena, sizes) for name, products in by_name.items()]
