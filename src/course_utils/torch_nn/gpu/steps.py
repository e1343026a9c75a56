"""A cell over time on a device: hoisted products, then kernels and products step by step.

Per step and level one product by cuBLAS and one kernel, forward and backward; all that needs no
order in time is one product over all steps.  Everything is written into the arrays of an ``Arena``.
"""

import torch

from course_utils.torch_nn.gpu import modules, parameters, persistent

INDEX = 2**31 - 1
"""Kernels count in 32 bits: no launch reaches further into an array than this."""


def forward(arena):
    """y, the states and what the way back needs, from x, the first states and the parameters."""
    parameters.prepare(arena)
    _launch_all(arena, "prelude", "forward", 0)
    for product in arena.schedule.hoisted:
        _multiply(arena, product, None)
    if persistent.obstacle(arena.shape) or not persistent.forward(arena):
        loop_forward(arena)
    for level in range(arena.schedule.stage("readout").levels):
        for product in arena.schedule.products.get(("readout", level), ()):
            _multiply(arena, product, None)
        _launch_all(arena, "readout", "forward", level)


def loop_forward(arena):
    """Every time step, one after the other."""
    levels = range(arena.schedule.stage("loop").levels)
    for t in range(arena.shape.T):
        if arena.shape.begins:
            _begin(arena, t)
        for level in levels:
            for product in arena.schedule.products.get(("loop", level), ()):
                _multiply(arena, product, t)
            _launch(arena, "loop", "forward", level, t)


def backward(arena):
    """The gradients, from those of y and of the last states, after ``forward``."""
    for name in arena.schedule.arrays:
        if name.startswith(("dvector_", "back_")):
            arena[name].zero_()
    for level in reversed(range(arena.schedule.stage("readout").levels)):
        _launch_all(arena, "readout", "backward", level)
        for product in arena.schedule.products.get(("readout", level), ()):
            dproduct = arena.rows(arena.schedule.dproduct(product))
            torch.mm(dproduct, arena[f"weights_{product.name}"], out=arena.rows(_back(product)))
    if persistent.obstacle(arena.shape) or not persistent.backward(arena):
        loop_backward(arena)
    parameters.gradients(arena)
    _launch_all(arena, "prelude", "backward", 0)
    parameters.hand_over(arena)


def loop_backward(arena):
    """Every time step, the last one first."""
    plan, T = arena.schedule.plan, arena.shape.T
    levels = range(arena.schedule.stage("loop").levels)
    for t in reversed(range(T)):
        if arena.shape.ends:
            _end(arena, t)
        for level in reversed(levels):
            _launch(arena, "loop", "backward", level, t)
            for product in arena.schedule.products.get(("loop", level), ()):
                dproduct = arena.flat(arena.schedule.dproduct(product))[t]
                weights = arena[f"weights_{product.name}"]
                torch.mm(dproduct, weights, out=arena.flat(_back(product))[t])
        # a last state's gradient, which this step has taken; nobody writes there afterwards
        for state in plan.untouched if t == T - 1 or arena.shape.ends else ():
            arena[f"carried_{state}"].zero_()
        for state in plan.apart:
            arena[f"carried_{state}"].copy_(arena[f"carry_{state}"])
        if arena.shape.begins:
            _divert(arena, t)


def _back(product):
    return f"{'backs' if product.whole else 'back'}_{product.name}"


def _multiply(arena, product, t):
    """A product at a step, or at all steps at once."""
    into = f"{'products' if product.whole else 'product'}_{product.name}"
    turned = arena[f"weights_{product.name}"].t()
    if t is None:
        torch.mm(arena.rows(arena.operand(product)), turned, out=arena.rows(into))
    else:
        torch.mm(arena.flat(arena.operand(product))[t], turned, out=arena.flat(into)[t])


# -- kernels ---------------------------------------------------------------------------------------


def _launch(arena, stage, direction, level, t):
    """The kernels of a level at a step."""
    for kernel in arena.schedule.kernels.get((stage, direction, level), ()):
        arrays = {name: arena.steps(name)[t] for name in kernel.pointers}
        _run(arena, kernel, arrays, arena.shape.B)
        for target, operand in kernel.largest:
            _amax(arena, kernel, operand, arena.steps(operand)[t], arena.steps(target)[t])


def _launch_all(arena, stage, direction, level):
    """The kernels of a level for all steps at once, their rows one below the other.

    In as many launches as an index of 32 bits asks for.
    """
    T, B, H = arena.shape.T, arena.shape.B, arena.shape.H
    for kernel in arena.schedule.kernels.get((stage, direction, level), ()):
        arrays = {name: arena.pointer(name) for name in kernel.pointers}
        if stage == "prelude":
            _run(arena, kernel, arrays, 1)
            continue
        timed = {n for n, a in arrays.items() if a is not None and arena.timed(n)}
        widest = max(arrays[n][0].numel() for n in timed)
        most = max(1, INDEX // max(widest, B * H))
        for start in range(0, T, most):
            part = {n: a[start : start + most] if n in timed else a for n, a in arrays.items()}
            _run(arena, kernel, part, B * min(most, T - start))
        for target, operand in kernel.largest:
            _amax(arena, kernel, operand, arena[operand].flatten(0, 1), arena[target].flatten())


def _run(arena, kernel, arrays, rows):
    H = arena.shape.H
    domain = "units" if kernel.body.stage == "prelude" else kernel.body.domain
    size = {"units": H, "row": rows, "unit": rows * H, "matrix": rows * H * H}[domain]
    block = modules.block(size)
    getattr(arena.schedule.module, kernel.name)[(-(-size // block),)](
        *arrays.values(), rows, H, *(arena.options[s] for s in kernel.scalars),
        REAL=modules.real(arena.low), BLOCK=block,
        enable_fp_fusion=True,  # what Triton does up to 3.9, where leaving it out gives a warning
    )  # fmt: skip


def _amax(arena, kernel, operand, vectors, out):
    """The largest number of each row: no kernel of ours computes that."""
    if vectors.dim() == 3:  # the blocks of a product
        from_product = [p for _, p in kernel.body.loads if p.array == operand]
        vectors = vectors[:, from_product[0].block]
    torch.amax(vectors, -1, out=out)


# -- rows that start anew, or end, between the steps: launches of their own ------------------------


def _begin(arena, t):
    """The states before a step: those after the last one, or the first ones."""
    for of in arena.carried_over:
        first = arena[f"first_{of}"]
        if t == 0:
            arena[of][0].copy_(first)
            continue
        anew = arena["begins"][t].view(-1, *[1] * (first.dim() - 1))
        torch.where(anew, first, arena[f"{of}_next"][t - 1], out=arena[of][t])


def _end(arena, t):
    """Where a row ends with this step the gradient of its last state arrives."""
    for state in arena.schedule.plan.flowing:
        carried, last = arena[f"carried_{state}"], arena[f"dlast_{state}"]
        here = arena["ends"][t].view(-1, *[1] * (last.dim() - 1))
        torch.where(here, last, carried, out=carried)


def _divert(arena, t):
    """Where a row started anew at this step its gradient goes to the first states."""
    backs = [p for p in arena.schedule.program.products if p.operand.op == "before"]
    for state in arena.schedule.plan.flowing:
        streams = [arena[f"carried_{state}"]]
        streams += [arena[_back(p)][:, 0] for p in backs if p.operand.what == state]
        into = arena[f"dfirst_{state}"]
        anew = arena["begins"][t].view(-1, *[1] * (into.dim() - 1))
        for stream in streams:
            into.add_(torch.where(anew, stream, 0))
            stream.masked_fill_(anew, 0)
