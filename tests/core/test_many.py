"""K nets side by side are K nets: forward, backward, losses, optimisers."""

import numpy as np
import pytest

from course_utils import numpy_nn
from course_utils.numpy_nn import losses, many, ops, optim
from course_utils.shapes import ShapeError

K, T, B, D, H, N = 4, 6, 3, 2, 5, 7


def nets(key, dtype=np.float64):
    return [numpy_nn.init_params(key, D, H, np.random.default_rng(k), dtype) for k in range(K)]


def draw(*shape, seed=0, dtype=np.float64):
    return np.random.default_rng(seed).standard_normal(shape).astype(dtype)


def start(key, seed):
    return tuple(draw(K, B, H, seed=seed + n) for n in range(2 if key == "lstm" else 1))


@pytest.mark.parametrize("shared", [True, False], ids=["one x", "an x each"])
@pytest.mark.parametrize("key", many.KEYS)
def test_many_nets_equal_as_many_runs(key, shared):
    x = draw(T, B, D) if shared else draw(K, T, B, D)
    dy, state0, dlast = draw(K, T, B, H, seed=1), start(key, 2), start(key, 5)
    y, last, tape = many.unroll(key, many.stack(nets(key)), x, state0)
    dx, dstate0, grads = many.unroll_backward(tape, dy, dlast)
    for k, params in enumerate(nets(key)):
        one = numpy_nn.unroll(key, params, x if shared else x[k], tuple(s[k] for s in state0))
        back = numpy_nn.unroll_backward(one[2], dy[k], tuple(d[k] for d in dlast))
        equal(y[k], one[0])
        equal(dx[k], back[0])
        for name in one[1]._fields:
            equal(getattr(last, name)[k], getattr(one[1], name))
            equal(getattr(dstate0, name)[k], getattr(back[1], name))
        for name, g in back[2].items():
            equal(grads[name][k], g)


def equal(found, expected):
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("optimiser", [optim.Adam, optim.SGD])
def test_training_with_a_rate_for_each_net_equals_as_many_trainings(optimiser):
    rates = np.geomspace(1e-3, 0.3, K)
    x, ids = draw(T, B, D), np.random.default_rng(3).integers(0, N, B)
    alone = [train(net, optimiser(lr), x, ids) for net, lr in zip(begin(), rates, strict=True)]
    params, step = many.stack(begin()), many.Each(optimiser(rates))
    state = step.init(params)
    for update in range(5):
        cell, head = parts(params)
        y, _, tape = many.unroll("gru", cell, x)
        logits = many.affine(head["weight"], head["bias"], y[:, -1])
        loss, dlogits = many.cross_entropies(logits, ids)
        equal(loss, [found[update] for _, found in alone])
        dlast, *from_head = many.affine_backward(head["weight"], y[:, -1], dlogits)
        _, _, grads = many.unroll_backward(tape, np.zeros_like(y), (dlast,))
        grads |= dict(zip(("weight", "bias"), from_head, strict=True))
        grads, _ = many.clip_norm(grads, 0.5)
        params, state = step.update(params, grads, state)
    for k, (expected, _) in enumerate(alone):
        for name, p in many.pick(params, k).items():
            np.testing.assert_allclose(p, expected[name], rtol=1e-9, atol=1e-12)


def begin():
    heads = ({"weight": draw(N, H, seed=20 + k), "bias": draw(N, seed=30 + k)} for k in range(K))
    return [cell | head for cell, head in zip(nets("gru"), heads, strict=True)]


def parts(params):
    head = {name: params[name] for name in ("weight", "bias")}
    return {name: p for name, p in params.items() if name not in head}, head


def train(params, optimiser, x, ids):
    """The readable way: -> parameters after five updates, the losses on the way."""
    state, found = optimiser.init(params), []
    for _ in range(5):
        cell, head = parts(params)
        y, _, tape = numpy_nn.unroll("gru", cell, x)
        loss, dlogits = losses.cross_entropy(ops.affine(head["weight"], head["bias"], y[-1]), ids)
        found.append(loss)
        dlast, *from_head = ops.affine_backward(head["weight"], y[-1], dlogits)
        _, _, grads = numpy_nn.unroll_backward(tape, np.zeros_like(y), (dlast,))
        grads |= dict(zip(("weight", "bias"), from_head, strict=True))
        grads, _ = optim.clip_norm(grads, 0.5)
        params, state = optimiser.update(params, grads, state)
    return params, found


