"""A layer's parameters as generated code takes them, and their gradients on the way back."""

import numpy as np


def prepare(made, params, options, dtype):
    """{name: array or scalar}: joined weights, vectors, what depends on them alone, and options."""
    spec, program = made.spec, made.plan.program
    symbols = spec.symbol_values(params)
    shared = {}
    for product in program.products:
        blocks = [_masked(symbols[v.what.symbol], v.what, options) for v in product.values]
        shared[f"weights_{product.name}"] = np.concatenate(blocks).astype(dtype, copy=False)
    for value in program.graph.values:
        if value.op == "vector":
            shared[f"vector_{value.name}"] = np.array(symbols[value.what], dtype)
        elif value.op == "clock":
            shared[f"clock_{value.name}"] = options[value.what]
        elif value.op == "config":
            shared[value.name] = dtype.type(options[value.what])
    if "prelude" in made.call:
        units = made.signatures["prelude"][0].name
        H = shared[units].shape[0]
        for array in made.signatures["prelude"]:
            shared.setdefault(array.name, np.empty(H, dtype))
        made.call["prelude"](*(shared[a.name] for a in made.signatures["prelude"]))
    shared["options"] = options
    return shared


def _masked(array, weight, options):
    """A weight, or its gradient, without what ``slower`` keeps from the units."""
    if weight.mask is None:
        return array
    period = options[weight.mask]
    return array * (period[None, :] >= period[:, None])


class Gradients:
    """Gradients of the parameters, added up part by part; vectors by the name of their array."""

    def __init__(self, made, params, sizes, dtype):
        self.made, self.dtype = made, dtype
        self.spec = made.spec
        self.grads = {name: np.zeros(p.shape, dtype) for name, p in params.items()}
        self.symbols = {
            symbol: block
            for p in self.spec.params
            for symbol, block in zip(
                p.symbols, np.split(self.grads[p.name], len(p.symbols)), strict=True
            )
        }
        self.weights = []
        names = [v.name for v in made.plan.program.graph.values if v.op == "vector"]
        names += [v.name for v in made.plan.program.prelude.values]
        self.vectors = {f"dvector_{name}": np.zeros(sizes["H"], dtype) for name in names}

    def add_product(self, product, dproduct, operand):
        """From a product's gradient (T·B, n·H) and its operand (T·B, ·)."""
        dweights = dproduct.T @ operand
        for value, block in zip(
            product.values, np.split(dweights, len(product.values)), strict=True
        ):
            self.weights.append((value.what, block))
        sums = self.made.plan.derivative.sums
        wanted = {name: block for name, (of, block) in sums.items() if of == product.name}
        if wanted:
            columns = np.split(np.ones(len(dproduct), self.dtype) @ dproduct, len(product.values))
            for name, block in wanted.items():
                self.vectors[f"dvector_{name}"] += columns[block]

    def finish(self, shared):
        """The gradients by the names of the parameters."""
        for weight, block in self.weights:
            self.symbols[weight.symbol] += _masked(block, weight, shared["options"])
        if "prelude_backward" in self.made.call:
            arrays = shared | self.vectors
            signature = self.made.signatures["prelude_backward"]
            self.made.call["prelude_backward"](*(arrays[a.name] for a in signature))
        for value in self.made.plan.program.graph.values:
            if value.op == "vector":
                for symbol in self._summands(value.what):
                    self.symbols[symbol] += self.vectors[f"dvector_{value.name}"]
        return self.grads

    def _summands(self, name):
        """b_i is b_xi + b_hi where it is no parameter itself."""
        return [name] if name in self.symbols else [f"b_x{name[2:]}", f"b_h{name[2:]}"]
