"""Many small PyTorch modules of one shape, trained side by side: one call runs them all.

    nets = Together([Stack("residual", ...) for seed in seeds], lr=0.01)
    for _ in range(updates):
        losses = nets.update(x, target)        # (K,), before the update

``torch.func`` stacks the parameters and maps one module over them, so that any module of PyTorch
operations can be trained so, whatever connects its layers.  No net sees another.
"""

import copy

import numpy as np
import torch
from torch.func import functional_call, stack_module_state, vmap

from course_utils.numpy_nn import many
from course_utils.numpy_nn.optim import Adam


class Together:
    """K modules x -> answers, of one shape and with no randomness of their own.

    lr: one for all or (K,); clip: the joint norm of each net's gradient, by itself.  Adam.
    """

    def __init__(self, modules, *, lr=0.01, clip=1.0):
        stacked, _ = stack_module_state(modules)
        self.params = {name: p.detach().numpy() for name, p in stacked.items()}
        base = copy.deepcopy(modules[0]).to("meta")
        self._map = vmap(lambda params, x: functional_call(base, params, (x,)))
        self.optimiser = many.Each(Adam(lr=lr if np.isscalar(lr) else np.asarray(lr, np.float32)))
        self.moments, self.clip = self.optimiser.init(self.params), clip

    def __call__(self, x):
        """x (K, ...), to each net its own -> answers (K, ...), without gradients."""
        with torch.no_grad():
            return self._map(self._tensors(), torch.from_numpy(x)).numpy()

    def gradients(self, x, target):
        """Cross-entropies of x (K, ...) with classes target (K, B) -> (K,), gradients by name."""
        params = self._tensors()
        for p in params.values():
            p.requires_grad_()
        answers = self._map(params, torch.from_numpy(x))
        each = torch.nn.functional.cross_entropy(
            answers.flatten(0, 1), torch.from_numpy(target).flatten(), reduction="none"
        )
        losses = each.view(target.shape).mean(dim=1)
        grads = torch.autograd.grad(losses.sum(), list(params.values()))
        named = zip(params, (g.numpy() for g in grads), strict=True)
        return losses.detach().numpy(), dict(named)

    def update(self, x, target):
        """One update of every net on its own loss -> the losses (K,) before it."""
        losses, grads = self.gradients(x, target)
        grads, _ = many.clip_norm(grads, self.clip)
        self.params, self.moments = self.optimiser.update(self.params, grads, self.moments)
        return losses

    def _tensors(self):
        """Leaves on the memory of the arrays."""
        arrays = {name: np.ascontiguousarray(p) for name, p in self.params.items()}
        return {name: torch.from_numpy(p) for name, p in arrays.items()}
