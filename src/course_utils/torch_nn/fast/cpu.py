"""One direction of one layer on the CPU, computed by ``numpy_nn.fast``, derived by autograd.

Tensors and arrays share memory, so nothing is copied on the way in.  The gradient is the tuned
layer's own; the gradient of the gradient comes from the eager loop, run again when it is asked for.
"""

import functools

import torch

from course_utils.specs import SPECS, get_spec
from course_utils.torch_nn import modes
from course_utils.torch_nn.unroll import unroll as unroll_eagerly

SPARE = 8
"""Workspaces kept for the next call of the same sizes."""

_spare = []  # (sizes and dtype, workspace), the one returned last at the end


@functools.cache
def tuned():
    """``numpy_nn.fast``, loaded at first use."""
    from course_utils.numpy_nn import fast

    return fast


def keys():
    """The cells covered: those without further inputs and constants."""
    return tuple(key for key, spec in SPECS.items() if not (spec.inputs or spec.config))


def obstacle(layer, call):
    """Why compiled code cannot serve this call, or None where it can."""
    x = call.x
    if modes.recorded() or modes.transformed():
        return "compiled code cannot be transformed, traced or compiled again"
    if layer.key not in keys():
        return f"there is no compiled code for {layer.key}"
    if layer.config:
        return f"compiled code has the constants of {layer.key} built in, a config changes them"
    if call.lengths is not None:
        return "compiled code knows no lengths"
    if call.resets is not None:
        return "compiled code knows no resets"
    if x.device.type != "cpu":
        return f"the input is on {x.device}, compiled code is for the CPU"
    if x.dtype not in (torch.float32, torch.float64):
        return f"the input is {x.dtype}, compiled code takes float32 or float64"
    if torch.is_autocast_enabled("cpu"):
        return "compiled code knows no autocast"
    if not modes.concrete(x) or torch._C._len_torch_dispatch_stack():
        return "compiled code needs an input with numbers, in a plain tensor"
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
        # create_graph: somebody will differentiate this; vmap: dy is many gradients and no array
        if torch.is_grad_enabled() or batched(dy, *dlast):
            return None, None, *again(ctx, tensors, (dy, *dlast))
        dx, dstate0, grads = tuned().unroll_backward(
            ctx.tape, dy.numpy(), tuple(d.numpy() for d in dlast)
        )
        gradients = [dx, *dstate0, *(grads[name] for name in ctx.names)]
        wanted = zip(gradients, ctx.needs_input_grad[2:], strict=True)
        return None, None, *(owned(g) if need else None for g, need in wanted)


def batched(*tensors):
    """Whether one of them belongs to vmap, ``is_grads_batched`` or ``jacobian(vectorize=True)``."""
    functorch = torch._C._functorch
    return any(
        functorch.is_batchedtensor(t) or functorch.is_legacy_batchedtensor(t) for t in tensors
    )


def owned(array):
    """A contiguous tensor of its own: the array is overwritten by the next call."""
    if array.flags.c_contiguous:
        return torch.from_numpy(array.copy())  # quicker for small ones
    return torch.from_numpy(array).clone(memory_format=torch.contiguous_format)


def again(ctx, tensors, cotangents):
    """The gradients once more, by the eager loop, as functions of tensors and cotangents."""
    differentiable = torch.is_grad_enabled()
    count = len(tensors) - 1 - len(ctx.names)
    params = dict(zip(ctx.names, tensors[1 + count :], strict=True))
    wanted = [t for t, need in zip(tensors, ctx.needs_input_grad[2:], strict=True) if need]
    with torch.enable_grad():
        y, last, _ = unroll_eagerly(ctx.key, params, tensors[0], tensors[1 : 1 + count])
        gradients = torch.autograd.grad(
            (y, *last), wanted, cotangents, create_graph=differentiable, allow_unused=True
        )
    gradients = iter(gradients)
    return [next(gradients) if need else None for need in ctx.needs_input_grad[2:]]


def unroll(key, p, x, state, *, active=None, resets=None, reverse=False, config=None):
    """``torch_nn.unroll.unroll``, compiled: one direction of one layer.

    p, parameters by the spec's names, biases or not; x (T, B, D); state, tuple of (B, H); active,
    resets and config are for the loop, ``obstacle`` keeps them out.  Returns y (T, B, H), the last
    states, and None where the loop has every state of the way.
    """
    y, *last = Fused.apply(key, tuple(p), x.flip(0) if reverse else x, *state, *p.values())
    return (y.flip(0) if reverse else y), tuple(last), None
