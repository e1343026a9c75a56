"""Losses, operations, optimisers and gradient checks of numpy_nn; torch where it has them."""

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from course_utils import numpy_nn
from course_utils.numpy_nn import gradcheck, losses, many, ops, optim, truncation
from course_utils.shapes import ShapeError

RNG = np.random.default_rng(7)
LOGITS, IDS = RNG.normal(0, 3, (4, 3, 6)), RNG.integers(0, 6, (4, 3))
P = numpy_nn.init_params("lstm", 2, 4, np.random.default_rng(0))
X = np.zeros((3, 2, 2))
HS, _, TAPE = numpy_nn.unroll("lstm", P, X)


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


@pytest.mark.parametrize(
    ("a", "b", "norm"),
    [
        (3e20, 4e20, 5e20),  # their squares are more than float32 holds
        (3e-30, 4e-30, 5e-30),
        (3e38, 0.0, 3e38),
        (3e200, 4e200, 5e200),
        (3e-200, 4e-200, 5e-200),
    ],
)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_clip_norm_of_numbers_whose_squares_do_not_exist(a, b, norm, dtype):
    if norm > 1e100 or norm < 1e-100:
        dtype = np.float64
    grads = {"a": np.array([a], dtype), "b": np.array([[b]], dtype)}
    limit = min(1.0, norm / 10)
    for clipped, found in (
        optim.clip_norm(grads, limit),
        (lambda c, n: ({k: v[0] for k, v in c.items()}, n[0]))(
            *many.clip_norm({k: g[None] for k, g in grads.items()}, limit)
        ),
    ):
        np.testing.assert_allclose(found, norm, rtol=1e-6)
        ratio = np.array([a, b]) / norm * limit
        np.testing.assert_allclose([clipped["a"][0], clipped["b"][0, 0]], ratio, rtol=1e-6)


@pytest.mark.parametrize("bad", [np.inf, -np.inf, np.nan])
def test_clip_norm_leaves_an_infinite_gradient_to_be_seen(bad):
    grads = {"a": np.array([1.0, bad], np.float32), "b": np.ones((2, 2), np.float32)}
    clipped, norm = optim.clip_norm(grads, 1.0)
    np.testing.assert_array_equal(norm, abs(bad))
    for name, g in grads.items():
        np.testing.assert_array_equal(clipped[name], g)
    both = {name: np.stack([np.ones_like(g), g]) for name, g in grads.items()}
    clipped, norms = many.clip_norm(both, 1.0)
    np.testing.assert_allclose(norms, [6**0.5, abs(bad)], rtol=1e-6)
    for name, g in grads.items():
        np.testing.assert_allclose(clipped[name][0], 6**-0.5, rtol=1e-6)  # the other net is clipped
        np.testing.assert_array_equal(clipped[name][1], g)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_the_small_functions_reach_their_limits(dtype):
    big = np.array([np.finfo(dtype).max, np.inf], dtype)
    limits = {
        ops.sigmoid: (1, 0),
        ops.log_sigmoid: (0, -big),
        ops.positive: (big, 0),
        ops.positive_slope: (1, None),
    }
    for function, (up, down) in limits.items():
        np.testing.assert_allclose(function(big), np.broadcast_to(up, 2), rtol=1e-3)
        if down is not None:
            np.testing.assert_allclose(function(-big), np.broadcast_to(down, 2), rtol=1e-3)
    rows = np.array([[0, -np.inf, 0], [0, np.inf, 0], [np.inf, -np.inf, np.inf]], dtype)
    shares = np.array([[0.5, 0, 0.5], [0, 1, 0], [0.5, 0, 0.5]])
    np.testing.assert_array_equal(ops.softmax(rows), shares)
    with np.errstate(divide="ignore"):
        np.testing.assert_allclose(ops.log_softmax(rows), np.log(shares), rtol=1e-3)
    np.testing.assert_array_equal(ops.softmax(np.array([-big[0], 0, big[0]], dtype)), [0, 0, 1])
    with pytest.raises(ValueError, match=r"a: row \(1,\) is -inf throughout"):
        ops.softmax(np.array([[0, 0], [-np.inf, -np.inf]], dtype))


