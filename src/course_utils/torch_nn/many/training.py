"""What stands above K layers side by side, and trains them: readouts, losses, Adam."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import torch

from course_utils.shapes import ShapeError, expect
from course_utils.torch_nn.validation import array_like, check_ids, same_kind, tensors


def affine(weight, bias, x):
    """Readout layers: weight (K, N, H), bias (K, N), x (K, ..., H) -> (K, ..., N)."""
    tensors(x=x)
    if x.dim() < 2:
        raise ShapeError(f"x: expected axes (K, ..., H), got {tuple(x.shape)}")
    rows = x.flatten(1, -2) if x.dim() > 2 else x[:, None]
    expect(weight=(weight, "K N H"), bias=(bias, "K N"), x=(rows, "K rows H"))
    same_kind("weight", weight, x)
    same_kind("bias", bias, x)
    return torch.baddbmm(bias[:, None], rows, weight.mT).reshape(*x.shape[:-1], weight.shape[1])


def mses(prediction, target):
    """Mean squared errors (K,): prediction (K, ...), target (...) or (K, ...)."""
    tensors(prediction=prediction, target=target)
    if target.shape not in (prediction.shape, prediction.shape[1:]):
        raise ShapeError(
            f"target: expected shape {tuple(prediction.shape)} of prediction, or that without the "
            f"nets, got {tuple(target.shape)}"
        )
    return ((prediction - target) ** 2).flatten(1).mean(dim=1)


def cross_entropies(logits, ids):
    """Cross-entropies (K,) in nats: logits (K, ..., V), ids (...) or (K, ...)."""
    tensors(logits=logits, ids=ids)
    if ids.shape not in (logits.shape[:-1], logits.shape[1:-1]):
        raise ShapeError(
            f"ids: expected shape {tuple(logits.shape[1:-1])} of logits, got {tuple(ids.shape)}"
        )
    check_ids("ids", ids, logits.shape[-1])
    ids = ids.expand(logits.shape[:-1])
    log_p = torch.log_softmax(logits, dim=-1)
    return -log_p.gather(-1, ids[..., None]).flatten(1).mean(dim=1)


def gradients(losses, params):
    """The gradient of each net's loss: losses (K,), params -> a dict with the keys of params.

    No net's loss reads another's parameters, so the gradient of the sum is that of each.
    """
    tensors(losses=losses)
    if not isinstance(params, Mapping):
        raise TypeError(f"params: expected a dict from stack, got {type(params).__name__}")
    if not losses.requires_grad:
        raise ValueError("losses: no gradient leads back from here; use params as from stack")
    found = torch.autograd.grad(losses.sum(), list(params.values()))
    return dict(zip(params, found, strict=True))


def clip_norm(grads, limit):
    """Scale the gradients of each net together so that their joint norm is at most limit.

    grads {name: (K, ...)}; limit, one for all or a tensor (K,).  Returns grads and the norms before
    (K,).  A norm does not overflow before its result does; where it is infinite or NaN the net's
    gradients come back as they are.  Pascanu, Mikolov & Bengio 2013, algorithm 1, for every net.
    """
    if not isinstance(grads, Mapping) or not grads:
        raise TypeError(f"grads: expected a dict as from gradients, got {type(grads).__name__}")
    tensors(**{f"grads[{name!r}]": g for name, g in grads.items()})
    limit, K = array_like("limit", limit), len(next(iter(grads.values())))
    if tuple(limit.shape) not in ((), (K,)):
        raise ShapeError(f"limit: expected one number, or one for each of {K} nets, got {limit}")
    if not (limit > 0).all():
        raise ValueError(f"limit: expected positive numbers, got {limit.tolist()}")
    rows = [g.flatten(1) for g in grads.values()]
    limit = limit.to(rows[0])
    largest = torch.stack([r.abs().amax(dim=1) for r in rows]).amax(dim=0)
    plain = (largest > 0) & largest.isfinite()
    unit = torch.where(plain, largest, 1)
    squares = torch.stack([((r / unit[:, None]) ** 2).sum(dim=1) for r in rows]).sum(dim=0)
    relative = squares.sqrt()  # the norms in units of the largest number
    norms = torch.where(plain, unit * relative, largest)
    long = plain & (norms > limit)
    unit = torch.where(long, unit, 1)
    scale = torch.where(long, limit / relative, 1)
    return {name: g / _each(unit, g) * _each(scale, g) for name, g in grads.items()}, norms


class AdamState(NamedTuple):
    """Number of updates so far, and running means of the gradient and of its square."""

    updates: int
    mean: dict
    square: dict


@dataclass(frozen=True)
class Adam:
    """Adam for K nets as a pure function, each of its numbers one for all or a tensor (K,).

    As ``numpy_nn.optim.Adam``: Kingma & Ba 2015, algorithm 1.
    """

    lr: float = 1e-3
    beta1: float = 0.9
    beta2: float = 0.999
    eps: float = 1e-8

    def init(self, params):
        """Zero moments."""
        zeros = {name: torch.zeros_like(p, requires_grad=False) for name, p in params.items()}
        return AdamState(0, zeros, {name: z.clone() for name, z in zeros.items()})

    @torch.no_grad()
    def update(self, params, grads, state):
        """-> (new params, new state), new leaves; nothing is changed in place."""
        n, new, means, squares = state.updates + 1, {}, {}, {}
        for name, p in params.items():
            lr, b1, b2, eps = (_each(v, p) for v in (self.lr, self.beta1, self.beta2, self.eps))
            g = grads[name]
            means[name] = m = b1 * state.mean[name] + (1 - b1) * g
            squares[name] = v = b2 * state.square[name] + (1 - b2) * g**2
            moved = p - lr * (m / (1 - b1**n)) / ((v / (1 - b2**n)).sqrt() + eps)
            new[name] = moved.requires_grad_(p.requires_grad)
        return new, AdamState(n, means, squares)


def _each(values, like):
    """A number for each net, (K,), so that it meets like (K, ...); one for all as it is."""
    if not isinstance(values, torch.Tensor) or not values.dim():
        return values
    if len(values) != len(like):
        raise ShapeError(
            f"expected one number for all nets or one for each of {len(like)}, "
            f"got shape {tuple(values.shape)}"
        )
    return values.to(like).view(-1, *(1,) * (like.dim() - 1))
