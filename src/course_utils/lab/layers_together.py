"""Many nets of one layer side by side, one for each seed, that answer at every step.

    nets = together("mingru", inputs, hidden, outputs, seeds, lr=1e-2)
    loss = nets.learn(sampled(task, rngs, batch))      # one update of every net -> losses (K,)
    right = nets.right(sampled(task, rngs, 256))       # (K, T, B)

A recurrent layer runs compiled (``numpy_nn.many``); above it stands, at each step by itself, a
hidden layer of twice its size, and the answer.  Self-attention is two blocks of a transformer in
PyTorch, with sinusoidal positions and a causal mask.  No net sees another.
"""

import math

import numpy as np
import torch

from course_utils import numpy_nn, torch_nn
from course_utils.lab.numpy_models import init_readout
from course_utils.numpy_nn import many, ops, optim
from course_utils.tasks.batch import Batch


def together(kind, inputs, hidden, outputs, seeds, **how):
    """Nets of one kind: a cell's key, or "attention"; how: lr, retention."""
    made = AttentionNets if kind == "attention" else LayerNets
    return made(kind, inputs, hidden, outputs, seeds, **how)


def sampled(task, rngs, n):
    """A batch of n for each generator: x (K, T, n, D), target and mask (K, T, n)."""
    parts = [task.sample(rng, n) for rng in rngs]
    x, target = (np.stack([part[k] for part in parts]) for k in (0, 1))
    mask = (
        np.ones(target.shape, bool) if parts[0].mask is None else np.stack([p.mask for p in parts])
    )
    return Batch(x.astype(np.float32), target, mask)


class LayerNets:
    """K nets: a recurrent layer, a hidden layer and a readout at each step; float32.

    retention as for ``init_params``, where the cell has it.
    """

    def __init__(self, kind, inputs, hidden, outputs, seeds, *, lr, retention=None):
        self.key, nets = kind, []
        given = {} if retention is None or kind == "rnn" else {"retention": retention}
        for seed in seeds:
            rng = np.random.default_rng(seed)
            layer = numpy_nn.init_params(kind, inputs, hidden, rng, np.float32, **given)
            middle = init_readout(hidden, 2 * hidden, rng, np.float32)
            readout = init_readout(2 * hidden, outputs, rng, np.float32)
            nets.append(
                layer | {name.replace("out", "mid"): p for name, p in middle.items()} | readout
            )
        self.params = many.stack(nets)
        self.step, self.workspace = many.Each(optim.Adam(lr)), many.Workspace()
        self.moments = self.step.init(self.params)

    @property
    def size(self):
        """Parameters of one net, two biases a gate counted as one."""
        own = {name: p[0].size for name, p in self.params.items() if name != "bias_hh"}
        return sum(own.values())

    def answers(self, x):
        """x (K, T, B, D) -> logits (K, T, B, N), and what the way back needs."""
        p = self.params
        layer = {name: v for name, v in p.items() if not name.startswith(("mid_", "out_"))}
        y, _, tape = many.unroll(self.key, layer, x, workspace=self.workspace)
        a = many.affine(p["mid_weight"], p["mid_bias"], y)
        middle = np.maximum(a, 0)
        return many.affine(p["out_weight"], p["out_bias"], middle), (y, tape, middle)

    def learn(self, batch):
        """One update of every net -> losses (K,)."""
        p = self.params
        logits, (y, tape, middle) = self.answers(batch.x)
        losses, dlogits = entropies(logits, batch)
        dmiddle, out_weight, out_bias = many.affine_backward(p["out_weight"], middle, dlogits)
        da = np.where(middle > 0, dmiddle, 0)
        dy, mid_weight, mid_bias = many.affine_backward(p["mid_weight"], y, da)
        _, _, grads = many.unroll_backward(tape, dy)
        grads = grads | {"out_weight": out_weight, "out_bias": out_bias, "mid_weight": mid_weight,
                         "mid_bias": mid_bias}  # fmt: skip
        grads, _ = many.clip_norm(grads, 1.0)
        self.params, self.moments = self.step.update(p, grads, self.moments)
        return losses

    def right(self, batch):
        """Which answers are right (K, T, B); true where none counts."""
        return (self.answers(batch.x)[0].argmax(-1) == batch.target) | ~batch.mask


