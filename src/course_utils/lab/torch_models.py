"""A recurrent layer and a linear readout in PyTorch, and losses that experiments train it on."""

import numpy as np
import torch

from course_utils import numpy_nn, torch_nn


class Net(torch.nn.Module):
    """x (T, B, D) -> one answer a step (T, B, N), or, with ``last``, one a sequence (B, N).

    options (scheme, retention, config) as for ``numpy_nn.init_params``; everything is drawn from
    ``seed`` alone.
    """

    def __init__(self, key, inputs, hidden, outputs, seed, *, last=False, **options):
        super().__init__()
        rng = np.random.default_rng(seed)
        params = numpy_nn.init_params(key, inputs, hidden, rng, np.float32, **options)
        self.layer = torch_nn.from_numpy(key, params, config=options.get("config"))
        self.last = last
        self.readout = torch.nn.Linear(hidden, outputs)
        bound = hidden**-0.5
        with torch.no_grad():
            for p in self.readout.parameters():
                p.copy_(torch.from_numpy(rng.uniform(-bound, bound, p.shape)))

    def forward(self, x, state=None):
        y, _ = self.layer(x, state)
        return self.readout(y[-1] if self.last else y)


def tensors(batch):
    """A task's Batch with float32 tensors in place of arrays."""
    return type(batch)(
        *(None if a is None else torch.as_tensor(np.asarray(a), dtype=torch.float32) for a in batch)
    )


def masked(values, mask):
    """Mean of values (T, B, 1) where mask (T, B) says that they count."""
    return (values[..., 0] * mask).sum() / mask.sum()


def accuracy(model, batch):
    """Share of the counting answers on the right side of zero (logits, targets 0 and 1)."""
    with torch.no_grad():
        right = ((model(batch.x) > 0) == (batch.target > 0.5)).float()
    return float(masked(right, batch.mask))


def squared_loss(model, batch):
    """Mean squared error of the answer after the last step."""
    return ((model(batch.x) - batch.target) ** 2).mean()


def binary_loss(model, batch):
    """Cross-entropy of logits with targets 0 and 1, where the mask counts."""
    each = torch.nn.functional.binary_cross_entropy_with_logits(
        model(batch.x), batch.target, reduction="none"
    )
    return masked(each, batch.mask)


def class_tensors(batch):
    """A task's Batch with x as float32 and class numbers as they are."""
    return batch._replace(
        x=torch.from_numpy(batch.x.astype(np.float32)), target=torch.from_numpy(batch.target)
    )


def class_loss(model, batch):
    """Cross-entropy of one answer (B, N) a sequence with its class (B,)."""
    return torch.nn.functional.cross_entropy(model(batch.x), batch.target)


def class_accuracy(model, batch):
    """Share of sequences whose largest answer is their class."""
    with torch.no_grad():
        return float((model(batch.x).argmax(-1) == batch.target).float().mean())


def parameters(model):
    """How many numbers training may change."""
    return sum(p.numel() for p in model.parameters())
