"""Parameters of K nets as generated code takes them, and their gradients on the way back."""

from collections import Counter

import numpy as np

from course_utils.compiled.joined import Joined, neighbours


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

    def rows(self, arrays, symbol):
        """(parameter, the rows) where a symbol's block lies in arrays (K, ...) by parameter."""
        name, k, of = self.symbols[symbol]
        rows = arrays[name].shape[1] // of
        return name, slice(k * rows, (k + 1) * rows)

    def block(self, arrays, symbol):
        """A symbol's (K, rows, ...), a view of arrays (K, ...) by parameter."""
        name, rows = self.rows(arrays, symbol)
        return arrays[name][:, rows]


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


class Bound:
    """What is found once for an arena: where parameters go.

    copies: (array, parameter, its rows), to be copied; joined: (array by name, parameter) where all
    of it is one product's; masked: products that are masked besides; vectors: ``Joined``, to be
    summed; brought: names of arrays that come with a call.  whole: {array of a gradient: the
    parameter whose it is, because the blocks of both are those of one product, and of no other};
    back: a ``Back``.
    """

    def __init__(self, made, params, arena):
        places, dtype = made.places, np.dtype(made.dtype)
        K, H = (arena.sizes[axis] for axis in "KH")
        self.copies, self.joined, self.masked, self.vectors = [], [], [], []
        self.whole, self.back = {}, None
        uses = Counter(v.what.symbol for p in made.plan.program.products for v in p.values)
        for product in made.plan.program.products:
            symbols = [v.what.symbol for v in product.values]
            width = places.block(params, symbols[0]).shape[2]
            weights = arena.get(f"weights_{product.name}", (K, len(symbols) * H, width), dtype)
            whole = places.whole.get(product.name)
            if whole:
                self.joined.append((f"weights_{product.name}", whole))
                gradient = f"dweights_{product.name}"
                if gradient in made.known and all(uses[symbol] == 1 for symbol in symbols):
                    self.whole[gradient] = whole
            elif any(v.what.mask for v in product.values):
                self.masked.append(product)
            else:
                for k, symbol in enumerate(symbols):
                    name, rows = places.rows(params, symbol)
                    self.copies.append((weights[:, k * H : (k + 1) * H], name, rows))
        if "prelude" not in made.call:
            self.vectors = [Joined(made, names, params, arena) for names in neighbours(places)]
        self.brought = {*(name for name, _ in self.joined), *(v.name for v in places.constants)}


def bound(made, params, arena):
    """The ``Bound`` of an arena, made at first use."""
    if arena.bound is None:
        arena.bound = Bound(made, params, arena)
    return arena.bound


def prepare(made, params, options, arena, brought):
    """Fill the arena with joined weights, vectors and what depends on parameters alone.

    brought receives by name what generated code takes besides: constants, and matrices, as they lie
    where there is one sequence, since a product then reads each weight once.
    """
    places, dtype = made.places, np.dtype(made.dtype)
    K, _, B, _, H = arena.sizes.values()
    found = bound(made, params, arena)
    for array, name in found.joined:
        p = params[name]
        if B > 1 or not arena.readable(p, dtype):
            p = arena.arrays[array]
            np.copyto(p, params[name], casting="same_kind")
        brought[array] = p
    for out, name, rows in found.copies:
        np.copyto(out, params[name][:, rows], casting="same_kind")
    for product in found.masked:
        weights = arena.arrays[f"weights_{product.name}"]
        for k, v in enumerate(product.values):
            block = places.block(params, v.what.symbol)
            block = _masked(block, v.what, options) if v.what.mask else block
            np.copyto(weights[:, k * H : (k + 1) * H], block, casting="same_kind")
    constants = {v.name: dtype.type(options[v.what]) for v in places.constants}
    brought.update(constants)
    for value in places.clocks:
        out = arena.get(f"clock_{value.name}", (H * B,), np.int64)
        out.reshape(H, B)[...] = options[value.what][:, None]
    if "prelude" in made.call:
        for name, value in _prelude(made, params, options, arena, constants).items():
            arena.get(name, (K, H * B), dtype).reshape(K, H, B)[...] = value[..., None]
    for vectors in found.vectors:
        vectors.sum_up(params)