def entropies(logits, batch):
    """Mean cross-entropy of the answers that count, of each net (K,), and its gradient."""
    log_p = ops.log_softmax(logits)
    counts = batch.mask / batch.mask.sum(axis=(1, 2), keepdims=True)
    picked = np.take_along_axis(log_p, batch.target[..., None], axis=-1)
    dlogits = np.exp(log_p)
    np.put_along_axis(dlogits, batch.target[..., None], np.expm1(picked), axis=-1)
    losses = -(picked[..., 0] * counts).sum(axis=(1, 2))
    return losses, (dlogits * counts[..., None]).astype(logits.dtype)


class AttentionNets(torch.nn.Module):
    """K transformers: two blocks of causal self-attention with two heads; norms without weights.

    retention is accepted and not used: nothing is retained.
    """

    BLOCKS, HEADS = 2, 2

    def __init__(self, kind, inputs, hidden, outputs, seeds, *, lr, retention=None):
        super().__init__()
        shapes = {"in": (inputs, hidden), "out": (hidden, outputs)}
        for k in range(self.BLOCKS):
            shapes |= {f"qkv{k}": (hidden, 3 * hidden), f"join{k}": (hidden, hidden)}
            shapes |= {f"up{k}": (hidden, 2 * hidden), f"down{k}": (2 * hidden, hidden)}
        draws = [torch.Generator().manual_seed(seed) for seed in seeds]
        self.weights, self.biases = torch.nn.ParameterDict(), torch.nn.ParameterDict()
        for name, (n, m) in shapes.items():
            bound = 1 / math.sqrt(n)
            drawn = torch.stack([torch.rand((n, m), generator=g) for g in draws])
            self.weights[name] = (2 * drawn - 1) * bound
            self.biases[name] = torch.zeros(len(draws), m)
        self.optimiser = torch.optim.Adam(self.parameters(), lr)

    @property
    def size(self):
        """Parameters of one net."""
        return sum(p[0].numel() for p in self.parameters())

    def affine(self, name, u):
        """u (K, T, B, n) -> (K, T, B, m)."""
        return (u.flatten(1, 2) @ self.weights[name] + self.biases[name][:, None]).unflatten(
            1, u.shape[1:3]
        )

    def forward(self, x):
        """x (K, T, B, D) -> logits (K, T, B, N)."""
        u = self.affine("in", x)
        T, size = u.shape[1], u.shape[-1]
        u = u + torch_nn.attention.sinusoidal(T, size, dtype=u.dtype)
        future = torch.triu(torch.ones(T, T, dtype=torch.bool), 1)
        for k in range(self.BLOCKS):
            qkv = self.affine(f"qkv{k}", normed(u)).unflatten(-1, (3, self.HEADS, -1))
            q, key, v = (
                part.permute(0, 2, 3, 1, 4) for part in qkv.unbind(3)
            )  # (K, B, heads, T, d)
            scores = q @ key.mT / math.sqrt(q.shape[-1])
            weights = scores.masked_fill(future, -torch.inf).softmax(-1)
            context = (weights @ v).permute(0, 3, 1, 2, 4).flatten(-2)
            u = u + self.affine(f"join{k}", context)
            u = u + self.affine(f"down{k}", self.affine(f"up{k}", normed(u)).relu())
        return self.affine("out", normed(u))

    def learn(self, batch):
        """One update of every net -> losses (K,)."""
        logits = self(torch.from_numpy(batch.x))
        each = torch.nn.functional.cross_entropy(
            logits.flatten(0, 2), torch.from_numpy(batch.target).flatten(), reduction="none"
        ).view(batch.target.shape)
        mask = torch.from_numpy(batch.mask)
        losses = (each * mask).sum((1, 2)) / mask.sum((1, 2))
        self.optimiser.zero_grad()
        losses.sum().backward()
        squares = sum((p.grad**2).flatten(1).sum(1) for p in self.parameters())
        scale = (1 / squares.sqrt().clamp(min=1e-12)).clamp(max=1)  # each net's norm at most 1
        for p in self.parameters():
            p.grad *= scale.view(-1, *(1,) * (p.ndim - 1))
        self.optimiser.step()
        return losses.detach().numpy()

    @torch.no_grad()
    def right(self, batch):
        """Which answers are right (K, T, B); true where none counts."""
        found = self(torch.from_numpy(batch.x)).argmax(-1).numpy()
        return (found == batch.target) | ~batch.mask


def normed(u):
    """Mean 0 and variance 1 over the features."""
    return torch.nn.functional.layer_norm(u, u.shape[-1:])
