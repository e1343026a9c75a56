"""K nets side by side are K nets: forward, backward, losses, optimisers."""

import numpy as np
import pytest
from kinds import by_kind
from problems import make

from course_utils import numpy_nn
from course_utils.numpy_nn import losses, many, ops, optim
from course_utils.shapes import ShapeError
from course_utils.specs import SPECS

pytestmark = pytest.mark.usefixtures("uncompiled")

K, T, B, D, H, N = 6, 5, 3, 2, 4, 7  # all different; T to H are those of ``problems``
KEYS = pytest.mark.parametrize("key", by_kind())


def nets(key, dtype=np.float64):
    return [numpy_nn.init_params(key, D, H, np.random.default_rng(k), dtype) for k in range(K)]


def draw(*shape, seed=0, dtype=np.float64):
    return np.random.default_rng(seed).standard_normal(shape).astype(dtype)


def side_by_side(problems):
    """Parameters, first states, dy, dlast and further inputs of many nets: a problem for each."""
    inputs = {name: np.stack([p.inputs[name] for p in problems]) for name in problems[0].inputs}
    state0, dlast = (
        tuple(map(np.stack, zip(*(getattr(p, name) for p in problems), strict=True)))
        for name in ("state0", "dlast")
    )
    dy = np.stack([p.dy for p in problems])
    return many.stack([p.params for p in problems]), state0, dy, dlast, inputs


def equal(found, expected):
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("shared", [True, False], ids=["one x", "an x each"])
@pytest.mark.parametrize("key", SPECS)
def test_many_nets_equal_as_many_runs(key, shared):
    problems = [make(key, seed=k) for k in range(K)]
    if shared:
        problems = [p._replace(x=problems[0].x) for p in problems]
    params, state0, dy, dlast, inputs = side_by_side(problems)
    x = problems[0].x if shared else np.stack([p.x for p in problems])
    y, last, tape = many.unroll(key, params, x, state0, **inputs)
    dx, dstate0, grads = many.unroll_backward(tape, dy, dlast)
    for k, p in enumerate(problems):
        one = numpy_nn.unroll(key, p.params, p.x, p.state0, **p.inputs)
        back = numpy_nn.unroll_backward(one[2], p.dy, p.dlast)
        equal(y[k], one[0])
        equal(dx[k], back[0])
        for name in one[1]._fields:
            equal(getattr(last, name)[k], getattr(one[1], name))
            equal(getattr(dstate0, name)[k], getattr(back[1], name))
        assert set(grads) == set(back[2])
        for name, g in back[2].items():
            equal(grads[name][k], g)


@KEYS
def test_without_a_first_state_each_net_starts_as_it_would_alone(key):
    as_alone(key)


@pytest.mark.parametrize(
    ("key", "config"), [("rnn_leaky", {"alpha": 0.2}), ("clockwork", {"periods": (1, 3)})]
)
def test_constants_of_a_cell_may_be_others(key, config):
    assert np.abs(as_alone(key, config) - as_alone(key)).max() > 0.01


def as_alone(key, config=None):
    """The outputs of many nets without a first state; all is compared with each net's own."""
    x, problems = draw(T, B, D), [make(key, seed=k) for k in range(K)]
    params, _, dy, *_ = side_by_side(problems)
    y, last, tape = many.unroll(key, params, x, config=config)
    grads = many.unroll_backward(tape, dy)[2]
    for k, p in enumerate(problems):
        expected, end, tape = numpy_nn.unroll(key, p.params, x, config=config)
        equal(y[k], expected)
        for several, one in zip(last, end, strict=True):
            equal(several[k], one)
        for name, g in numpy_nn.unroll_backward(tape, p.dy)[2].items():
            equal(grads[name][k], g)
    return y


@KEYS
def test_splitting_a_sequence_changes_nothing(key):
    params, state0, dy, dlast, inputs = side_by_side([make(key, seed=k) for k in range(K)])
    x, cut = draw(T, B, D), 2
    early = {n: v[:, :cut] for n, v in inputs.items()}
    late = {n: v[:, cut:] for n, v in inputs.items()}
    y, last, tape = many.unroll(key, params, x, state0, **inputs)
    y1, middle, tape1 = many.unroll(key, params, x[:cut], state0, **early)
    y2, end, tape2 = many.unroll(key, params, x[cut:], middle, **late)
    equal(np.concatenate([y1, y2], axis=1), y)
    dx, dstate0, grads = many.unroll_backward(tape, dy, dlast)
    dx2, dmiddle, grads2 = many.unroll_backward(tape2, dy[:, cut:], dlast)
    dx1, dstart, grads1 = many.unroll_backward(tape1, dy[:, :cut], dmiddle)
    equal(np.concatenate([dx1, dx2], axis=1), dx)
    for a, b in zip((*end, *dstart), (*last, *dstate0), strict=True):
        equal(a, b)
    for name in params:
        equal(grads1[name] + grads2[name], grads[name])


