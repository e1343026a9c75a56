"""A cell over time by its Triton kernels, as a GPU's layer runs them, in Triton's interpreter."""

from importlib.util import find_spec

import torch
from browsing import missing

from course_utils.torch_nn import function, gpu


def needed():
    """Skip where there is no Triton, or fail where nothing may be missing."""
    if find_spec("triton") is None:
        missing("no Triton (wheels for Linux alone): pip install -r requirements-triton.txt")


class Run:
    """The forward pass at once; ``backward`` afterwards.  y (T, B, H), last {state: array}."""

    def __init__(self, spec, params, x, state0, inputs):
        needed()
        self.spec, self.inputs, self.params = spec, inputs, params
        run = function.Run(spec, inputs, params, None, None, None)
        arrays = [x, *state0, *inputs.values(), *params.values()]
        self.given = [torch.tensor(a) for a in arrays]
        for tensor in self.given:
            tensor.requires_grad_(tensor.is_floating_point())
        with gpu.interpreted():
            self.found = gpu.Launched.apply(run, *self.given)
        y, *rest = (t.detach().numpy() for t in self.found)
        self.y, self.last = y, dict(zip(spec.states, rest, strict=False))

    def backward(self, dy, dlast):
        """dx, {state: gradient}, {parameter or input: gradient}."""
        gradients = [torch.as_tensor(d) for d in (dy, *dlast)]
        pairs = [p for p in zip(self.found, gradients, strict=False) if p[0].requires_grad]
        outputs, gradients = zip(*pairs, strict=True)
        wanted = [t for t in self.given if t.requires_grad]
        with gpu.interpreted():
            found = torch.autograd.grad(outputs, wanted, gradients, allow_unused=True)
        found = dict(zip(map(id, wanted), found, strict=True))
        dx, *rest = (found.get(id(t)) for t in self.given)
        rest = [None if d is None else d.numpy() for d in rest]
        names = [*self.spec.states, *self.inputs, *self.params]
        grads = dict(zip(names, rest, strict=True))
        dstate0 = {s: d for s in self.spec.states if (d := grads.pop(s)) is not None}
        return dx.numpy(), dstate0, grads
