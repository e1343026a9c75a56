"""What the autograd functions around generated code share: their arguments, and a second gradient.

Each has one gradient of its own; many at once, and the gradient of a gradient, come from the eager
loop, run again when they are asked for.
"""

import torch

from course_utils.specs import get_spec
from course_utils.torch_nn.unroll import begins
from course_utils.torch_nn.unroll import unroll as unroll_eagerly


class Run:
    """What a call is besides its tensors: spec, names of inputs and parameters, ends, config.

    lengths (B,), resets (T, B): tensors or None.  grad: whether a graph for the way back is made.
    """

    def __init__(self, key, inputs, params, lengths, resets, config):
        self.spec = get_spec(key)
        self.inputs, self.params, self.config = tuple(inputs), tuple(params), config
        self.lengths, self.resets = lengths, resets
        self.grad = torch.is_grad_enabled()

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

    def beyond(self, x):
        """(T, B) bool, true beyond the end of a row; lengths are known."""
        return torch.arange(len(x), device=x.device)[:, None] >= self.lengths[None, :]


def unroll(function, key, p, x, state, *, active, resets, reverse, config, **inputs):
    """``torch_nn.unroll.unroll`` by an autograd function: one direction of one layer.

    function(run, x, *states, *inputs, *parameters) -> y, last states, and of a cell with further
    inputs every state of the way, (T, B, H) each; x and resets run from the first step to the last.
    The others as there; active (T, B), the first steps of each row.
    """
    lengths = None if active is None else active.sum(dim=0)
    if resets is not None:
        resets = begins(resets, active, reverse)
    turn = _turn(x, lengths) if reverse else None
    x, inputs = _along(turn, x), {name: _along(turn, value) for name, value in inputs.items()}
    resets = None if resets is None else _along(turn, resets)
    run = Run(key, inputs, p, lengths, resets, config)
    y, *rest = function(run, x, *state, *inputs.values(), *p.values())
    last, way = rest[: len(state)], [_along(turn, s).unbind() for s in rest[len(state) :]]
    return _along(turn, y), tuple(last), list(zip(*way, strict=True)) or None


def _turn(x, lengths):
    """(T, B) integers: for each step the one that takes its place where rows run from their end.

    Where all rows end with the last step, True: nothing is looked up to turn them.
    """
    if lengths is None:
        return True
    T, B = x.shape[:2]
    step = torch.arange(T, device=x.device)[:, None].expand(T, B)
    return torch.where(step < lengths, lengths - 1 - step, step)


def _along(turn, values):
    """values (T, B, ...) in the order of turn, or as they are."""
    if turn is None:
        return values
    if turn is True:
        return values.flip(0)
    return values[turn, torch.arange(values.shape[1], device=values.device)]


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
        active = None if run.lengths is None else ~run.beyond(x)
        y, last, history = unroll_eagerly(
            run.spec.key, params, x, tuple(state), active=active, resets=run.resets,
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
