"""Parameters of K nets as generated code takes them, and their gradients on the way back."""

import numpy as np


def blocks(spec, arrays):
    """{symbol of the equations: (K, rows, ...)}, views of arrays (K, ...) by parameter."""
    found = {}
    for p in spec.params:
        array = arrays[p.name]
        rows = array.shape[1] // len(p.symbols)
        for k, symbol in enumerate(p.symbols):
            found[symbol] = array[:, k * rows : (k + 1) * rows]
    return found


def summands(symbols, name):
    """b_i is b_xi + b_hi where it is no parameter itself."""
    return [name] if name in symbols else [f"b_x{name[2:]}", f"b_h{name[2:]}"]


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
    spec, program = made.spec, made.plan.program
    symbols, dtype = blocks(spec, params), np.dtype(made.dtype)
    K, B, H = (arena.sizes[axis] for axis in "KBH")
    for product in program.products:
        width = params_width(symbols, product)
        weights = arena.get(f"weights_{product.name}", (K, len(product.values) * H, width), dtype)
        for k, v in enumerate(product.values):
            block = _masked(symbols[v.what.symbol], v.what, options)
            np.copyto(weights[:, k * H : (k + 1) * H], block, casting="same_kind")
    flat = {}
    for value in program.graph.values:
        if value.op == "vector":
            first, *rest = (symbols[s] for s in summands(symbols, value.what))
            flat[f"vector_{value.name}"] = first + rest[0] if rest else first
        elif value.op == "clock":
            out = arena.get(f"clock_{value.name}", (H * B,), np.int64)
            out.reshape(H, B)[...] = options[value.what][:, None]
            flat[f"clock_{value.name}"] = np.tile(options[value.what], K)
        elif value.op == "config":
            arena.arrays[value.name] = dtype.type(options[value.what])
    if "prelude" in made.call:
        arena.prelude = {n: np.ascontiguousarray(v, v.dtype if v.dtype.kind == "i" else dtype)
                         .reshape(K * H) for n, v in flat.items()}  # fmt: skip
        arguments = made.arguments["prelude"]
        for a in arguments:
            if a.kind == "vector":
                flat.setdefault(a.name, arena.prelude.setdefault(a.name, np.empty(K * H, dtype)))
        made.call["prelude"](
            *(arena.prelude.get(a.name, arena.arrays.get(a.name)) for a in arguments)
        )
        flat |= {n: v for n, v in arena.prelude.items() if n.startswith("vector_")}
    for name, value in flat.items():
        if name.startswith("vector_"):
            out = arena.get(name, (K, H * B), dtype)
            out.reshape(K, H, B)[...] = value.reshape(K, H, 1)


def params_width(symbols, product):
    """The other axis of a product's weights."""
    return symbols[product.values[0].what.symbol].shape[2]


def _masked(array, weight, options):
    """A weight, or its gradient, without what ``slower`` keeps from the units."""
    if weight.mask is None:
        return array
    period = options[weight.mask]
    return array * (period[None, :] >= period[:, None])


def gradients(made, params, options, arena, new):
    """The gradients by the names of the parameters; new(name, shape) -> an array to write into."""
    spec, program = made.spec, made.plan.program
    K, H = (arena.sizes[axis] for axis in "KH")
    grads = {name: new(f"grads_{name}", p.shape) for name, p in params.items()}
    symbols, missing = blocks(spec, grads), blocks(spec, grads)

    def give(symbol, value):
        if missing.pop(symbol, None) is None:  # another equation has given its part
            symbols[symbol] += value
        else:
            np.copyto(symbols[symbol], value)

    for product in program.products:
        dweights = arena.arrays.get(f"dweights_{product.name}")
        for k, v in enumerate(product.values if dweights is not None else ()):
            give(v.what.symbol, _masked(dweights[:, k * H : (k + 1) * H], v.what, options))
    dvectors = {}
    names = [v.name for v in program.graph.values if v.op == "vector"]
    for name in (*names, *(v.name for v in program.prelude.values)):
        given = arena.arrays.get(f"dvector_{name}")
        dvectors[f"dvector_{name}"] = (
            np.zeros(K * H, made.dtype) if given is None
            else given.reshape(K * H, -1).sum(axis=1)
        )  # fmt: skip
    if "prelude_backward" in made.call:
        known = arena.arrays | arena.prelude | dvectors
        made.call["prelude_backward"](*(known[a.name] for a in made.arguments["prelude_backward"]))
    for value in program.graph.values:
        if value.op == "vector":
            for symbol in summands(symbols, value.what):
                give(symbol, dvectors[f"dvector_{value.name}"].reshape(K, H))
    for block in missing.values():
        block[...] = 0
    return grads
