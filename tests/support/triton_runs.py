"""A cell over time by its Triton kernels, with NumPy for the products: what a layer would do."""

from importlib.util import find_spec

import numpy as np
from browsing import missing

from course_utils.compiled import print_triton
from course_utils.compiled.arrays import array_of, operand_place, signatures
from course_utils.compiled.places import Place
from course_utils.compiled.plan import plan

BLOCK = 16


def needed():
    """Skip where there is no Triton, or fail where nothing may be missing."""
    if find_spec("triton") is None:
        missing("no Triton (wheels for Linux alone): pip install -r requirements-triton.txt")


class Run:
    """The forward pass at once; ``backward`` afterwards.  y (T, B, H), last {state: array}."""

    def __init__(self, spec, module, params, x, state0, inputs):
        self.spec, self.module, self.params = spec, module, params
        self.plan, self.kernels = plan(spec), print_triton.kernels(spec)
        self.program = self.plan.program
        self.sizes = {"T": len(x), "B": x.shape[1], "D": x.shape[2], "H": dy_width(spec, params)}
        self.axes = {a.name: a for of in signatures(self.plan).values() for a in of}
        self.arrays = {"all_x": x.copy()} | {f"input_{n}": v.copy() for n, v in inputs.items()}
        self._share()
        for name, value in zip(spec.states, state0, strict=True):
            self.array(Place("states", name))[0] = value
        self.launch("prelude", "forward", 0, None)
        self.forward()
        self.y = self.arrays["all_y"]
        self.last = {s: self.arrays[f"states_{s}"][-1] for s in spec.states}

    def _share(self):
        """Weights, vectors, clocks and constants."""
        spec, H = self.spec, self.sizes["H"]
        self.symbols = spec.symbol_values(self.params)
        self.options = spec.options()
        for n, v in self.options.items():
            if isinstance(v, tuple):
                self.options[n] = np.repeat(v, H // len(v))
        self.weights = {
            p.name: np.concatenate([self.mask(self.symbols[v.what.symbol], v.what)
                                    for v in p.values])
            for p in self.program.products
        }  # fmt: skip
        for v in self.program.graph.values:
            if v.op == "vector":
                self.arrays[f"vector_{v.name}"] = np.array(self.symbols[v.what])
            elif v.op == "clock":
                self.arrays[f"clock_{v.name}"] = self.options[v.what]

    def mask(self, weight, of):
        if of.mask is None:
            return weight
        period = self.options[of.mask]
        return weight * (period[None, :] >= period[:, None])

    def array(self, place):
        return self.named(array_of(self.plan, place).name)

    def named(self, name):
        if name not in self.arrays:
            of = self.axes[name]
            self.arrays[name] = np.zeros(of.shape(self.sizes), np.int64 if of.integer else float)
        return self.arrays[name]

    def at(self, name, step):
        whole, of = self.named(name.removesuffix("_next")), self.axes[name.removesuffix("_next")]
        return whole[step + name.endswith("_next")] if of.axes[0].startswith("T") else whole

    def launch(self, stage, direction, level, step):
        import torch

        here = stage, direction, level
        for kernel in self.kernels:
            if (kernel.body.stage, kernel.direction, kernel.level) != here:
                continue
            tensors = [torch.from_numpy(self.at(p, step)) for p in kernel.pointers]
            scalars = [float(self.options[s]) for s in kernel.scalars]
            B, H = self.sizes["B"], self.sizes["H"]
            grid = (-(-eval(kernel.size, {"rows": B, "units": H}) // BLOCK),)
            with np.errstate(all="ignore"):  # what a block has beyond the end divides by zero
                self.module[kernel.name][grid](*tensors, *scalars, B, H, BLOCK=BLOCK)
            for target, operand in kernel.largest:
                vector = torch.from_numpy(self.at(operand, step))
                if vector.dim() == 3:  # the blocks of a product
                    (block,) = [p.block for _, p in kernel.body.loads
                                if array_of(self.plan, p).name == operand]  # fmt: skip
                    vector = vector[:, block]
                self.at(target, step)[:] = vector.amax(-1).numpy()

    def products(self, stage, level):
        stage_of = self.program.stage_of
        return [
            p for p in self.program.products
            if p.operand.op not in ("x", "input") and p.level == level
            and stage_of[p.values[0]].name == stage
        ]  # fmt: skip

    def operand(self, product):
        """(T, B, ·)"""
        place, T = operand_place(self.plan, product), self.sizes["T"]
        array = self.array(place)
        if place.kind == "states":
            array = array[1:] if place.block else array[:-1]
        return array.reshape(T, self.sizes["B"], -1)

    def multiply(self, product, step):
        kind = "products" if product.whole else "product"
        result = self.at(f"{kind}_{product.name}", step)
        product_of_all = self.operand(product)[step] @ self.weights[product.name].T
        result[:] = product_of_all.reshape(result.shape)

    def dproduct(self, product):
        name = self.plan.derivative.shared.get(product.name, product.name)
        return f"dproduct_{name}"

    def back(self, product, step):
        into = self.at(("backs_" if product.whole else "back_") + product.name, step)
        dproduct = self.at(self.dproduct(product), step).reshape(self.sizes["B"], -1)
        into[:] = (dproduct @ self.weights[product.name]).reshape(into.shape)

    def forward(self):
        steps = range(self.sizes["T"])
        for product in self.program.products:
            if product.operand.op in ("x", "input"):
                for step in steps:
                    self.multiply(product, step)
        for stage in (self.program.loop, self.program.readout):
            for step in steps:
                for level in range(stage.levels):
                    for product in self.products(stage.name, level):
                        self.multiply(product, step)
                    self.launch(stage.name, "forward", level, step)

    def backward(self, dy, dlast):
        """dx, {state: gradient}, {parameter or input: gradient}."""
        self.arrays["all_dy"] = dy.copy()
        for name, d in zip(self.spec.states, dlast, strict=True):
            if name in self.plan.flowing:
                self.arrays[f"carried_{name}"] = np.array(d, float)
        for stage in (self.program.readout, self.program.loop):
            for step in reversed(range(self.sizes["T"])):
                for level in reversed(range(stage.levels)):
                    self.launch(stage.name, "backward", level, step)
                    for product in self.products(stage.name, level):
                        self.back(product, step)
                if stage is self.program.loop:
                    for s in self.plan.untouched:
                        self.arrays[f"carried_{s}"][:] = 0
                    for s in self.plan.apart:
                        self.arrays[f"carried_{s}"][:] = self.arrays[f"carry_{s}"]
        return self._gradients()

    def _gradients(self):
        T, B, D = (self.sizes[axis] for axis in "TBD")
        grads = {n: np.zeros(p.shape) for n, p in self.params.items()}
        symbols = {
            s: block for p in self.spec.params
            for s, block in zip(p.symbols, np.split(grads[p.name], len(p.symbols)), strict=True)
        }  # fmt: skip
        dstate0 = {s: self.arrays[f"carried_{s}"] for s in self.plan.flowing}
        dx = self.arrays.get("all_dx", np.zeros((T, B, D)))
        for product in self.program.products:
            name = self.dproduct(product)
            if name not in self.arrays:
                continue
            dproduct = self.arrays[name].reshape(T * B, -1)
            dweights = dproduct.T @ self.operand(product).reshape(T * B, -1)
            for value, part in zip(
                product.values, np.split(dweights, len(product.values)), strict=True
            ):
                symbols[value.what.symbol] += self.mask(part, value.what)
            for vector, (of, block) in self.plan.derivative.sums.items():
                if of == product.name:
                    columns = np.split(dproduct.sum(0), len(product.values))
                    self.arrays[f"dvector_{vector}"] = columns[block]
            flat = (dproduct @ self.weights[product.name]).reshape(T, B, -1)
            if product.operand.op == "x":
                dx = dx + flat
            elif product.operand.op == "input":
                what = f"dinput_{product.operand.what}"
                self.arrays[what] = self.arrays.get(what, 0) + flat
            elif product.operand.op == "before":
                dstate0[product.operand.what] += self.arrays[f"back_{product.name}"][:, 0]
        self.launch("prelude", "backward", 0, None)
        for v in self.program.graph.values:
            if v.op == "vector":
                names = [v.what] if v.what in symbols else [f"b_x{v.what[2:]}", f"b_h{v.what[2:]}"]
                for symbol in names:
                    symbols[symbol] += self.arrays.get(f"dvector_{v.name}", 0)
        return dx, dstate0, grads | {n: self.arrays[f"dinput_{n}"] for n in self.spec.inputs}


def dy_width(spec, params):
    """H, from a parameter."""
    p = spec.params[0]
    return len(params[p.name]) // len(p.symbols)
