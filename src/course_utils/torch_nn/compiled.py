"""Every cell on the CPU by code compiled from its equations: ``backend="compiled"``.

Tensors and arrays share memory, so nothing is copied on the way in.  The gradient is that of the
generated code; many gradients at once, and the gradient of a gradient, come from the eager loop,
run again when they are asked for.
"""

from functools import cache
from importlib.util import find_spec

import torch

from course_utils import compiled
from course_utils.compiled import Arena
from course_utils.specs import get_spec
from course_utils.torch_nn import modes
from course_utils.torch_nn.unroll import begins
from course_utils.torch_nn.unroll import unroll as unroll_eagerly

TRAINED, FORWARD = 32, 128
"""From how many steps on ``auto`` compiles: with gradients, and without."""

SPARE, MEMORY = 8, 2**28
"""Arenas, and bytes of them, that are kept for the next call of the same sizes."""

_spare = []  # (cell, precision and sizes, arena), the one returned last at the end


class Lease:
    """A workspace for one forward pass and its backward passes, from those that were used before.

    What a call returns is its own; the arrays behind it go back when the graph is gone.
    """

    def __init__(self):
        self.item = None

    def arena(self, key, dtype, sizes):
        """The arrays of a cell at these sizes, as ``compiled.Workspace`` has them."""
        place = key, str(dtype), tuple(sizes.values())
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
            while len(_spare) > SPARE or sum(map(_size, _spare.copy())) > MEMORY:
                try:
                    del _spare[0]
                except IndexError:  # another thread has emptied it
                    return


def _size(item):
    """Bytes of an arena."""
    return sum(array.nbytes for array in item[1].arrays.values())


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
    T = call.x.shape[0]
    tensors = (call.x, *call.hx, *(w for part in layer.all_weights for w in part))
    trained = torch.is_grad_enabled() and any(t.requires_grad for t in tensors)
    least = TRAINED if trained else FORWARD
    if T < least:
        kind = "with gradients" if trained else "without gradients"
        return f"compiling pays from {least} steps on ({kind}), this call has {T}"
    return None


