"""What a recurrence without a non-linearity cannot do, however long it trains: exclusive or."""

from dataclasses import dataclass
from functools import partial

import numpy as np
import torch

from course_utils.lab.seeds import over_seeds
from course_utils.lab.torch_models import Net, accuracy, binary_loss, tensors
from course_utils.tasks import TemporalXor
from course_utils.training import fit, torch_step


@dataclass(frozen=True)
class Config:
    """The task's length, and the training that both networks get."""

    length: int = 12
    hidden: int = 16
    batch: int = 32
    lr: float = 0.01
    updates: int = 1500
    seeds: tuple = tuple(range(20))


QUICK = Config(updates=400, seeds=(0,))


class Linear(torch.nn.Module):
    """The same network with the tanh left out: h = W_xh x + W_hh h_prev + b."""

    def __init__(self, net):
        super().__init__()
        self.net = net

    def forward(self, x):
        layer = self.net.layer
        affine = torch.nn.functional.linear
        h, states = x.new_zeros(x.shape[1], layer.hidden_size), []
        for x_t in x:
            from_x = affine(x_t, layer.weight_ih_l0, layer.bias_ih_l0)
            h = from_x + affine(h, layer.weight_hh_l0, layer.bias_hh_l0)
            states.append(h)
        return self.net.readout(torch.stack(states))


def run(config, progress=iter):
    """Accuracy of each seed with and without the tanh, the means, and the best without."""
    rows = over_seeds(partial(one_seed, config), config.seeds, progress)
    by_net = {name: [row[name] for row in rows] for name in ("tanh", "linear")}
    return {
        "accuracy": by_net,
        "tanh": float(np.mean(by_net["tanh"])),
        "linear": float(np.mean(by_net["linear"])),
        "linear_best": max(by_net["linear"]),
        "solved": sum(a > 0.99 for a in by_net["tanh"]),
        "of": len(config.seeds),
    }


def one_seed(config, seed):
    """Both networks, from the same weights."""
    linear = Linear(Net("rnn", 1, config.hidden, 1, seed))
    return {
        "tanh": run_seed(config, Net("rnn", 1, config.hidden, 1, seed), seed),
        "linear": run_seed(config, linear, seed),
    }


def run_seed(config, model, seed):
    """Accuracy on new sequences after training."""
    task, rng = TemporalXor(config.length), np.random.default_rng((seed, 1))
    step = torch_step(
        model, binary_loss, lambda: tensors(task.sample(rng, config.batch)), lr=config.lr
    )
    fit(step, config.updates, bar=False)
    return accuracy(model, tensors(task.sample(np.random.default_rng((seed, 2)), 1000)))
