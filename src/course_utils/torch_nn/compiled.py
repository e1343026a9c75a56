"""Every cell on the CPU by code compiled from its equations: ``backend="compiled"``.

Tensors and arrays share memory, so nothing is copied on the way in.  The gradient is that of the
generated code; many gradients at once, and the gradient of a gradient, come from the eager loop,
run again when they are asked for.
"""

from functools import cache
from importlib.util import find_spec

import numpy as np
import torch

from course_utils import compiled
from course_utils.compiled import Arena
from course_utils.torch_nn import function, modes

TRAINED, FORWARD = 32, 128
"""From how many steps on ``auto`` compiles: with gradients, and without."""

SHORTEST = {"gru": 128, "rnn": 320, "rnn_relu": 320}
"""From how many steps on ``auto`` compiles, with gradients, what PyTorch has a kernel for.

Those where compiled code is the quicker one: a training step of nets that are small enough took the
kernel 1.6 to 19 times as long, and 0.05 (GRU) or 0.02 ms (RNN) a time step longer at least.
An LSTM's kernel is not here: it is ahead at some sizes (``speed_cells`` in the ledger).
"""
SHARED = 2**20
"""Multiplications of a time step from which on PyTorch's threads could share them with profit."""

SPARE, MEMORY = 8, 2**28
"""Arenas, and bytes of them, that are kept for the next call of the same sizes."""

_spare = []  # (spec, precision and sizes, arena), the one returned last at the end


class Lease:
    """A workspace for one forward pass and its backward passes, from those that were used before.

    What a call returns is its own; the arrays behind it go back when the graph is gone.
    """

    def __init__(self):
        self.item = None

    def arena(self, spec, dtype, sizes):
        """The arrays of a cell at these sizes, as ``compiled.Workspace`` has them."""
        place = spec, str(dtype), tuple(sizes.values())
        for item in reversed(_spare.copy()):
            if item[0] == place:
                try:
                    _spare.remove(item)
                except ValueError:  # another thread was quicker
                    continue
                self.item = item
                return item[1]
        self.item = place, Arena(sizes, fresh=True)
        return self.item[1]

    def __del__(self):
        if self.item is not None:
            _spare.append(self.item)
            while len(_spare) > SPARE or sum(item[1].nbytes for item in _spare.copy()) > MEMORY:
                try:
                    del _spare[0]
                except IndexError:  # another thread has emptied it
                    return


@cache
def _missing():
    """The library that compiled code needs and that is not installed, or None."""
    return next((name for name in ("numba", "scipy") if find_spec(name) is None), None)


def obstacle(layer, call):
    """Why compiled code cannot serve this call, or None where it can."""
    x = call.x
    if modes.recorded() or modes.transformed():
        return "compiled code cannot be transformed, traced or compiled again"
    if x.device.type != "cpu":
        return f"the input is on {x.device}, compiled code is for the CPU"
    if x.dtype not in (torch.float32, torch.float64):
        return f"the input is {x.dtype}, compiled code takes float32 or float64"
    if torch.is_autocast_enabled("cpu"):
        return "compiled code knows no autocast"
    if not modes.concrete(x) or torch._C._len_torch_dispatch_stack():
        return "compiled code needs an input with numbers, in a plain tensor"
    if _missing():
        return f"compiled code needs {_missing()}: pip install 'course-utils[fast]'"
    return None


def not_worth_it(layer, call):
    """Why ``auto`` leaves this call to another backend though compiled code could serve it.

    The first call of a cell in a precision compiles for some seconds, or loads from the disk what
    another process compiled; a time step in the eager loop costs about 0.2 ms with its gradient,
    0.05 without.  The rule reads sizes alone, so that the same call always runs the same code.
    """
    T, trained = call.x.shape[0], _trained(layer, call)
    least = TRAINED if trained else FORWARD
    if T < least:
        kind = "with gradients" if trained else "without gradients"
        return f"compiling pays from {least} steps on ({kind}), this call has {T}"
    return None


def _trained(layer, call):
    """Whether a gradient of this call can be asked for."""
    tensors = (call.x, *call.hx, *(w for part in layer.all_weights for w in part))
    return torch.is_grad_enabled() and any(t.requires_grad for t in tensors)