class Compiled(torch.autograd.Function):
    """x (T, B, D), states (B, H), further inputs (T, B, H) and parameters -> y, last states,
    and, of a cell with further inputs, every state of the way, (T, B, H) each.

    run: ``Run``, what is no tensor.
    """

    @staticmethod
    def forward(ctx, run, x, *tensors):
        """The values; see the class."""
        ctx.run = run
        ctx.save_for_backward(x, *tensors)
        arrays = [t.detach().numpy() for t in tensors]
        state, inputs, params = run.take_apart(arrays)
        for name, shape in run.spec.shapes(x.shape[-1], state[0].shape[-1]).items():
            if name not in params:  # a layer without biases
                params[name] = torch.zeros(shape, dtype=x.dtype).numpy()
        ctx.lease = Lease()
        y, last, ctx.tape = compiled.unroll(
            run.spec, params, x.detach().numpy(), tuple(state), ctx.lease, lengths=run.lengths,
            resets=run.resets, config=run.config, **inputs,
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
        if torch.is_grad_enabled() or batched(dy, *rest):
            return None, *again(ctx, tensors, (dy, *rest))
        count = len(ctx.run.spec.states)
        dlast, dway = rest[:count], rest[count:]
        floating = [t.is_floating_point() for t in tensors[1 : 1 + len(dlast)]]
        given = zip(dlast, floating, strict=True)
        dx, dstate0, grads = compiled.unroll_backward(
            ctx.tape, dy.numpy(), tuple(d.numpy() if real else None for d, real in given),
            {name: d.numpy() for name, d in zip(ctx.run.handed_up, dway, strict=True)},
        )  # fmt: skip
        found = [dx, *dstate0, *(grads[name] for name in ctx.run.names)]
        wanted = zip(found, ctx.needs_input_grad[1:], strict=True)
        return None, *(torch.from_numpy(g) if need else None for g, need in wanted)


class Run:
    """What a call is besides its tensors: spec, names of inputs and parameters, ends, config."""

    def __init__(self, key, inputs, params, lengths, resets, config):
        self.spec = get_spec(key)
        self.inputs, self.params, self.config = tuple(inputs), tuple(params), config
        self.lengths, self.resets = lengths, resets

    @property
    def handed_up(self):
        """The states of the way that the layer above may read: all, where a cell has inputs."""
        return self.spec.states if self.inputs else ()

    @property
    def names(self):
        """What follows the states among the tensors."""
        return (*self.inputs, *self.params)

    def take_apart(self, values):
        """values, in the order of the tensors after x -> states, {input: …}, {parameter: …}."""
        first = len(self.spec.states)
        middle = first + len(self.inputs)
        inputs = dict(zip(self.inputs, values[first:middle], strict=True))
        return values[:first], inputs, dict(zip(self.params, values[middle:], strict=True))


def batched(*tensors):
    """Whether one of them belongs to vmap, ``is_grads_batched`` or ``jacobian(vectorize=True)``."""
    functorch = torch._C._functorch
    return any(
        functorch.is_batchedtensor(t) or functorch.is_legacy_batchedtensor(t) for t in tensors
    )


def again(ctx, tensors, cotangents):
    """The gradients once more, by the eager loop, as functions of tensors and cotangents."""
    differentiable, run = torch.is_grad_enabled(), ctx.run
    needed = ctx.needs_input_grad[1:]
    wanted = [t for t, need in zip(tensors, needed, strict=True) if need]
    x, *rest = tensors
    with torch.enable_grad():
        state, inputs, params = run.take_apart(rest)
        T = x.shape[0]
        active = resets = None
        if run.lengths is not None:
            active = torch.arange(T)[:, None] < torch.from_numpy(run.lengths)[None, :]
        if run.resets is not None:
            resets = torch.from_numpy(run.resets)
        y, last, history = unroll_eagerly(
            run.spec.key, params, x, tuple(state), active=active, resets=resets,
            config=run.config, **inputs,
        )  # fmt: skip
        way = [torch.stack(s) for s in zip(*history, strict=True)] if run.handed_up else ()
        outputs = (y, *last, *way)
        pairs = [(o, d) for o, d in zip(outputs, cotangents, strict=True) if o.requires_grad]
        gradients = torch.autograd.grad(
            [o for o, _ in pairs], wanted, [d for _, d in pairs],
            create_graph=differentiable, allow_unused=True,
        )  # fmt: skip
    gradients = iter(gradients)
    return [next(gradients) if need else None for need in needed]


def unroll(key, p, x, state, *, active=None, resets=None, reverse=False, config=None, **inputs):
    """``torch_nn.unroll.unroll``, compiled: one direction of one layer.

    p, parameters by the spec's names, biases or not; x (T, B, D); state, tuple of (B, H); active
    (T, B) bool, the first steps of each row, or None; resets (T, B) bool or None; reverse runs from
    the last step of each row to its first; inputs, each (T, B, H).  Returns y (T, B, H), the last
    states, and every state of the way as the loop does, or None for a cell without inputs.
    """
    lengths = None if active is None else active.sum(dim=0)
    if resets is not None:
        resets = begins(resets, active, reverse)
    turn = _turn(x, lengths) if reverse else None
    x, inputs = _along(turn, x), {name: _along(turn, value) for name, value in inputs.items()}
    resets = None if resets is None else _along(turn, resets)
    run = Run(
        key, inputs, p, *(None if t is None else t.numpy() for t in (lengths, resets)), config
    )
    y, *rest = Compiled.apply(run, x, *state, *inputs.values(), *p.values())
    last, way = rest[: len(state)], [_along(turn, s).unbind() for s in rest[len(state) :]]
    return _along(turn, y), tuple(last), list(zip(*way, strict=True)) or None


def _turn(x, lengths):
    """(T, B) integers: for each step the one that takes its place where rows run from their end."""
    T, B = x.shape[:2]
    step = torch.arange(T)[:, None].expand(T, B)
    end = T if lengths is None else lengths
    return torch.where(step < end, end - 1 - step, step)


def _along(turn, values):
    """values (T, B, ...) in the order of turn, or as they are."""
    if turn is None:
        return values
    return values[turn, torch.arange(values.shape[1])]
