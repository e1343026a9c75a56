"""Networks that see a window of frames, against one that carries a state: is the lamp on?"""

from dataclasses import dataclass

import numpy as np
import torch

from course_utils.lab.torch_models import Net, accuracy, binary_loss, tensors
from course_utils.tasks import Lamp
from course_utils.training import fit, torch_step


@dataclass(frozen=True)
class Config:
    """The film, the windows of the feed-forward networks, and training."""

    length: int = 60
    every: float = 10.0
    windows: tuple = (1, 2, 4, 8, 16, 32)
    hidden: int = 32
    batch: int = 32
    lr: float = 0.005
    updates: int = 1200
    seeds: tuple = tuple(range(20))


QUICK = Config(length=30, windows=(1, 4), updates=200, seeds=(0,))


class Window(torch.nn.Module):
    """A feed-forward network that sees this frame and the ones before it, ``width`` in all."""

    def __init__(self, width, hidden, seed):
        super().__init__()
        self.width = width
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            self.layers = torch.nn.Sequential(
                torch.nn.Linear(3 * width, hidden), torch.nn.Tanh(), torch.nn.Linear(hidden, 1)
            )

    def forward(self, x):
        T = len(x)
        padded = torch.cat([x.new_zeros(self.width - 1, *x.shape[1:]), x])
        seen = torch.cat([padded[k : k + T] for k in range(self.width)], dim=-1)
        return self.layers(seen)


def run(config, progress=iter):
    """Mean accuracies, what the longest window could know at best, and the RNN's."""
    windows = [
        [run_seed(config, Window(w, config.hidden, seed), seed) for seed in config.seeds]
        for w in progress(config.windows)
    ]
    rnn = [run_seed(config, Net("rnn", 3, config.hidden, 1, seed), seed) for seed in config.seeds]
    return {
        "windows": list(config.windows),
        "window_accuracy": np.mean(windows, axis=1).tolist(),
        "ceiling": [ceiling(config, w) for w in config.windows],
        "rnn_accuracy": float(np.mean(rnn)),
        "rnn_by_seed": rnn,
        "window_parameters": [(3 * w + 2) * config.hidden + 1 for w in config.windows],
        "rnn_parameters": sum(p.numel() for p in Net("rnn", 3, config.hidden, 1, 0).parameters()),
    }


def run_seed(config, model, seed):
    """Accuracy on new films after training."""
    task, rng = Lamp(config.length, config.every), np.random.default_rng((seed, 1))
    step = torch_step(
        model, binary_loss, lambda: tensors(task.sample(rng, config.batch)), lr=config.lr
    )
    fit(step, config.updates, bar=False)
    return accuracy(model, tensors(task.sample(np.random.default_rng((seed, 2)), 500)))


def ceiling(config, width):
    """The best accuracy a window allows: certain if it holds a press, even chances if not."""
    x, _, mask = Lamp(config.length, config.every).sample(np.random.default_rng(0), 5000)
    pressed = x[..., 0] + x[..., 1] > 0
    seen = np.stack(
        [pressed[max(0, t - width + 1) : t + 1].any(axis=0) for t in range(len(pressed))]
    )
    return float(np.where(seen, 1.0, 0.5)[mask].mean())
