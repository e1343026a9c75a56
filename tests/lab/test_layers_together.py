"""Nets side by side are what each of them is alone; a block mixes the past and nothing later."""

import numpy as np
import pytest
import torch

from course_utils.lab.layers_together import entropies, sampled, together
from course_utils.lab.mixers import MixerNet, entropy_loss, right
from course_utils.numpy_nn import ops
from course_utils.tasks import AnBn, Batch, Cups

pytestmark = pytest.mark.usefixtures("uncompiled")

KINDS = ("rnn", "mingru", "attention")


def learned(kind, task, seeds, updates=3):
    """Losses (updates, K) of nets that learn side by side."""
    nets = together(kind, 2, 4, 2, seeds, lr=1e-2)
    rngs = [np.random.default_rng((seed, 1)) for seed in seeds]
    return np.array([nets.learn(sampled(task, rngs, 3)) for _ in range(updates)])


@pytest.mark.parametrize("kind", KINDS)
def test_a_net_learns_beside_others_as_it_does_alone(kind):
    both, alone = (learned(kind, AnBn(1, 3), seeds) for seeds in ((0, 5), (5,)))
    np.testing.assert_allclose(both[:, 1], alone[:, 0], rtol=1e-4)
    assert np.abs(both[:, 0] - both[:, 1]).min() > 1e-5


@pytest.mark.parametrize("kind", KINDS)
def test_no_answer_sees_what_comes_later(kind):
    nets = together(kind, 2, 4, 2, (0,), lr=1e-2)
    x, target, mask = sampled(Cups(2, 6), [np.random.default_rng(0)], 3)
    other = x.copy()
    other[:, 4:] = 1 - other[:, 4:]
    first, second = ([*nets.learn(Batch(v, target, mask))] for v in (x, x))
    assert first != second  # it has learned in between
    assert (nets.right(Batch(x, target, mask)) == nets.right(Batch(other, target, mask)))[
        :, :4
    ].all()


def test_the_loss_is_the_mean_over_what_counts_and_its_gradient_the_slope():
    rng = np.random.default_rng(1)
    logits, way = rng.standard_normal((2, 2, 4, 3, 5))
    batch = Batch(None, rng.integers(0, 5, (2, 4, 3)), rng.random((2, 4, 3)) < 0.5)
    losses, dlogits = entropies(logits, batch)
    each = -np.take_along_axis(ops.log_softmax(logits), batch.target[..., None], -1)[..., 0]
    for k in range(2):
        assert losses[k] == pytest.approx(each[k][batch.mask[k]].mean())
    up, down = (entropies(logits + s * way, batch)[0] for s in (1e-6, -1e-6))
    np.testing.assert_allclose((dlogits * way).sum((1, 2, 3)), (up - down) / 2e-6, atol=1e-8)


@pytest.mark.parametrize("kind", ["lstm", "mingru", "lru", "attention"])
def test_a_mixer_net_is_causal_and_learns_by_every_parameter(kind):
    net, task = MixerNet(kind, 2, 8, 2, 0, retention=None), Cups(2, 6)
    batch = task.sample(np.random.default_rng(0), 3)
    x = torch.from_numpy(batch.x.astype(np.float32))
    changed = x.clone()
    changed[4:] = 1 - changed[4:]
    moved = (net(x) - net(changed)).detach().abs().amax(dim=(1, 2))
    assert (moved[:4] < 1e-6).all() and (moved[4:] > 1e-6).all()
    entropy_loss(net, batch).backward()
    assert all(p.grad is not None and torch.isfinite(p.grad).all() for p in net.parameters())
    assert right(net, batch).shape == (6, 3)
    tokens = torch.from_numpy(batch.x.argmax(-1))
    torch.testing.assert_close(net(tokens), net(x))
