"""Losses, operations, optimisers and gradient checks of numpy_nn; torch where it has them."""

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from course_utils.numpy_nn import gradcheck, losses, ops, optim
from course_utils.shapes import ShapeError

RNG = np.random.default_rng(7)
LOGITS, IDS = RNG.normal(0, 3, (4, 3, 6)), RNG.integers(0, 6, (4, 3))


def test_cross_entropy_equals_torch_with_its_gradient():
    mask = RNG.random((4, 3)) < 0.6
    loss, dlogits = losses.cross_entropy(LOGITS, IDS, mask)
    t = torch.tensor(LOGITS, requires_grad=True)
    expected = F.cross_entropy(t[torch.tensor(mask)], torch.tensor(IDS[mask]))
    expected.backward()
    np.testing.assert_allclose(loss, expected.item(), rtol=1e-13)
    np.testing.assert_allclose(dlogits, t.grad.numpy(), atol=1e-15)


def test_cross_entropy_survives_huge_logits():
    loss, dlogits = losses.cross_entropy(LOGITS * 1e4, IDS)
    assert np.isfinite(loss)
    assert np.isfinite(dlogits).all()


def test_mse_equals_torch_with_its_gradient():
    a, b = RNG.standard_normal((3, 2)), RNG.standard_normal((3, 2))
    loss, d = losses.mse(a, b)
    t = torch.tensor(a, requires_grad=True)
    expected = F.mse_loss(t, torch.tensor(b))
    expected.backward()
    np.testing.assert_allclose([loss], [expected.item()], rtol=1e-13)
    np.testing.assert_allclose(d, t.grad.numpy(), atol=1e-15)


@pytest.mark.parametrize(
    "call",
    [
        lambda: losses.mse(np.zeros((3, 1)), np.zeros(3)),
        lambda: losses.cross_entropy(LOGITS, IDS[:2]),
    ],
)
def test_a_target_that_would_broadcast_is_refused(call):
    with pytest.raises(ShapeError, match="expected shape"):
        call()


def test_a_mask_that_counts_nothing_is_refused():
    with pytest.raises(ValueError, match="mask: no position counts"):
        losses.cross_entropy(LOGITS, IDS, np.zeros((4, 3), bool))


def test_softmax_and_its_backward():
    dp = RNG.standard_normal(LOGITS.shape)
    da = ops.softmax_backward(ops.softmax(LOGITS), dp)
    t = torch.tensor(LOGITS, requires_grad=True)
    (t.softmax(-1) * torch.tensor(dp)).sum().backward()
    np.testing.assert_allclose(da, t.grad.numpy(), atol=1e-14)


def test_embedding_is_one_hot_times_the_table():
    table = RNG.standard_normal((6, 4))
    np.testing.assert_allclose(ops.embed(table, IDS), ops.one_hot(IDS, 6) @ table, atol=1e-15)
    dx = RNG.standard_normal((4, 3, 4))
    by_product = ops.one_hot(IDS, 6).reshape(-1, 6).T @ dx.reshape(-1, 4)
    np.testing.assert_allclose(ops.embed_backward(table, IDS, dx), by_product, atol=1e-14)


@pytest.mark.parametrize(
    ("ids", "error", "message"),
    [
        (np.array([6]), IndexError, "6 is outside the vocabulary of 6"),
        (np.array([-1]), IndexError, "-1 is outside"),
        (np.array([0.5]), TypeError, "expected integers"),
    ],
)
def test_a_token_outside_the_vocabulary_is_named(ids, error, message):
    with pytest.raises(error, match=message):
        ops.one_hot(ids, 6)


def test_affine_and_its_backward():
    w, b, x = RNG.standard_normal((2, 4)), RNG.standard_normal(2), RNG.standard_normal((5, 3, 4))
    dy = RNG.standard_normal((5, 3, 2))
    dx, dw, db = ops.affine_backward(w, x, dy)
    leaves = [torch.tensor(v, requires_grad=True) for v in (x, w, b)]
    y = F.linear(*leaves)
    np.testing.assert_allclose(ops.affine(w, b, x), y.detach().numpy(), atol=1e-14)
    (y * torch.tensor(dy)).sum().backward()
    for ours, leaf in zip((dx, dw, db), leaves, strict=True):
        np.testing.assert_allclose(ours, leaf.grad.numpy(), atol=1e-13)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (optim.Adam(lr=0.03), lambda p: torch.optim.Adam(p, lr=0.03)),
        (optim.SGD(lr=0.2), lambda p: torch.optim.SGD(p, lr=0.2)),
    ],
)
def test_optimisers_walk_the_same_way_as_torch(ours, theirs):
    params = {"w": RNG.standard_normal((3, 2))}
    tensor = torch.tensor(params["w"], requires_grad=True)
    state, other = ours.init(params), theirs([tensor])
    start = params["w"].copy()
    for _ in range(5):
        params, state = ours.update(params, {"w": np.sin(params["w"])}, state)
        tensor.grad = torch.tensor(np.sin(tensor.detach().numpy()))
        other.step()
    np.testing.assert_allclose(params["w"], tensor.detach().numpy(), atol=1e-12)
    assert np.abs(params["w"] - start).max() > 0.01


def test_clip_norm_scales_all_gradients_together_or_not_at_all():
    grads = {"a": np.full(3, 2.0), "b": np.full((2, 2), -1.0)}
    clipped, norm = optim.clip_norm(grads, 1.0)
    np.testing.assert_allclose(norm, 4.0)
    np.testing.assert_allclose(clipped["a"] / grads["a"], 0.25)
    np.testing.assert_allclose(clipped["b"] / grads["b"], 0.25)
    same, _ = optim.clip_norm(grads, 10.0)
    np.testing.assert_array_equal(same["a"], grads["a"])


def test_gradient_checks_see_a_wrong_gradient():
    """A checker that accepts everything would make every other test here worthless."""
    value = RNG.standard_normal(5)

    def loss(v):
        return (np.tanh(v) ** 2).sum()

    right = 2 * np.tanh(value) * (1 - np.tanh(value) ** 2)
    np.testing.assert_allclose(gradcheck.complex_step(loss, value), right, atol=1e-15)
    assert gradcheck.directional(loss, value, right, RNG).error < 1e-8
    wrong = right.copy()
    wrong[3] *= 1.01
    assert gradcheck.directional(loss, value, wrong, RNG).error > 1e-4
