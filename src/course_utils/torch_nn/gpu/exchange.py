"""What a call is given goes to where a graph finds it; what it made becomes the caller's own."""

import torch


def _copy(pairs):
    """Copy the second of each pair into the first, in few launches where they are alike."""
    by_type = {}
    for into, value in pairs:
        by_type.setdefault((into.dtype, value.dtype), []).append((into, value))
    for alike in by_type.values():
        torch._foreach_copy_(*map(list, zip(*alike, strict=True)))


def load(arena, run, x, tensors):
    """Copy what a call is given to where kernels and products find it."""
    states, inputs, params = run.take_apart(tensors)
    pairs = [(arena["all_x"], x)]
    pairs += [(arena[f"input_{name}"], value) for name, value in inputs.items()]
    pairs += [(arena[f"param_{name}"], value) for name, value in params.items()]
    for name, value in zip(run.spec.states, states, strict=True):
        pairs += [(start, value) for start in arena.starts(name)]
    _copy(pairs)
    if arena.shape.begins:
        begins = run.resets if run.lengths is None else run.beyond(x)
        if run.resets is not None and run.lengths is not None:
            begins = begins | run.resets
        arena["begins"].copy_(begins)
        arena["begins"][0] = True
    if arena.shape.ends:
        step = torch.arange(1, len(x) + 1, device=x.device)[:, None]
        arena["ends"].copy_(step == run.lengths)


def outputs(arena, run, x):
    """y, last states and, where they are handed up, all of them: the caller's own."""
    B = x.shape[1]
    found = [arena["all_y"], *(arena[f"states_{s}_next"] for s in run.handed_up)]
    if run.lengths is None:
        found = [a.clone() for a in found]
    else:
        beyond = run.beyond(x)[..., None]
        found = [a.masked_fill(beyond, 0) for a in found]
    y, *way = (a.to(x.dtype) for a in found)
    last = []
    for state in run.spec.states:
        after = arena[f"states_{state}_next"]
        if run.lengths is None:
            end = after[-1].clone()
        else:
            end = after[(run.lengths - 1).clamp(min=0), torch.arange(B, device=x.device)]
            empty = (run.lengths == 0).view(B, *[1] * (end.dim() - 1))
            end = torch.where(empty, arena[f"first_states_{state}"], end)
        last.append(end.to(x.dtype) if end.is_floating_point() else end)
    return (y, *last, *way)


def load_gradients(arena, run, dy, rest):
    """Copy the gradients of the outputs to where the way back begins."""
    plan, states = arena.schedule.plan, run.spec.states
    dlast = dict(zip(states, rest, strict=False))
    dway = dict(zip(run.handed_up, rest[len(states) :], strict=True))
    if run.lengths is not None:
        beyond = run.beyond(dy)[..., None]
        dy = dy.masked_fill(beyond, 0)
        dway = {n: d.masked_fill(beyond, 0) for n, d in dway.items()}
    arena["all_dy"].copy_(dy)
    for state in plan.flowing:
        carried, d = arena[f"carried_{state}"], dlast[state]
        if arena.shape.ends:
            carried.zero_()
            arena.new(f"dlast_{state}", carried.shape, arena.real).copy_(d)
        else:
            carried.copy_(d)
        if arena.shape.begins:
            arena.new(f"dfirst_{state}", carried.shape, arena.real).zero_()
        if state in dway:
            arena[f"dstates_{state}"].copy_(dway[state])


def gradients(arena, run, dlast, wanted):
    """The gradients of x, states, inputs and parameters, the caller's own; None where unwanted."""
    kind = "dfirst" if arena.shape.begins else "carried"
    states = [f"{kind}_{s}" if s in arena.schedule.plan.flowing else None for s in run.spec.states]
    names = ["grad_x", *states, *(f"grad_{name}" for name in run.names)]
    names = [name if want else None for name, want in zip(names, wanted, strict=True)]
    pairs = [(torch.empty_like(arena[n], dtype=arena.low), arena[n]) for n in names if n]
    _copy(pairs)
    given = iter(copy for copy, _ in pairs)
    found = [name and next(given) for name in names]
    if run.lengths is not None:  # of a sequence without steps, the last state is the first
        for total, d in zip(found[1 : 1 + len(states)], dlast, strict=False):
            if total is not None:
                empty = (run.lengths == 0).view(-1, *[1] * (d.dim() - 1))
                total += torch.where(empty, d, 0)
    return found