def _prelude(made, params, options, arena, constants):
    """{vector: (K, H)}, of all nets: parameters, and what is made of them before the loop."""
    places, dtype = made.places, np.dtype(made.dtype)
    K, H = (arena.sizes[axis] for axis in "KH")
    flat = constants | {f"clock_{v.name}": np.tile(options[v.what], K) for v in places.clocks}
    for name, symbols in places.vectors.items():
        total = sum(places.block(params, s).astype(dtype, copy=False) for s in symbols)
        flat[f"vector_{name}"] = np.ascontiguousarray(total).reshape(K * H)
    arguments = made.arguments["prelude"]
    for a in arguments:
        if a.kind == "vector":
            flat.setdefault(a.name, np.empty(K * H, dtype))
    made.call["prelude"](*(flat.get(a.name, arena.arrays.get(a.name)) for a in arguments))
    arena.prelude = flat
    return {n: v.reshape(K, H) for n, v in flat.items() if n.startswith("vector_")}


def _masked(array, weight, options):
    """A weight, or its gradient, without what ``slower`` keeps from the units."""
    period = options[weight.mask]
    return array * (period[None, :] >= period[:, None])


class Back:
    """What is found once for an arena: where gradients come from, once generated code has run.

    joined: ``Joined`` vectors whose gradients are the parameters'; totals: (gradient of a vector,
    the same by sequence, or None), to be summed over sequences; shares: (parameter, rows, gradient,
    weight to mask it by, whether another came before); rest: (parameter, rows) that nothing depends
    on.
    """

    def __init__(self, made, params, arena, whole):
        places, program, dtype = made.places, made.plan.program, np.dtype(made.dtype)
        K, H = (arena.sizes[axis] for axis in "KH")
        self.totals, self.shares, self.dvectors, self.joined = [], [], {}, []
        missing = {s for s, (name, *_) in places.symbols.items() if name not in whole.values()}

        def share(symbol, gradient, weight=None):
            again = symbol not in missing
            self.shares.append((*places.rows(params, symbol), gradient, weight, again))
            missing.discard(symbol)

        for product in program.products:
            name = f"dweights_{product.name}"
            if name in arena.arrays and name not in whole:
                for k, v in enumerate(product.values):
                    rows = arena.arrays[name][:, k * H : (k + 1) * H]
                    share(v.what.symbol, rows, v.what if v.what.mask else None)
        alone = dict(places.vectors)
        for vectors in arena.bound.vectors:
            symbols = {s for name in vectors.names for s in places.vectors[name]}
            if vectors.gradients is not None and symbols <= missing:
                self.joined.append(vectors)
                missing -= symbols
                for name in vectors.names:
                    del alone[name]
        for name in (*alone, *(v.name for v in program.prelude.values)):
            given = arena.arrays.get(f"dvector_{name}")
            if given is not None and given.size == K * H:
                total = given
            else:
                total = arena.get(f"total_{name}", (K, H), dtype)
                self.totals.append((total, None if given is None else given.reshape(K, H, -1)))
            self.dvectors[f"dvector_{name}"] = total.reshape(K * H)
        for name, symbols in alone.items():
            for symbol in symbols:
                share(symbol, self.dvectors[f"dvector_{name}"].reshape(K, H))
        self.rest = [places.rows(params, symbol) for symbol in missing]


def gradients(made, params, options, arena, own):
    """The gradients by the names of the parameters; own: arrays by name, those of ``whole`` too."""
    found, dtype = bound(made, params, arena), np.dtype(made.dtype)
    if found.back is None:
        found.back = Back(made, params, arena, found.whole)
    back, grads = found.back, {name: own[array] for array, name in found.whole.items()}
    for name, p in params.items():
        if name not in grads:
            grads[name] = arena.result(f"grads_{name}", p.shape, dtype)
    for vectors in back.joined:
        first, *other = (vectors.of(grads, part) for part in vectors.parts)
        if vectors.gradients.shape[-1] == 1:
            np.copyto(first, vectors.gradients[..., 0])
        else:
            np.add.reduce(vectors.gradients, axis=3, out=first)
        for out in other:
            np.copyto(out, first)
    for total, given in back.totals:
        if given is None:
            total[...] = 0
        else:
            given.sum(axis=2, out=total)
    if "prelude_backward" in made.call:
        known = arena.arrays | arena.prelude | back.dvectors
        made.call["prelude_backward"](*(known[a.name] for a in made.arguments["prelude_backward"]))
    for name, rows, gradient, weight, again in back.shares:
        out = grads[name][:, rows]
        if weight is not None:
            gradient = _masked(gradient, weight, options)
        if again:
            out += gradient
        else:
            np.copyto(out, gradient)
    for name, rows in back.rest:
        grads[name][:, rows] = 0
    return {name: grads[name] for name in params}