def test_what_a_mask_leaves_out_may_hold_anything():
    mask = RNG.random((4, 3)) < 0.6
    ids, logits = np.where(mask, IDS, -9), np.where(mask[..., None], LOGITS, np.nan)
    found, expected = (losses.cross_entropy(a, b, mask) for a, b in ((logits, ids), (LOGITS, IDS)))
    np.testing.assert_array_equal(found[0], expected[0])
    np.testing.assert_array_equal(found[1], expected[1])
    target = np.where(mask[..., None], np.ones_like(LOGITS), np.nan)
    loss, d = losses.mse(logits, target, mask)
    whole, one_by_one = losses.mse(LOGITS[mask], np.ones_like(LOGITS[mask]))
    np.testing.assert_allclose(loss, whole, rtol=1e-13)
    np.testing.assert_allclose(d[mask], one_by_one, rtol=1e-13)
    assert not d[~mask].any()


@pytest.mark.parametrize("bad", [-1, 6])
def test_an_impossible_id_is_named_with_its_position(bad):
    ids = IDS.copy()
    ids[2, 1] = bad
    message = rf"ids: {bad} is outside the vocabulary of 6, at position \(2, 1\); use 0 to 5"
    rows = np.zeros((4, 3, 2))
    for call in (
        lambda: losses.cross_entropy(LOGITS, ids),
        lambda: losses.cross_entropy(LOGITS, ids, np.ones((4, 3), bool)),
        lambda: ops.one_hot(ids, 6),
        lambda: ops.embed(rows[:2].reshape(6, 2), ids),
        lambda: ops.embed_backward(rows[:2].reshape(6, 2), ids, rows),
    ):
        with pytest.raises(IndexError, match=message):
            call()
    with pytest.raises(IndexError, match=rf"{bad} is outside the vocabulary of 6"):
        many.cross_entropies(LOGITS[None], ids)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: losses.cross_entropy(LOGITS, IDS * 1.0), TypeError, "ids: expected integers"),
        (lambda: losses.cross_entropy(LOGITS, IDS > 2), TypeError, "ids: expected integers"),
        (lambda: losses.cross_entropy(LOGITS, IDS, IDS), TypeError, "mask: expected booleans"),
        (lambda: losses.cross_entropy(LOGITS, IDS, IDS[:2] > 2), ShapeError, "mask: expected"),
        (lambda: losses.mse(IDS, IDS), TypeError, "prediction: expected floating"),
        (lambda: losses.mse(torch.ones(2), np.ones(2)), TypeError, "prediction.detach"),
        (lambda: optim.clip_norm({"w": np.ones(2)}, 0), ValueError, "limit: expected a positive"),
        (lambda: optim.clip_norm({"w": np.ones(2, int)}, 1), TypeError, r"grads\['w'\]: expected"),
        *(
            (lambda bad=bad: optim.clip_norm({"w": np.ones(2)}, bad), ValueError, "limit: expected")
            for bad in (None, True, "1", -1, np.nan, np.ones(1))
        ),
        *(
            (lambda bad=bad, made=made: made(bad), ValueError, "lr: expected a number")
            for bad in (None, True, "1", -1, np.nan)
            for made in (optim.SGD, optim.Adam)
        ),
        *(
            (call, ValueError, "expected a probability below 1")
            for bad in (None, True, "x", 1, -0.1, np.nan, np.ones(2))
            for call in (
                lambda bad=bad: truncation.randomly_truncated_backward(TAPE, HS, bad, RNG),
                lambda bad=bad: numpy_nn.unroll_stack("lstm", [P], X, dropout=bad, rng=RNG),
            )
        ),
        *(
            (lambda bad=bad: truncation.cell_state_only_backward(TAPE, bad), ShapeError, "dy: exp")
            for bad in (HS[:2], HS[..., :1])
        ),
        (lambda: numpy_nn.unroll(["lstm"], P, X), KeyError, "there is no cell"),
        (lambda: numpy_nn.unroll("lstm", P, X, config=[1]), TypeError, "config: expected a dict"),
        (lambda: optim.Adam(beta1=1), ValueError, "beta1: expected .* below 1"),
        (lambda: optim.Adam(eps=-1e-8), ValueError, "eps: expected"),
        (lambda: optim.clip_norm([np.ones(2)], 1), TypeError, "grads: expected a dict"),
        (lambda: optim.SGD().update([np.ones(2)], {}), TypeError, "params: expected a dict"),
        (lambda: optim.Adam().init([np.ones(2)]), TypeError, "params: expected a dict"),
        (lambda: optim.SGD().update({"w": np.ones(2)}, []), TypeError, "grads: expected a dict"),
        (
            lambda: optim.SGD().update({"w": np.ones(2)}, {"w": torch.ones(2)}),
            TypeError,
            r"grads\['w'\].detach",
        ),
        (
            lambda: optim.Adam().update({"w": np.ones(2)}, {"w": np.ones(2)}, ()),
            TypeError,
            "state: expected what Adam.init",
        ),
        (lambda: optim.SGD().update({"w": np.ones(2)}, {}), KeyError, "grads: missing w"),
        (
            lambda: optim.SGD().update({"w": np.ones(2)}, {"w": np.ones(1)}),
            ShapeError,
            r"grads\['w'\]: expected shape \(2,\)",
        ),
        (
            lambda: optim.Adam().update(
                {"w": np.ones(2)}, {"w": np.ones(2)}, optim.Adam().init({"v": np.ones(2)})
            ),
            KeyError,
            "state.mean: missing w",
        ),
        (lambda: ops.embed_backward(LOGITS[0], IDS[0] % 3, LOGITS), ShapeError, "dx: expected"),
        (lambda: ops.affine_backward(LOGITS[0], LOGITS, LOGITS), ShapeError, "dy: expected shape"),
        (lambda: ops.one_hot(IDS, 6.0), ValueError, "size: expected a positive integer, got 6.0"),
        (lambda: gradcheck.complex_step(np.sum, IDS), TypeError, "value: expected real floating"),
        (
            lambda: gradcheck.directional(np.sum, LOGITS, LOGITS, RNG, directions=True),
            ValueError,
            "directions: expected a positive integer, got True",
        ),
        (
            lambda: gradcheck.directional(np.sum, LOGITS, LOGITS[0], RNG),
            ShapeError,
            "gradient: expected shape",
        ),
    ],
)
def test_a_mistake_is_named(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_a_loss_over_more_positions_than_float16_can_count():
    """1/n exists in float16 although n does not."""
    n = 100_000
    ones, ids = np.ones((n, 2), np.float16), np.zeros(n, int)
    for d in (
        losses.cross_entropy(ones, ids)[1],
        losses.mse(ones, 0 * ones)[1],
        many.cross_entropies(ones[None], ids)[1],
        many.mses(ones[None], 0 * ones)[1],
    ):
        assert d.dtype == np.float16 and d.any(axis=-1).all()


def test_a_number_has_a_loss_too():
    assert losses.mse(np.float32(3), np.float32(2)) == (1, 2)


def test_training_in_float32_stays_there():
    """A float64 step size, clip and loss weight on the way; NumPy's numbers are strong."""
    params = numpy_nn.init_params("gru", 3, 6, RNG, np.float32)
    x = RNG.standard_normal((5, 2, 3)).astype(np.float32)
    adam = optim.Adam(np.float64(1e-2), *map(np.float64, (0.9, 0.99, 1e-8)))
    state = adam.init(params)
    for _ in range(2):
        y, _, tape = numpy_nn.unroll("gru", params, x)
        loss, dlogits = losses.cross_entropy(y, RNG.integers(0, 6, (5, 2)))
        *_, grads = numpy_nn.unroll_backward(tape, dlogits)
        grads, _ = optim.clip_norm(grads, np.float64(1e-3))
        params, state = adam.update(params, grads, state)
    arrays = [loss, dlogits, *params.values(), *grads.values(), *state.mean.values()]
    assert {a.dtype for a in arrays} == {np.dtype(np.float32)}


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
