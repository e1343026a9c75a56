"""Every cell by generated Triton kernels and products of cuBLAS: ``backend="graph"``.

The gradient is that of the generated code; many gradients at once, and the gradient of a gradient,
come from the eager loop, run again when they are asked for.
"""

import contextlib

import torch

from course_utils.torch_nn import function, modes
from course_utils.torch_nn.gpu import exchange, modules, persistent, steps
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

        def compute():
            ctx.lease = lease = POOL.lease(shape)
            persistent.check(lease.arena, POOL)
            exchange.load(lease.arena, run, x, tensors)
            lease.run("forward", steps.forward)
            outputs = exchange.outputs(lease.arena, run, x)
            lease.done()
            return outputs

        outputs = _with_room(compute, x.device)
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

        def compute():
            lease.wait()
            persistent.check(lease.arena, POOL)
            exchange.load_gradients(lease.arena, run, dy, rest)
            lease.run("backward", steps.backward)
            found = exchange.gradients(lease.arena, run, rest, ctx.needs_input_grad[1:])
            lease.done()
            return found

        found = _with_room(compute, dy.device)
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


def _with_room(compute, device):
    """compute() quietly; where memory does not suffice, once more without what the pool keeps."""
    with _quietly(device):
        with contextlib.suppress(torch.cuda.OutOfMemoryError):
            return compute()
        POOL.release()
        return compute()


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
        return "algorithms must be deterministic, its kernels add up some sums in no fixed order"
    return None
