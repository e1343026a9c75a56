"""Every cell by generated Triton kernels and products of cuBLAS: ``backend="graph"``.

The gradient is that of the generated code; many gradients at once, and the gradient of a gradient,
come from the eager loop, run again when they are asked for.
"""

import contextlib

import torch

from course_utils.torch_nn import function, modes
from course_utils.torch_nn.gpu import modules, persistent, steps
from course_utils.torch_nn.gpu.arena import Arena, Shape
from course_utils.torch_nn.gpu.pool import Pool, Recorder
from course_utils.torch_nn.gpu.schedule import schedule
from course_utils.torch_nn.unroll import unroll as unroll_eagerly

POOL = Pool(Arena, Recorder())

# private, so that it may be missing: then an arena comes back when the graph is gone
keeps_graph = getattr(torch._C._autograd, "_get_current_graph_task_keep_graph", lambda: True)

FEW = 4
"""From how many steps on ``auto`` takes this path: an estimate, not measured on any GPU."""

DTYPES = (torch.float64, torch.float32, torch.bfloat16, torch.float16)


class Launched(torch.autograd.Function):
    """x (T, B, D), states (B, H), further inputs (T, B, H) and parameters -> y, last states,
    and, of a cell with further inputs, every state of the way, (T, B, H) each.

    run: ``function.Run``, what is no tensor.
    """

    @staticmethod
    def forward(ctx, run, x, *tensors):
        """The values; see the class."""
        ctx.run = run
        ctx.save_for_backward(x, *tensors)
        shape = _shape(run, x, tensors, ctx.needs_input_grad[1:])
        with _quietly(x.device):
            ctx.lease = lease = POOL.lease(shape)
            persistent.check(lease.arena, POOL)
            _load(lease.arena, run, x, tensors)
            lease.run("forward", steps.forward)
            outputs = _outputs(lease.arena, run, x)
            lease.done()
        ctx.mark_non_differentiable(*(s for s in outputs if not s.is_floating_point()))
        return outputs

    @staticmethod
    def backward(ctx, dy, *rest):
        """The gradients of whatever needs one; the eager loop's where they are asked for again."""
        tensors = ctx.saved_tensors  # complains if one was changed since, or all were freed
        # create_graph: somebody will differentiate this; vmap: dy is many gradients and no array
        if torch.is_grad_enabled() or function.batched(dy, *rest):
            return None, *function.again(ctx, tensors, (dy, *rest))
        run, lease = ctx.run, ctx.lease
        with _quietly(dy.device):
            lease.wait()
            persistent.check(lease.arena, POOL)
            _load_gradients(lease.arena, run, dy, rest)
            lease.run("backward", steps.backward)
            found = _gradients(lease.arena, run, rest, ctx.needs_input_grad[1:])
            lease.done()
        if not keeps_graph():  # though whoever holds the loss holds this: nobody comes again
            lease.give_back()
        return None, *found


def unroll(key, p, x, state, *, active=None, resets=None, reverse=False, config=None, **inputs):
    """``torch_nn.unroll.unroll`` on a GPU: one direction of one layer.

    p, parameters by the spec's names, biases or not; x (T, B, D); state, tuple of (B, H); active
    (T, B) bool, the first steps of each row, or None; resets (T, B) bool or None; reverse runs from
    the last step of each row to its first; inputs, each (T, B, H).  Returns y (T, B, H), the last
    states, and every state of the way as the loop does, or None for a cell without inputs.  Under
    autocast all of these are in its dtype, as those of nn.LSTM are.
    """
    given = {"active": active, "resets": resets, "reverse": reverse, "config": config}
    if 0 in x.shape[:2]:
        return unroll_eagerly(key, p, x, state, **given, **inputs)
    device = x.device.type
    if torch.is_autocast_enabled(device) and x.dtype != torch.float64:
        dtype = torch.get_autocast_dtype(device)
        x, state = x.to(dtype), tuple(_to(dtype, s) for s in state)
        p, inputs = ({n: v.to(dtype) for n, v in of.items()} for of in (p, inputs))
    with torch.autocast(device, enabled=False):
        return function.unroll(Launched.apply, key, p, x, state, **given, **inputs)


