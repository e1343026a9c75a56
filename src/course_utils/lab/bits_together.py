"""Turing machines of one shape trained side by side: one call for the weights of all seeds.

A machine's step is some forty small operations, each of which leaves a core mostly idle; with
``torch.func.vmap`` over stacked weights twenty machines cost about as much as three.  No machine
sees another: weights, data, gradients and clipping are its own, and one that diverges leaves the
others alone.  Shared is only the length of the sequences in each update, which is drawn once.
"""

import numpy as np
import torch
from torch.func import functional_call, stack_module_state, vmap
from torch.nn import functional as F

from course_utils.lab.bit_machines import TESTED, Machine, tensors
from course_utils.lab.seeds import over_seeds


class Together:
    """S machines as one function: x (T, S, B, D) -> logits (T, S, B, bits).

    task, options: as for ``Machine``; seeds: one machine each, drawn after ``torch.manual_seed``.
    """

    def __init__(self, task, seeds, **options):
        nets = []
        for seed in seeds:
            torch.manual_seed(seed)
            nets.append(Machine(task, **options))
        self.task, self.net, self.seeds = task, nets[0], tuple(seeds)
        self.params, self.buffers = stack_module_state(nets)

    def __call__(self, x, slots=None):
        """See the class; slots: of the memory, as many as it was built with if None."""

        def one(params, buffers, x):
            return functional_call(self.net, (params, buffers), (x, slots))

        return vmap(one, in_dims=(0, 0, 1), out_dims=1)(self.params, self.buffers, x)

    def one(self, k):
        """The machine of the k-th seed, as a ``Machine``; the weights are copied into one."""
        state = {n: v[k].detach() for n, v in (self.params | self.buffers).items()}
        self.net.load_state_dict(state)
        return self.net


def batches(task, rng, seeds, n):
    """x, target (T, S, n, ·) and which steps count (T,): n sequences for each of S machines."""
    x, target, mask = tensors(task.sample(rng, seeds * n))
    keep = mask[:, 0]  # the same for all sequences: they are of one length
    return x.unflatten(1, (seeds, n)), target.unflatten(1, (seeds, n)), keep


def train(nets, seed, *, updates, batch, lr, clip=10.0, every=50):
    """RMSprop with momentum 0.9; mean losses (S, updates // every), nats, NaN after a divergence.

    seed: of the data; clip: of the joint norm of one machine's gradients, None for none.
    """
    rng, params = np.random.default_rng(seed), list(nets.params.values())
    optimiser = torch.optim.RMSprop(params, lr, alpha=0.95, momentum=0.9)
    losses = []
    for _ in range(updates):
        x, target, keep = batches(nets.task, rng, len(nets.seeds), batch)
        each = F.binary_cross_entropy_with_logits(nets(x)[keep], target[keep], reduction="none")
        loss = each.mean(dim=(0, 2, 3))  # (S,)
        optimiser.zero_grad()
        loss.sum().backward()
        if clip is not None:
            _clip(params, clip)
        optimiser.step()
        losses.append(loss.detach().numpy())
    curves = np.array(losses, float)[: updates // every * every].reshape(-1, every, len(nets.seeds))
    return curves.mean(axis=1).T.round(5)


def _clip(params, clip):
    """Scale each machine's gradients to a joint norm of at most ``clip``."""
    square = sum(p.grad.flatten(1).square().sum(dim=1) for p in params)  # (S,)
    scale = (clip / (square.sqrt() + 1e-6)).clamp(max=1)
    for p in params:
        p.grad.mul_(scale.view(-1, *[1] * (p.dim() - 1)))


def wrong_bits(nets, task, seed, slots=None, sequences=TESTED):
    """By machine, the share of the bits of new sequences on the wrong side of one half: (S,).

    A machine whose weights are no numbers any more guesses: one half.
    """
    x, target, mask = tensors(task.sample(np.random.default_rng(10**6 + seed), sequences))
    with torch.no_grad():
        y = nets(x.unsqueeze(1).expand(-1, len(nets.seeds), -1, -1), slots)
    wrong = ((y > 0) != (target.unsqueeze(1) > 0.5))[mask[:, 0]].double().mean(dim=(0, 2, 3))
    return torch.where(y.isfinite().all(dim=0).all(dim=(1, 2)), wrong, 0.5).numpy()


def in_groups(run_group, seeds, size, progress=iter):
    """The rows of all seeds, in order: run_group(seeds) -> a row for each, ``size`` at a time."""
    groups = [tuple(seeds[k : k + size]) for k in range(0, len(seeds), size)]
    return [row for rows in over_seeds(run_group, groups, progress) for row in rows]
