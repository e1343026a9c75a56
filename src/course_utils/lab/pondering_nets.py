"""Many small nets that think about one vector, side by side: one for each seed.

An axis K of nets stands in front of the batch, so that twenty of them cost little more than one.
All take S steps; what a step counts is decided afterwards, from the halting logits.
"""

import numpy as np
import torch
from torch import nn

from course_utils.training import fit, torch_step


class SideBySide(nn.Module):
    """K nets of one tanh layer with a flag for the first step; after each step two numbers.

    ``answer, halt = nets(x, steps)``: x (K, B, D) -> logits of the answer and of halting, each
    (S, K, B).  seeds, one for each net; weights and biases as ``nn.RNN`` and ``nn.Linear`` draw
    them, the halting bias as given.
    """

    def __init__(self, size, hidden, seeds, halting_bias=1.0):
        super().__init__()
        drawn = [_draw(size, hidden, seed) for seed in seeds]
        for name in drawn[0]:
            setattr(self, name, nn.Parameter(torch.stack([row[name] for row in drawn])))
        nn.init.constant_(self.bias[:, 1], halting_bias)

    def forward(self, x, steps):
        """See the class."""
        from_x, outputs = x @ self.weight_x + self.bias_s[:, None], []
        a = from_x + self.flag[:, None]
        for _ in range(steps):
            s = a.tanh()  # (K, B, H)
            outputs.append(s)
            a = from_x + s @ self.weight_s
        both = torch.stack(outputs) @ self.weight + self.bias[:, None]  # (S, K, B, 2)
        return both.unbind(-1)


def _draw(size, hidden, seed):
    generator = torch.Generator().manual_seed(seed)
    shapes = {
        "weight_x": (size, hidden),
        "flag": (hidden,),
        "weight_s": (hidden, hidden),
        "bias_s": (hidden,),
        "weight": (hidden, 2),
        "bias": (2,),
    }
    return {
        name: (2 * torch.rand(shape, generator=generator) - 1) / hidden**0.5
        for name, shape in shapes.items()
    }


def train(nets, loss, judge, task, config):
    """``fit`` with Adam: loss(nets, x (K, B, D), target (K, B)) -> (K,); the history, whose checks
    are judge(nets, x, target) on vectors of their own.  config: seeds, batch, updates, every, lr.
    """
    rngs = [np.random.default_rng(seed) for seed in config.seeds]
    held = sample(task, [np.random.default_rng((seed, 1)) for seed in config.seeds], 500)
    step = torch_step(
        nets,
        lambda nets, batch: loss(nets, *batch).sum(),  # no net sees another's gradient
        lambda: sample(task, rngs, config.batch),
        lr=config.lr,
        clip=None,
    )
    return fit(
        step, config.updates, check=lambda: judge(nets, *held), every=config.every, bar=False
    )


def sample(task, rngs, n):
    """n vectors for each generator: x (K, n, D), target (K, n)."""
    batches = [task.sample(rng, n) for rng in rngs]
    x = np.concatenate([batch.x for batch in batches])
    target = np.concatenate([batch.target[..., 0] for batch in batches])
    return torch.as_tensor(x, dtype=torch.float32), torch.as_tensor(target, dtype=torch.float32)