@pytest.mark.parametrize("shared", [True, False])
def test_squared_errors_equal_one_by_one(shared):
    prediction = draw(K, T, B, N)
    target = draw(T, B, N, seed=1) if shared else draw(K, T, B, N, seed=1)
    found, d = many.mses(prediction, target)
    for k in range(K):
        loss, expected = losses.mse(prediction[k], target if shared else target[k])
        equal(found[k], loss)
        equal(d[k], expected)


def test_clipping_leaves_alone_what_is_short():
    grads = {"a": draw(K, 3, 2) * np.array([0.01, 0.1, 10, 100])[:, None, None], "b": draw(K, 4)}
    clipped, norms = many.clip_norm(grads, 2.5)
    for k in range(K):
        expected, norm = optim.clip_norm(many.pick(grads, k), 2.5)
        equal(norms[k], norm)
        for name, g in expected.items():
            equal(clipped[name][k], g)


def test_a_net_that_diverges_leaves_the_others_alone():
    params = many.stack(nets("lstm"))
    params["weight_hh"][1] = np.nan
    y, _, tape = many.unroll("lstm", params, draw(T, B, D))
    _, _, grads = many.unroll_backward(tape, draw(K, T, B, H))
    finite = [
        np.isfinite(y[k]).all() and np.isfinite(grads["weight_ih"][k]).all() for k in range(K)
    ]
    assert finite == [True, False, True, True]


def test_single_precision_stays_single():
    params = many.stack(nets("rnn", np.float32))
    y, _, tape = many.unroll("rnn", params, draw(T, B, D, dtype=np.float32))
    _, _, grads = many.unroll_backward(tape, np.ones_like(y))
    step = many.Each(optim.Adam(np.geomspace(1e-3, 1e-1, K)))
    new, state = step.update(params, grads, step.init(params))
    assert {a.dtype for a in (y, *grads.values(), *new.values(), *state.mean.values())} == {
        np.dtype(np.float32)
    }


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda p: many.unroll("lru", p, draw(T, B, D)), "'lru' has no step for many nets"),
        (lambda p: many.unroll("rnn", nets("rnn")[0], draw(T, B, D)), "one leading axis K"),
        (lambda p: many.unroll("rnn", p, draw(K + 1, T, B, D)), "one leading axis K"),
        (lambda p: many.unroll("rnn", p, draw(B, D)), r"x: expected axes \(T, B, D\) or"),
        (lambda p: many.unroll("rnn", p, draw(T, B, D + 1)), "x: axis D should be 2"),
        (lambda p: many.unroll("rnn", p, np.ones((T, B, D), int)), "x: expected real floating"),
        (lambda p: many.unroll("rnn", p, draw(T, B, D), (draw(B, H),)), r"state0.h: expected \(4,"),
        (lambda p: many.unroll("rnn", p, draw(T, B, D), draw(K, B, H)), "state0: expected a tuple"),
        (lambda p: many.mses(draw(K, 3), draw(K, 1)), "target: expected shape"),
        (lambda p: many.cross_entropies(draw(K, 3, 2), np.zeros(2, int)), "ids: expected shape"),
        (lambda p: many.stack([{"a": np.ones(2)}, {"b": np.ones(2)}]), "nets: expected dicts"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(call, message):
    with pytest.raises((ShapeError, KeyError, TypeError), match=message):
        call(many.stack(nets("rnn")))


@pytest.mark.parametrize("key", many.KEYS)
def test_a_workspace_used_again_changes_nothing(key):
    workspace, params = many.Workspace(), many.stack(nets(key))
    for seed in (1, 2):
        x, dy = draw(T, B, D, seed=seed), draw(K, T, B, H, seed=seed)
        found = many.unroll(key, params, x, workspace=workspace)
        expected = many.unroll(key, params, x)
        np.testing.assert_array_equal(found[0], expected[0])
        back, again = (many.unroll_backward(v[2], dy) for v in (found, expected))
        np.testing.assert_array_equal(back[0], again[0])
        for name, g in again[2].items():
            np.testing.assert_array_equal(back[2][name], g)
    kept = many.unroll(key, params, x, workspace=workspace)[2]
    many.unroll(key, params, x, workspace=workspace)
    with pytest.raises(RuntimeError, match="tape: a later unroll has overwritten its workspace"):
        many.unroll_backward(kept, dy)
