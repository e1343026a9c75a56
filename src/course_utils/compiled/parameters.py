"""Parameters of K nets as generated code takes them, and their gradients on the way back."""

import numpy as np


class Places:
    """Where a cell's parameters lie, found once for its code.

    symbols: {symbol of the equations: (parameter, its block, of how many)}; whole: {product: the
    parameter whose blocks are the product's, in its order}; vectors: {vector: the symbols whose sum
    it is}; clocks, constants: the values of these kinds.
    """

    def __init__(self, spec, program):
        self.symbols = {
            s: (p.name, k, len(p.symbols)) for p in spec.params for k, s in enumerate(p.symbols)
        }
        stacked = {p.symbols: p.name for p in spec.params}
        self.whole = {}
        for product in program.products:
            name = stacked.get(tuple(v.what.symbol for v in product.values))
            if name and not any(v.what.mask for v in product.values):
                self.whole[product.name] = name
        values = program.graph.values
        self.vectors = {v.name: self._summands(v.what) for v in values if v.op == "vector"}
        self.clocks = [v for v in values if v.op == "clock"]
        self.constants = [v for v in values if v.op == "config"]

    def _summands(self, name):
        """b_i is b_xi + b_hi where it is no parameter itself."""
        return [name] if name in self.symbols else [f"b_x{name[2:]}", f"b_h{name[2:]}"]

    def block(self, arrays, symbol):
        """A symbol's (K, rows, ...), a view of arrays (K, ...) by parameter."""
        name, k, of = self.symbols[symbol]
        if of == 1:
            return arrays[name]
        rows = arrays[name].shape[1] // of
        return arrays[name][:, k * rows : (k + 1) * rows]


def clocks(spec, config, H):
    """{name: (H,) integers}: tuples of the config, each entry for as many units as the others."""
    by_unit = {}
    for name, values in config.items():
        if isinstance(spec.config[name], tuple):
            if H % len(values):
                raise ValueError(
                    f"hidden_size: {H} units cannot be divided among {len(values)} modules; "
                    f"use a multiple of {len(values)}, or other {name} than {tuple(values)}"
                )
            by_unit[name] = np.repeat(np.asarray(values, np.int64), H // len(values))
    return by_unit


def prepare(made, params, options, arena):
    """Fill the arena with joined weights, vectors and what depends on parameters alone."""
    places, dtype = made.places, np.dtype(made.dtype)
    K, B, H = (arena.sizes[axis] for axis in "KBH")
    for product in made.plan.program.products:
        _weights(made, product, params, options, arena)
    for value in places.constants:
        arena.arrays[value.name] = dtype.type(options[value.what])
    for value in places.clocks:
        out = arena.get(f"clock_{value.name}", (H * B,), np.int64)
        out.reshape(H, B)[...] = options[value.what][:, None]
    if "prelude" in made.call:
        vectors = _prelude(made, params, options, arena)
    else:
        vectors = {
            f"vector_{name}": [places.block(params, s) for s in symbols]
            for name, symbols in places.vectors.items()
        }
    for name, (first, *rest) in vectors.items():
        out = arena.view(name, (K, H * B), (K, H, B), dtype)
        if rest:
            np.add(first[..., None], rest[0][..., None], out=out)
        else:
            out[...] = first[..., None]


def _weights(made, product, params, options, arena):
    """The weights of a product, one below the other."""
    places, name, dtype = made.places, f"weights_{product.name}", np.dtype(made.dtype)
    whole = places.whole.get(product.name)
    if whole:
        np.copyto(arena.get(name, params[whole].shape, dtype), params[whole], casting="same_kind")
        return
    blocks = [places.block(params, v.what.symbol) for v in product.values]
    K, H, width = blocks[0].shape
    weights = arena.get(name, (K, len(blocks) * H, width), dtype)
    for k, (v, block) in enumerate(zip(product.values, blocks, strict=True)):
        block = _masked(block, v.what, options)
        np.copyto(weights[:, k * H : (k + 1) * H], block, casting="same_kind")


def _prelude(made, params, options, arena):
    """{vector: [(K, H)]}, of all nets: parameters, and what is made of them before the loop."""
    places, dtype = made.places, np.dtype(made.dtype)
    K, H = (arena.sizes[axis] for axis in "KH")
    flat = {f"clock_{v.name}": np.tile(options[v.what], K) for v in places.clocks}
    for name, symbols in places.vectors.items():
        total = sum(places.block(params, s) for s in symbols)
        flat[f"vector_{name}"] = np.ascontiguousarray(total, dtype).reshape(K * H)
    arguments = made.arguments["prelude"]
    for a in arguments:
        if a.kind == "vector":
            flat.setdefault(a.name, np.empty(K * H, dtype))
    made.call["prelude"](*(flat.get(a.name, arena.arrays.get(a.name)) for a in arguments))
    arena.prelude = flat
    return {n: [v.reshape(K, H)] for n, v in flat.items() if n.startswith("vector_")}


def _masked(array, weight, options):
    """A weight, or its gradient, without what ``slower`` keeps from the units."""
    if weight.mask is None:
        return array
    period = options[weight.mask]
    return array * (period[None, :] >= period[:, None])


def gradients(made, params, options, arena, new):
    """The gradients by the names of the parameters; new(name, shape) -> an array to write into."""
    places, program = made.places, made.plan.program
    K, H = (arena.sizes[axis] for axis in "KH")
    grads = {name: new(f"grads_{name}", p.shape) for name, p in params.items()}
    missing = {*places.symbols}

    def give(symbol, value):
        if symbol in missing:
            missing.remove(symbol)
            np.copyto(places.block(grads, symbol), value)
        else:  # another equation has given its part
            total = places.block(grads, symbol)
            total += value

    for product in program.products:
        dweights = arena.arrays.get(f"dweights_{product.name}")
        if dweights is None:
            continue
        symbols = [v.what.symbol for v in product.values]
        if product.name in places.whole and missing.issuperset(symbols):
            missing.difference_update(symbols)
            np.copyto(grads[places.whole[product.name]], dweights)
            continue
        for k, v in enumerate(product.values):
            give(v.what.symbol, _masked(dweights[:, k * H : (k + 1) * H], v.what, options))
    dvectors = {}
    for name in (*places.vectors, *(v.name for v in program.prelude.values)):
        given = arena.arrays.get(f"dvector_{name}")
        dvectors[f"dvector_{name}"] = (
            np.zeros(K * H, made.dtype) if given is None
            else given.reshape(K * H, -1).sum(axis=1) if given.size > K * H
            else given.reshape(K * H)
        )  # fmt: skip
    if "prelude_backward" in made.call:
        known = arena.arrays | arena.prelude | dvectors
        made.call["prelude_backward"](*(known[a.name] for a in made.arguments["prelude_backward"]))
    for name, symbols in places.vectors.items():
        for symbol in symbols:
            give(symbol, dvectors[f"dvector_{name}"].reshape(K, H))
    for symbol in missing:
        places.block(grads, symbol)[...] = 0
    return grads