@KEYS
def test_an_empty_sequence_hands_the_state_on(key):
    params, state0, dy, dlast, _ = side_by_side([make(key, seed=k) for k in range(K)])
    y, last, tape = many.unroll(key, params, draw(0, B, D), state0)
    dx, dstate0, grads = many.unroll_backward(tape, dy[:, :0], dlast)
    assert y.shape == (K, 0, B, H) and dx.shape == (K, 0, B, D)
    for a, b in zip((*last, *dstate0), (*state0, *dlast), strict=True):
        np.testing.assert_array_equal(a, b)
    assert not any(g.any() for g in grads.values())
    alone = numpy_nn.unroll(key, many.pick(params, 1), draw(0, B, D))[1]
    for several, one in zip(many.unroll(key, params, draw(0, B, D))[1], alone, strict=True):
        np.testing.assert_array_equal(several[1], one)
        assert several.dtype == one.dtype


@KEYS
def test_a_net_that_diverges_leaves_the_others_alone(key):
    params, state0, dy, dlast, inputs = side_by_side([make(key, seed=k) for k in range(K)])
    broken = {name: p.copy() for name, p in params.items()}
    for p in broken.values():
        p[1] = np.nan
    x, others = draw(T, B, D), [k for k in range(K) if k != 1]
    y, _, tape = many.unroll(key, params, x, state0, **inputs)
    y_broken, _, tape_broken = many.unroll(key, broken, x, state0, **inputs)
    assert np.isnan(y_broken[1]).any()
    equal(y_broken[others], y[others])
    back, expected = (many.unroll_backward(t, dy, dlast) for t in (tape_broken, tape))
    equal(back[0][others], expected[0][others])
    for name, g in expected[2].items():
        equal(back[2][name][others], g[others])


@pytest.mark.parametrize("optimiser", [optim.Adam, optim.SGD])
@pytest.mark.parametrize("key", ["gru", "lstm_peephole", "lru"])
def test_training_with_a_rate_for_each_net_equals_as_many_trainings(key, optimiser):
    rates = np.geomspace(1e-3, 0.3, K)
    x, ids = draw(T, B, D), np.random.default_rng(3).integers(0, N, B)
    heads = ({"weight": draw(N, H, seed=20 + k), "bias": draw(N, seed=30 + k)} for k in range(K))
    begin = [cell | head for cell, head in zip(nets(key), heads, strict=True)]
    alone = [train(key, p, optimiser(lr), x, ids) for p, lr in zip(begin, rates, strict=True)]
    params, step = many.stack(begin), many.Each(optimiser(rates))
    state = step.init(params)
    for update in range(5):
        cell, head = parts(params)
        y, _, tape = many.unroll(key, cell, x)
        logits = many.affine(head["weight"], head["bias"], y[:, -1])
        loss, dlogits = many.cross_entropies(logits, ids)
        equal(loss, [found[update] for _, found in alone])
        dy = np.zeros_like(y)
        dy[:, -1], *from_head = many.affine_backward(head["weight"], y[:, -1], dlogits)
        _, _, grads = many.unroll_backward(tape, dy)
        grads |= dict(zip(("weight", "bias"), from_head, strict=True))
        grads, _ = many.clip_norm(grads, 0.5)
        params, state = step.update(params, grads, state)
    for k, (expected, _) in enumerate(alone):
        for name, p in many.pick(params, k).items():
            np.testing.assert_allclose(p, expected[name], rtol=1e-9, atol=1e-12)


def parts(params):
    head = {name: params[name] for name in ("weight", "bias")}
    return {name: p for name, p in params.items() if name not in head}, head


