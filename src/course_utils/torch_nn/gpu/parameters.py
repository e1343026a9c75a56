"""Parameters as products and kernels take them, and their gradients on the way back."""

import torch


def prepare(arena):
    """Stack the weights of each product, add the biases of each gate."""
    places = arena.schedule.places
    for product in arena.schedule.program.products:
        name, whole = f"weights_{product.name}", places.whole.get(product.name)
        if whole:  # the parameter as it is
            arena.arrays[name] = arena[f"param_{whole}"]
            continue
        blocks = [_block(arena, "param", v.what.symbol) for v in product.values]
        H, width = blocks[0].shape
        weights = arena.new(name, (len(blocks) * H, width), arena.low)
        for k, (v, block) in enumerate(zip(product.values, blocks, strict=True)):
            out = weights[k * H : (k + 1) * H]
            if v.what.mask is None:
                out.copy_(block)
            else:
                torch.mul(block, arena.mask(v.what.mask), out=out)
    for name, symbols in places.vectors.items():
        vector = arena[f"vector_{name}"]
        for n, symbol in enumerate(symbols):
            block = _block(arena, "param", symbol)
            vector.add_(block) if n else vector.copy_(block)


def _block(arena, kind, symbol):
    """A symbol's part of its parameter, or of the gradient of that."""
    name, k, of = arena.schedule.places.symbols[symbol]
    whole = arena[f"{kind}_{name}"]
    rows = len(whole) // of
    return whole[k * rows : (k + 1) * rows]


def gradients(arena):
    """Of inputs, first states and vectors: large products and sums, after the loop.

    What the prelude made of the parameters is not yet followed back to them.
    """
    schedule, shape, sums = arena.schedule, arena.shape, {}
    for product in schedule.program.products:
        dproduct = schedule.dproduct(product)
        if dproduct not in schedule.arrays:
            continue
        if shape.inputs and product in schedule.hoisted:
            name = product.operand.what
            into = arena.new(f"grad_{name}", arena[arena.operand(product)].shape, arena.low)
            weights = arena[f"weights_{product.name}"]
            torch.mm(arena.rows(dproduct), weights, out=into.view(shape.T * shape.B, -1))
        for vector, (of, block) in schedule.plan.derivative.sums.items():
            if of == product.name and shape.weights:
                if of not in sums:
                    rows = arena.rows(dproduct)
                    out = arena.new(f"sums_{of}", rows.shape[1:], arena.real)
                    sums[of] = torch.sum(rows, 0, dtype=arena.real, out=out)
                columns = sums[of].view(len(product.values), -1)
                arena[f"dvector_{vector}"].copy_(columns[block])


def hand_over(arena):
    """Gradients as the caller gets them: ``grad_`` and the name of an input, state or parameter."""
    schedule, shape = arena.schedule, arena.shape
    inputs = [(name, f"input_{name}", f"dinput_{name}") for name in schedule.spec.inputs]
    for name, given, own in (("x", "all_x", "all_dx"), *inputs) if shape.inputs else ():
        into = arena.new(f"grad_{name}", arena[given].shape, arena.low)  # zero if nothing reads it
        if own in schedule.arrays:  # some kernel reads it unit by unit
            multiplied = any(p.operand.what == name for p in schedule.hoisted)
            into.add_(arena[own]) if multiplied else into.copy_(arena[own])
    for state in schedule.plan.flowing:
        if not shape.begins:  # else all of it was led aside
            total = arena[f"carried_{state}"]
            for product in schedule.program.products:
                if product.operand.op == "before" and product.operand.what == state:
                    total.add_(arena[f"back_{product.name}"][:, 0])
    if shape.weights:
        _of_parameters(arena)


def _of_parameters(arena):
    schedule, places = arena.schedule, arena.schedule.places
    missing = set(places.symbols)
    for name, size in schedule.spec.shapes(arena.shape.D, arena.shape.H).items():
        arena.new(f"grad_{name}", size, arena.low)

    def give(symbol, value):
        into = _block(arena, "grad", symbol)
        if symbol in missing:
            missing.remove(symbol)
            into.copy_(value)
        else:  # another equation has given its part
            into.add_(value)

    for product in schedule.program.products:
        if schedule.dproduct(product) not in schedule.arrays:
            continue
        turned = arena.rows(schedule.dproduct(product)).t()
        operand = arena.rows(arena.operand(product))
        symbols = [v.what.symbol for v in product.values]
        whole = places.whole.get(product.name)
        if whole and missing.issuperset(symbols):
            missing.difference_update(symbols)
            torch.mm(turned, operand, out=arena[f"grad_{whole}"])
            continue
        size = turned.shape[0], operand.shape[1]
        dweights = arena.new(f"dweights_{product.name}", size, arena.low)
        torch.mm(turned, operand, out=dweights)
        parts = dweights.chunk(len(product.values))
        for v, part in zip(product.values, parts, strict=True):
            mask = v.what.mask
            give(v.what.symbol, part if mask is None else part * arena.mask(mask))
    for name, symbols in places.vectors.items():
        for symbol in symbols:
            give(symbol, arena[f"dvector_{name}"])
