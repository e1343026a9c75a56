"""One direction of one layer on the CPU, computed by ``numpy_nn.fast``, derived by autograd.

Tensors and arrays share memory, so nothing is copied on the way in.  The gradient is the tuned
layer's own; the gradient of the gradient comes from the eager loop, run again when it is asked for.
"""

import functools

import torch

from course_utils.specs import get_spec
from course_utils.torch_nn.unroll import unroll as unroll_eagerly

KEYS = (
    "rnn",
    "rnn_relu",
    "lstm",
    "lstm_1997",
    "lstm_peephole",
    "lstm_gers2002",
    "lstm_coupled",
    "lstm_cifg",
    "lstm_nig",
    "lstm_nfg",
    "lstm_nog",
    "lstm_niaf",
    "lstm_noaf",
    "gru",
    "gru_2014",
)
"""The cells covered: those of ``numpy_nn.fast``, which is not loaded before it is needed."""

SPARE = 8
"""Workspaces kept for the next call of the same sizes."""

_spare = []  # (sizes and dtype, workspace), the one returned last at the end


@functools.cache
def tuned():
    """``numpy_nn.fast``, loaded at first use."""
    from course_utils.numpy_nn import fast

    return fast


def obstacle(key, x, lengths=None, config=None):
    """Why this call cannot be fused, as 'argument: reason; remedy', or None where it can."""
    if key not in KEYS:
        return f"backend: there is no fused kernel for {key!r}; use 'auto'"
    if config:
        return f"config: the fused kernel has the constants of {key!r} built in; use 'auto'"
    if lengths is not None:
        return "lengths: the fused kernel runs every sequence to its end; use backend='auto'"
    if x.device.type != "cpu":
        return f"input: on {x.device}, the fused kernel is for the CPU; use backend='auto'"
    if x.dtype not in (torch.float32, torch.float64):
        return f"input: the fused kernel takes float32 or float64, got {x.dtype}; use 'auto'"
    if torch.is_autocast_enabled("cpu"):
        return "backend: the fused kernel knows no autocast; use backend='auto'"
    if (
        torch.compiler.is_compiling()
        or torch._C._are_functorch_transforms_active()
        or torch.autograd.forward_ad._current_level >= 0
    ):
        return "backend: the fused kernel cannot be transformed or compiled; use backend='auto'"
    return None


class Lease:
    """A workspace for one forward pass and its backward passes; goes back when nobody needs it."""

    def __init__(self, *place):
        self.place, self.workspace = place, None
        for item in reversed(_spare):
            if item[0] == place:
                try:
                    _spare.remove(item)
                except ValueError:  # another thread was quicker
                    continue
                self.workspace = item[1]
                return
        self.workspace = tuned().Workspace()

    def __del__(self):
        if self.workspace is not None:
            _spare.append((self.place, self.workspace))
            del _spare[:-SPARE]


class Fused(torch.autograd.Function):
    """x (T, B, D), states (B, H) and parameters -> y (T, B, H) and the last states."""

    @staticmethod
    def forward(ctx, key, names, x, *tensors):
        ctx.key, ctx.names = key, names
        ctx.save_for_backward(x, *tensors)
        arrays = [t.detach().numpy() for t in tensors]
        count = len(tensors) - len(names)
        params = dict(zip(names, arrays[count:], strict=True))
        H = arrays[0].shape[-1]
        for name, shape in get_spec(key).shapes(x.shape[-1], H).items():
            if name not in params:  # a layer without biases
                params[name] = torch.zeros(shape, dtype=x.dtype).numpy()
        ctx.lease = Lease(key, tuple(x.shape), H, x.dtype)
        y, last, ctx.tape = tuned().unroll(
            key, params, x.detach().numpy(), arrays[:count], ctx.lease.workspace
        )
        return owned(y), *map(owned, last)

    @staticmethod
    def backward(ctx, dy, *dlast):
        tensors = ctx.saved_tensors  # complains if one was changed since, or all were freed
        if torch.is_grad_enabled():  # create_graph: somebody will differentiate this
            return None, None, *again(ctx, tensors, (dy, *dlast))
        dx, dstate0, grads = tuned().unroll_backward(
            ctx.tape, dy.numpy(), tuple(d.numpy() for d in dlast)
        )
        found = [dx, *dstate0, *(grads[name] for name in ctx.names)]
        wanted = zip(found, ctx.needs_input_grad[2:], strict=True)
        return None, None, *(owned(g) if need else None for g, need in wanted)


def owned(array):
    """A contiguous tensor of its own: the array is overwritten by the next call."""
    if array.flags.c_contiguous:
        return torch.from_numpy(array.copy())  # quicker for small ones
    return torch.from_numpy(array).clone(memory_format=torch.contiguous_format)


def again(ctx, tensors, cotangents):
    """The gradients once more, by the eager loop, as functions of tensors and cotangents."""
    count = len(tensors) - 1 - len(ctx.names)
    params = dict(zip(ctx.names, tensors[1 + count :], strict=True))
    y, last, _ = unroll_eagerly(ctx.key, params, tensors[0], tensors[1 : 1 + count])
    wanted = [t for t, need in zip(tensors, ctx.needs_input_grad[2:], strict=True) if need]
    found = torch.autograd.grad(
        (y, *last), wanted, cotangents, create_graph=True, allow_unused=True
    )
    found = iter(found)
    return [next(found) if need else None for need in ctx.needs_input_grad[2:]]


def unroll(key, p, x, state, *, reverse=False):
    """Run one layer in one direction: ``torch_nn.unroll.unroll``, fused.

    p, parameters by the spec's names, biases or not; x (T, B, D); state, tuple of (B, H).  Returns
    y (T, B, H) and the last states.
    """
    y, *last = Fused.apply(key, tuple(p), x.flip(0) if reverse else x, *state, *p.values())
    return (y.flip(0) if reverse else y), tuple(last)