def train(key, params, optimiser, x, ids):
    """The readable way: -> parameters after five updates, the losses on the way."""
    state, found = optimiser.init(params), []
    for _ in range(5):
        cell, head = parts(params)
        y, _, tape = numpy_nn.unroll(key, cell, x)
        loss, dlogits = losses.cross_entropy(ops.affine(head["weight"], head["bias"], y[-1]), ids)
        found.append(loss)
        dy = np.zeros_like(y)
        dy[-1], *from_head = ops.affine_backward(head["weight"], y[-1], dlogits)
        _, _, grads = numpy_nn.unroll_backward(tape, dy)
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
    sizes = np.array([0.01, 0.1, 1, 2, 10, 100])[:, None, None]
    grads = {"a": draw(K, 3, 2) * sizes, "b": draw(K, 4)}
    clipped, norms = many.clip_norm(grads, 2.5)
    for k in range(K):
        expected, norm = optim.clip_norm(many.pick(grads, k), 2.5)
        equal(norms[k], norm)
        for name, g in expected.items():
            equal(clipped[name][k], g)


@KEYS
def test_single_precision_stays_single(key):
    params = many.stack(nets(key, np.float32))
    y, last, tape = many.unroll(key, params, draw(T, B, D, dtype=np.float32))
    dx, _, grads = many.unroll_backward(tape, np.ones_like(y))
    step = many.Each(optim.Adam(np.geomspace(1e-3, 1e-1, K)))
    trained = {name: grads[name] for name in params}
    new, state = step.update(params, trained, step.init(params))
    arrays = (y, *last, dx, *grads.values(), *new.values(), *state.mean.values())
    assert {a.dtype for a in arrays if a.dtype.kind == "f"} == {np.dtype(np.float32)}


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda p: many.unroll("rnn", p, draw(T, B, D), config={"alpha": 1}), "rnn has no alpha"),
        (lambda p: many.unroll("rnn", p, draw(T, B, D), below=draw(T, B, H)), "rnn reads no below"),
        (lambda p: many.unroll("rnn", nets("rnn")[0], draw(T, B, D)), "one leading axis K"),
        (lambda p: many.unroll("rnn", p, draw(K + 1, T, B, D)), "one leading axis K"),
        (lambda p: many.unroll("rnn", p, draw(B, D)), r"x: expected axes \(T, B, D\) or"),
        (lambda p: many.unroll("rnn", p, draw(T, B, D + 1)), "x: axis D should be 2"),
        (lambda p: many.unroll("rnn", p, np.ones((T, B, D), int)), "x: expected real floating"),
        (lambda p: many.unroll("rnn", p, draw(T, B, D), (draw(B, H),)), r"state0.h: .*\(6, 3, 4\)"),
        (lambda p: many.unroll("rnn", p, draw(T, B, D), (None, None)), "state0: rnn carries 1 sta"),
        (lambda p: many.mses(draw(K, 3), draw(K, 1)), "target: expected shape"),
        (lambda p: many.cross_entropies(draw(K, 3, 2), np.zeros(2, int)), "ids: expected shape"),
        (lambda p: many.stack([{"a": np.ones(2)}, {"b": np.ones(2)}]), "nets: expected dicts"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(call, message):
    with pytest.raises((ShapeError, KeyError, TypeError), match=message):
        call(many.stack(nets("rnn")))


def test_a_further_input_of_the_wrong_shape_is_refused_by_name():
    params = many.stack(nets("depth_gated"))
    with pytest.raises(ShapeError, match=r"below: expected shape \(6, 5, 3, 4\) \(K, T, B, H\)"):
        many.unroll("depth_gated", params, draw(T, B, D), below=draw(T, B, H))


@KEYS
def test_a_workspace_used_again_changes_nothing(key):
    workspace, params = many.Workspace(), many.stack(nets(key))
    for seed, shape in enumerate([(T, B, D), (K, T, B, D), (T, B, D)]):
        x, dy = draw(*shape, seed=seed), draw(K, T, B, H, seed=seed)
        found = many.unroll(key, params, x, workspace=workspace)
        expected = many.unroll(key, params, x)
        np.testing.assert_array_equal(found[0], expected[0])
        back, again = (many.unroll_backward(v[2], dy) for v in (found, expected))
        np.testing.assert_array_equal(back[0], again[0])
        for name, g in again[2].items():
            np.testing.assert_array_equal(back[2][name], g)


@KEYS
def test_a_tape_whose_workspace_was_used_again_is_refused(key):
    workspace, params = many.Workspace(), many.stack(nets(key))
    kept, _ = (many.unroll(key, params, draw(T, B, D), workspace=workspace)[2] for _ in range(2))
    with pytest.raises(RuntimeError, match="tape: a later unroll has overwritten its workspace"):
        many.unroll_backward(kept, draw(K, T, B, H))
