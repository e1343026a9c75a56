"""One frame, six ways to mix along time: the networks of the chapter on what came after.

    model = MixerNet("mingru", inputs, width, outputs, seed)
    logits = model(x)                                     # (T, B, inputs) -> (T, B, outputs)

A block adds to its input what a mixer makes of it, and then what a small network makes of each step
by itself.  All else is equal; a mixer is a cell of the package, or causal self-attention.
"""

import numpy as np
import torch
from torch import nn

from course_utils import numpy_nn, torch_nn
from course_utils.training import fit, torch_step


class MixerNet(nn.Module):
    """x (T, B, inputs), or tokens (T, B), -> (T, B, outputs); everything drawn from ``seed``.

    kind: a cell's key, or "attention": causal self-attention with ``heads`` heads and sinusoidal
    positions.  retention, as for ``init_params``, or None for the cell's own start.  Blocks and
    their place of normalisation as in Vaswani et al. 2017 with the norm moved to the front.
    """

    def __init__(self, kind, inputs, width, outputs, seed, *, blocks=2, heads=2, retention=None):
        super().__init__()
        torch.manual_seed(seed)
        rng = np.random.default_rng(seed)
        self.inputs, self.positions = inputs, kind == "attention"
        self.embed = nn.Linear(inputs, width)
        self.blocks = nn.ModuleList(
            Block(mixer(kind, width, heads, retention, rng), width) for _ in range(blocks)
        )
        self.norm, self.readout = nn.LayerNorm(width), nn.Linear(width, outputs)

    def forward(self, x):
        """See the class."""
        if not x.is_floating_point():
            x = nn.functional.one_hot(x, self.inputs).to(self.embed.weight.dtype)
        u = self.embed(x)
        if self.positions:
            u = u + torch_nn.attention.sinusoidal(len(u), u.shape[-1], dtype=u.dtype)
        for block in self.blocks:
            u = block(u)
        return self.readout(self.norm(u))


class Block(nn.Module):
    """u + mix(norm(u)), then the same with a network of one hidden layer, step by step."""

    def __init__(self, mix, width):
        super().__init__()
        self.mix, self.before, self.between = mix, nn.LayerNorm(width), nn.LayerNorm(width)
        self.step = nn.Sequential(
            nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, width)
        )

    def forward(self, u):
        """u (T, B, width) -> (T, B, width)."""
        u = u + self.mix(self.before(u))
        return u + self.step(self.between(u))


class CellMixer(nn.Module):
    """A recurrent layer of the package, without its last state."""

    def __init__(self, layer):
        super().__init__()
        self.layer = layer

    def forward(self, u):
        """u (T, B, H) -> (T, B, H)."""
        return self.layer(u)[0]


class AttentionMixer(nn.Module):
    """Causal self-attention, without its weights."""

    def __init__(self, width, heads):
        super().__init__()
        self.attention = torch_nn.attention.MultiHeadAttention(width, heads)

    def forward(self, u):
        """u (T, B, H) -> (T, B, H)."""
        return self.attention(u, mask=torch_nn.attention.causal(len(u)))[0]


def mixer(kind, width, heads, retention, rng):
    """The module that mixes along time: u (T, B, width) -> (T, B, width)."""
    if kind == "attention":
        return AttentionMixer(width, heads)
    given = {} if retention is None or kind in ("rnn", "rnn_relu") else {"retention": retention}
    params = numpy_nn.init_params(kind, width, width, rng, np.float32, **given)
    return CellMixer(torch_nn.from_numpy(kind, params))


def answers(model, batch):
    """Logits (N, outputs) and targets (N,) of the N answers of a task's Batch that count."""
    x, target = torch.from_numpy(batch.x.astype(np.float32)), torch.from_numpy(batch.target)
    logits = model(x)
    if batch.mask is None:
        return logits.flatten(0, 1), target.flatten()
    counts = torch.from_numpy(batch.mask)
    return logits[counts], target[counts]


def entropy_loss(model, batch):
    """Mean cross-entropy of the answers that count."""
    return nn.functional.cross_entropy(*answers(model, batch))


@torch.no_grad()
def right(model, batch):
    """Booleans: which of the answers that count are right, (T, B); true where none counts."""
    found = model(torch.from_numpy(batch.x.astype(np.float32))).argmax(-1).numpy() == batch.target
    return found if batch.mask is None else found | ~batch.mask


def learn(model, task, seed, *, updates, batch, lr, every, enough):
    """Adam on ``task`` until the share of right answers is ``enough``, or time is up.

    Returns the History; its checks are shares on sequences that are not trained on.
    """
    rng = np.random.default_rng((seed, 1))
    test = task.sample(np.random.default_rng((seed, 2)), 256)
    counted = test.mask if test.mask is not None else np.ones(test.target.shape, bool)
    step = torch_step(model, entropy_loss, lambda: task.sample(rng, batch), lr=lr)
    return fit(
        step, updates, check=lambda: float(right(model, test)[counted].mean()), every=every,
        done=lambda share: share >= enough, bar=False,
    )  # fmt: skip
