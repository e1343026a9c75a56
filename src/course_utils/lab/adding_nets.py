"""Networks that learn the adding problem."""

from dataclasses import dataclass

import numpy as np
import torch

from course_utils.lab.gate_bias import shift_layer_bias
from course_utils.lab.torch_models import Net, squared_loss, tensors
from course_utils.tasks import Adding
from course_utils.training import fit, torch_step


@dataclass(frozen=True)
class AddingConfig:
    """Networks' size and training."""

    hidden: int = 16
    batch: int = 32
    lr: float = 0.01
    updates: int = 2500
    wrong: float = 0.01  # solved: at most this share of 2560 sequences off by 0.04 or more
    seeds: tuple = (0, 1, 2, 3, 4)


def trained(config, key, retention, input_bias, length, seed):
    """The network after training, its history, and the sequences it was tested on.

    retention as for ``init_params``; input_bias is added to the bias of the input gate.
    """
    model = Net(key, 2, config.hidden, 1, seed, last=True, retention=retention)
    if input_bias:
        shift_layer_bias(model.layer, "i", input_bias)
    return model, *learn(config, model, length, seed)


def learn(config, model, length, seed):
    """Train a model until it is right often enough, or time is up -> its history, what tested it.

    config has batch, lr, updates and wrong; the joint norm of all gradients is clipped to 1.
    """
    task, rng = Adding(length), np.random.default_rng((seed, 1))
    test = task.sample(np.random.default_rng((seed, 2)), 2560)
    step = torch_step(
        model, squared_loss, lambda: tensors(task.sample(rng, config.batch)), lr=config.lr
    )
    history = fit(
        step,
        config.updates,
        check=share_wrong(model, task, test),
        done=lambda share: share <= config.wrong,
        bar=False,
    )
    return history, test


def share_wrong(model, task, test):
    """A function without arguments: the share of the test's answers that are wrong now."""
    x = tensors(test).x

    def wrong():
        with torch.no_grad():
            return task.wrong(model(x).numpy(), test.target)

    return wrong