def quicker_than_native(layer, call):
    """Why ``auto`` leaves this call to compiled code though PyTorch has a kernel for the cell.

    That kernel uses all threads and compiled code one, so this is about products that are too
    small to be shared among threads, and, as for every cell, about work that pays for compiling.
    """
    least = SHORTEST.get(layer.key)
    if least is None or obstacle(layer, call) or not_worth_it(layer, call):
        return None
    T, B, _ = call.x.shape
    gates, H = len(layer.spec.params[0].symbols), layer.hidden_size
    if T < least or B * gates * H * H > SHARED or not _trained(layer, call):
        return None
    return f"its kernel for {layer.key} is slower for small nets and {least} steps or more"


class Compiled(torch.autograd.Function):
    """x (T, B, D), states (B, H), further inputs (T, B, H) and parameters -> y, last states,
    and, of a cell with further inputs, every state of the way, (T, B, H) each.

    run: ``function.Run``, what is no tensor.
    """

    @staticmethod
    def forward(ctx, run, x, *tensors):
        """The values; see the class."""
        ctx.run = run
        ctx.save_for_backward(x, *tensors)
        state, inputs, params = run.take_apart([_array(t) for t in tensors])
        if len(params) < len(run.spec.params):  # a layer without biases
            shapes = run.spec.shapes(x.shape[-1], state[0].shape[-1])
            zeros = {n: np.zeros(s, params[run.params[0]].dtype) for n, s in shapes.items()}
            params = zeros | params
        ctx.lease = Lease()
        ends = {"lengths": run.lengths, "resets": run.resets}
        ends = {name: None if t is None else t.numpy() for name, t in ends.items()}
        y, last, ctx.tape = compiled.unroll(
            run.spec, params, _array(x), tuple(state), ctx.lease, **ends,
            config=run.config, **inputs,
        )  # fmt: skip
        way = [compiled.history(ctx.tape, name) for name in run.handed_up]
        outputs = [torch.from_numpy(a) for a in (y, *last, *way)]
        ctx.mark_non_differentiable(*(s for s in outputs if not s.is_floating_point()))
        return tuple(outputs)

    @staticmethod
    def backward(ctx, dy, *rest):
        """The gradients of whatever needs one; the eager loop's where they are asked for again."""
        tensors = ctx.saved_tensors  # complains if one was changed since, or all were freed
        # create_graph: somebody will differentiate this; vmap: dy is many gradients and no array
        if torch.is_grad_enabled() or function.batched(dy, *rest):
            return None, *function.again(ctx, tensors, (dy, *rest))
        count = len(ctx.run.spec.states)
        dlast, dway = rest[:count], rest[count:]
        floating = [t.is_floating_point() for t in tensors[1 : 1 + len(dlast)]]
        given, tape = zip(dlast, floating, strict=True), ctx.tape
        if dy.shape[1] == 1:  # products read the weights as they lay then: hooks may have kept them
            tape = compiled.reread(tape, ctx.run.take_apart([_array(t) for t in tensors[1:]])[2])
        dx, dstate0, grads = compiled.unroll_backward(
            tape, _array(dy), tuple(_array(d) if real else None for d, real in given),
            {name: _array(d) for name, d in zip(ctx.run.handed_up, dway, strict=True)},
        )  # fmt: skip
        found = [dx, *dstate0, *(grads[name] for name in ctx.run.names)]
        wanted = zip(found, ctx.needs_input_grad[1:], strict=True)
        return None, *(torch.from_numpy(g) if need else None for g, need in wanted)


def _array(tensor):
    """The numbers of a tensor, in the same memory if they lie there as they are."""
    return tensor.detach().resolve_neg().numpy()  # the imaginary part of a conjugate is a view


def unroll(key, p, x, state, *, active=None, resets=None, reverse=False, config=None, **inputs):
    """``torch_nn.unroll.unroll``, compiled: one direction of one layer.

    p, parameters by the spec's names, biases or not; x (T, B, D); state, tuple of (B, H); active
    (T, B) bool, the first steps of each row, or None; resets (T, B) bool or None; reverse runs from
    the last step of each row to its first; inputs, each (T, B, H).  Returns y (T, B, H), the last
    states, and every state of the way as the loop does, or None for a cell without inputs.
    """
    return function.unroll(
        Compiled.apply, key, p, x, state, active=active, resets=resets, reverse=reverse,
        config=config, **inputs,
    )  # fmt: skip