def _to(dtype, tensor):
    return tensor.to(dtype) if tensor.is_floating_point() else tensor


@contextlib.contextmanager
def _quietly(device):
    """On a device, without autocast, which would choose other precisions, and without autograd.

    Arrays made in inference mode could not be written to outside of it, and they are used again.
    """
    with contextlib.ExitStack() as stack:
        stack.enter_context(torch.inference_mode(False))
        stack.enter_context(torch.no_grad())  # the line before switches it on
        stack.enter_context(torch.autocast(device.type, enabled=False))
        if device.type == "cuda":
            stack.enter_context(torch.cuda.device(device))
        yield


def _shape(run, x, tensors, needed):
    """The ``Shape`` of a call."""
    first = len(run.spec.states)
    needed = [need and run.grad for need in needed]
    x_and_inputs = (needed[0], *needed[1 + first : 1 + first + len(run.inputs)])
    return Shape(
        schedule(run.spec), *x.shape, tensors[0].shape[-1], x.dtype, x.device,
        begins=run.resets is not None or run.lengths is not None, ends=run.lengths is not None,
        grad=any(needed), inputs=any(x_and_inputs),
        weights=any(needed[1 + first + len(run.inputs) :]),
        given=run.params, constants=tuple(run.spec.options(run.config).items()),
        products=_products(),
    )  # fmt: skip


def _products():
    """PyTorch's settings that decide in which precision products are added up."""
    on = torch.backends.cuda.matmul
    single = getattr(on, "fp32_precision", None)  # since torch 2.9, where who sets it must read it
    return (
        torch.get_float32_matmul_precision() if single is None else single,
        getattr(torch.backends, "fp32_precision", None),
        on.allow_bf16_reduced_precision_reduction, on.allow_fp16_reduced_precision_reduction,
        getattr(on, "allow_fp16_accumulation", None),
    )  # fmt: skip


def _copy(pairs):
    """Copy the second of each pair into the first, in few launches where they are alike."""
    by_type = {}
    for into, value in pairs:
        by_type.setdefault((into.dtype, value.dtype), []).append((into, value))
    for alike in by_type.values():
        torch._foreach_copy_(*map(list, zip(*alike, strict=True)))


def _load(arena, run, x, tensors):
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


def _outputs(arena, run, x):
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


def _load_gradients(arena, run, dy, rest):
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


def _gradients(arena, run, dlast, wanted):
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


def not_worth_it(layer, call):
    """Why ``auto`` leaves this call to the loop though these kernels could serve it, or None.

    Copying parameters and input to where a graph finds them costs what a few steps do.
    """
    T = call.x.shape[0]
    return f"its kernels pay from {FEW} steps on, this call has {T}" if T < FEW else None


def obstacle(layer, call):
    """Why these kernels cannot serve this call, or None where they can."""
    x = call.x
    if modes.recorded() or modes.transformed():
        return "its kernels cannot be transformed, traced or compiled again"
    if x.device.type not in ("cuda", "cpu" if modules.interpreting() else "cuda"):
        return f"the input is on {x.device}, its kernels are for a CUDA device"
    if not modes.concrete(x) or torch._C._len_torch_dispatch_stack():
        return "its kernels need an input with numbers, in a plain tensor"
    if x.dtype not in DTYPES:
        return f"the input is {x.dtype}, its kernels take float64, float32, bfloat16 or float16"
    if modules.missing():
        return "its kernels need Triton, of which there are wheels for Linux: pip install triton"
    if x.device.type == "cuda" and modules.interprets():
        return "Triton interprets in this process (TRITON_INTERPRET)"
    if not POOL.recorder.forbids() and modules.broken(x.device):  # no trial inside a capture
        return f"Triton does not work on {x.device} ({modules.broken(x.device)})"
    if torch.are_deterministic_algorithms_enabled() and schedule(layer.key).scattered:
        return "its kernels add up some gradients in no fixed order, deterministic ones are asked"
    return None
