"""Networks that answer in bits: a Turing machine, or an LSTM beside it; training and testing them.

Both are called alike: ``net(x, slots=None)``, x (T, B, D) -> logits (T, B, bits).
"""

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from course_utils import torch_nn
from course_utils.torch_nn.memory import TuringMachine
from course_utils.training import fit, torch_step

TESTED = 64  # sequences in a test


class Machine(nn.Module):
    """A Turing machine whose memory may grow when it is tested; see ``TuringMachine``."""

    def __init__(self, task, **options):
        super().__init__()
        self.machine = TuringMachine(task.input_size, task.output_size, **options)

    def forward(self, x, slots=None):
        """x (T, B, D) -> logits (T, B, bits)."""
        return self.machine(x, self.machine.start(x.shape[1], slots))[0]


class Layers(nn.Module):
    """An LSTM and a linear readout: all its memory is its state."""

    def __init__(self, task, hidden_size, num_layers=1):
        super().__init__()
        self.layers = torch_nn.Recurrent("lstm", task.input_size, hidden_size, num_layers)
        self.readout = nn.Linear(hidden_size, task.output_size)

    def forward(self, x, slots=None):
        """x (T, B, D) -> logits (T, B, bits); slots is for the other kind of net."""
        return self.readout(self.layers(x)[0])


def tensors(batch):
    """x and target as float32 tensors, mask as it is."""
    return [torch.as_tensor(a, dtype=None if a.dtype == bool else torch.float32) for a in batch]


def loss(net, batch):
    """Mean cross-entropy (nats) of the bits that count."""
    x, target, mask = tensors(batch)
    return F.binary_cross_entropy_with_logits(net(x)[mask], target[mask])


def wrong_bits(net, task, seed, slots=None, sequences=TESTED):
    """Share of the bits that count on the wrong side of one half, on new sequences of ``task``."""
    x, target, mask = tensors(task.sample(np.random.default_rng(10**6 + seed), sequences))
    with torch.no_grad():
        return float(((net(x, slots) > 0) != (target > 0.5))[mask].float().mean())


def train(net, task, seed, *, updates, batch, lr, clip=10.0, every=50):
    """RMSprop with momentum 0.9, as the paper has it; the loss of each ``every`` updates, in nats.

    clip: of the joint norm of all gradients, None for none; the paper clips element by element.
    A net whose loss stops being a number stops there: the list is shorter.
    """
    rng = np.random.default_rng(seed)
    optimiser = torch.optim.RMSprop(net.parameters(), lr, alpha=0.95, momentum=0.9)
    step = torch_step(net, loss, lambda: task.sample(rng, batch), clip=clip, optimiser=optimiser)
    losses = []
    try:
        fit(lambda: losses.append(step()) or losses[-1], updates, bar=False)
    except FloatingPointError:
        losses = [value for value in losses if np.isfinite(value)]
    whole = len(losses) // every * every
    return np.reshape(losses[:whole], (-1, every)).mean(axis=1).round(5).tolist()
