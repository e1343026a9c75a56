"""K nets side by side in PyTorch are K layers: forward, backward, losses, Adam."""

import numpy as np
import pytest
import torch
from kinds import by_kind
from problems import make

from course_utils import torch_nn
from course_utils.shapes import ShapeError
from course_utils.specs import SPECS
from course_utils.torch_nn import many

K, T, B, D, H, N = 6, 5, 3, 2, 4, 7  # all different; T to H are those of ``problems``
KEYS = pytest.mark.parametrize("key", by_kind())


def draw(*shape, seed=0):
    return torch.from_numpy(np.random.default_rng(seed).standard_normal(shape))


def equal(found, expected, tolerance=1e-12):
    torch.testing.assert_close(found, expected, rtol=tolerance, atol=tolerance)


def side_by_side(problems):
    """Parameters, first states and further inputs of many nets: a problem for each."""
    params = many.stack([p.params for p in problems])
    state0 = tuple(
        torch.from_numpy(np.stack(s)) for s in zip(*(p.state0 for p in problems), strict=True)
    )
    inputs = {n: torch.from_numpy(np.stack([p.inputs[n] for p in problems]))
              for n in SPECS[problems[0].key].inputs}  # fmt: skip
    return params, state0, inputs


def objective(y, last, seed=1):
    """A random cotangent on every output: one number for each net."""
    outputs = [y, *(s for s in last if s.is_floating_point())]
    return sum((o * draw(*o.shape, seed=seed + n)).flatten(1).sum(1) for n, o in enumerate(outputs))


@pytest.mark.parametrize(
    ("key", "shared"), [(key, True) for key in SPECS] + by_kind([(key, False) for key in SPECS])
)
def test_many_nets_equal_as_many_layers(key, shared):
    problems = [make(key, seed=k) for k in range(K)]
    params, state0, inputs = side_by_side(problems)
    x = draw(T, B, D) if shared else draw(K, T, B, D)
    y, last = many.unroll(key, params, x, state0, **inputs)
    grads = many.gradients(objective(y, last), params)
    for k in range(K):
        alone = {n: p.detach()[k : k + 1].clone().requires_grad_() for n, p in params.items()}
        own = {n: v[k] for n, v in inputs.items()}
        one, end, _ = torch_nn.unroll.unroll(
            key, many.pick(alone, 0), x if shared else x[k], tuple(s[k] for s in state0),
            config=SPECS[key].options(), **own,
        )  # fmt: skip
        equal(y[k], one)
        for several, single in zip(last, end, strict=True):
            equal(several[k], single)
        whole = [torch.zeros_like(o) for o in (y, *last)]
        for target, value in zip(whole, (one, *end), strict=True):
            target[k] = value
        expected = many.gradients(objective(whole[0], whole[1:])[k : k + 1], alone)
        for name, g in expected.items():
            equal(grads[name][k], g[0])


@KEYS
def test_lengths_resets_and_the_first_state_are_those_of_a_layer(key):
    torch.manual_seed(0)
    layers = [torch_nn.Recurrent(key, D, H, dtype=torch.float64) for _ in range(2)]
    params = many.stack([torch_nn.to_numpy(layer) for layer in layers])
    x, resets = draw(T, B, D), draw(T, B, seed=2) > 0.5
    lengths = torch.tensor([T, 2, 4])
    x[2:, 1] = torch.nan  # behind the end: never read
    y, last = many.unroll(key, params, x, lengths=lengths, resets=resets)
    assert all(g.isfinite().all() for g in many.gradients(objective(y, last), params).values())
    for k, layer in enumerate(layers):
        expected, state = layer(x, lengths=lengths, resets=resets)
        equal(y[k], expected)
        state = state if isinstance(state, tuple) else (state,)
        for several, single in zip(last, state, strict=True):
            equal(several[k], single[0])


def test_three_nets_trained_together_are_three_trained_alone():
    """Each with a learning rate, and a norm to clip, of its own."""
    torch.manual_seed(0)
    rates, limit = [0.003, 0.03, 0.3], 0.2
    layers = [torch_nn.Recurrent("lstm_peephole", D, H, dtype=torch.float64) for _ in rates]
    heads = [torch.nn.Linear(H, N, dtype=torch.float64) for _ in rates]
    params = many.stack([
        torch_nn.to_numpy(layer) | {"out_weight": head.weight, "out_bias": head.bias}
        for layer, head in zip(layers, heads, strict=True)
    ])  # fmt: skip
    x, ids = draw(T, B, D), torch.tensor([4, 0, 6])
    alone = [train(*net, x, ids, limit) for net in zip(layers, heads, rates, strict=True)]
    adam = many.Adam(torch.tensor(rates, dtype=torch.float64))
    state = adam.init(params)
    for update in range(6):
        cell = {name: p for name, p in params.items() if not name.startswith("out_")}
        y, _ = many.unroll("lstm_peephole", cell, x)
        logits = many.affine(params["out_weight"], params["out_bias"], y[:, -1])
        losses = many.cross_entropies(logits, ids)
        equal(losses, tensor(found[update] for found, _ in alone), 1e-10)
        grads, norms = many.clip_norm(many.gradients(losses, params), limit)
        params, state = adam.update(params, grads, state)
        equal(norms, tensor(found[update] for _, found in alone), 1e-10)
    assert ({found[0] > limit for _, found in alone}) == {True}, "nothing was clipped"
    for k, layer in enumerate(layers):
        for name, p in layer.params("_l0").items():
            equal(params[name][k], p, 1e-10)


def tensor(numbers):
    return torch.tensor(list(numbers), dtype=torch.float64)


def train(layer, head, lr, x, ids, limit):
    """One net alone, by PyTorch's Adam -> its losses and the norms before clipping."""
    weights = [*layer.parameters(), *head.parameters()]
    adam, losses, norms = torch.optim.Adam(weights, lr), [], []
    for _ in range(6):
        loss = torch.nn.functional.cross_entropy(head(layer(x)[0][-1]), ids)
        adam.zero_grad()
        loss.backward()
        norm = torch.cat([p.grad.flatten() for p in weights]).norm()
        for p in weights:  # exactly, where clip_grad_norm_ adds 1e-6 to the norm
            p.grad *= (limit / norm).clamp(max=1)
        adam.step()
        losses.append(loss.item())
        norms.append(norm.item())
    return losses, norms


def test_squared_errors_are_those_of_each_net():
    prediction, target = draw(K, T, B), draw(T, B, seed=1)
    expected = [torch.nn.functional.mse_loss(p, target) for p in prediction]
    equal(many.mses(prediction, target), torch.stack(expected))
    equal(many.mses(prediction, target.expand(K, T, B)), torch.stack(expected))


def test_a_net_that_diverges_leaves_the_others_alone():
    params = many.stack([make("gru", seed=k).params for k in range(K)])
    broken = {name: p.detach().clone() for name, p in params.items()}
    for p in broken.values():
        p[1] = torch.nan
        p.requires_grad_()
    x, others = draw(T, B, D), [0, 2, 3, 4, 5]
    found = []
    for nets in (params, broken):
        y, _ = many.unroll("gru", nets, x)
        grads, _ = many.clip_norm(many.gradients(many.mses(y, draw(T, B, H)), nets), 0.1)
        adam = many.Adam(0.1)
        found.append(adam.update(nets, grads, adam.init(nets))[0])
    assert found[1]["weight_hh"][1].isnan().any()
    for name in params:
        equal(found[1][name][others], found[0][name][others])


def test_clipping_neither_overflows_nor_touches_what_is_short():
    sizes = torch.tensor([1e-30, 0.01, 1.0, 1e3, 1e25, torch.inf])
    grads = {
        "a": torch.ones(K, 3, 2) * sizes[:, None, None],
        "b": torch.ones(K, 4) * sizes[:, None],
    }
    clipped, norms = many.clip_norm(grads, 2.5)
    torch.testing.assert_close(norms, sizes * 10**0.5)
    after = torch.cat([clipped["a"].flatten(1), clipped["b"]], dim=1).norm(dim=1)
    torch.testing.assert_close(after[3:5], torch.tensor([2.5, 2.5]))
    torch.testing.assert_close(clipped["b"][:2], grads["b"][:2], rtol=0, atol=0)
    assert clipped["a"][5].isinf().all()


def test_single_precision_stays_single():
    params = many.stack([make("lstm", seed=k).params for k in range(K)], dtype=torch.float32)
    y, last = many.unroll("lstm", params, draw(T, B, D).float())
    grads, norms = many.clip_norm(many.gradients(many.mses(y, draw(T, B, H).float()), params), 1.0)
    adam = many.Adam(torch.linspace(0.01, 0.1, K))
    new, state = adam.update(params, grads, adam.init(params))
    tensors = (y, *last, *grads.values(), norms, *new.values(), *state.square.values())
    assert {t.dtype for t in tensors} == {torch.float32}


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda p: many.unroll("rnn", p, draw(T, B, D), config={"alpha": 1}), "rnn has no alpha"),
        (lambda p: many.unroll("rnn", p, draw(T, B, D), below=draw(T, B, H)), "rnn reads no below"),
        (lambda p: many.unroll("rnn", many.pick(p, 0), draw(T, B, D)), "one leading axis K"),
        (lambda p: many.unroll("rnn", p, draw(K + 1, T, B, D)), "one leading axis K"),
        (lambda p: many.unroll("rnn", p, draw(B, D)), r"x: expected axes \(T, B, D\) or"),
        (lambda p: many.unroll("rnn", p, draw(T, B, D + 1)), "x: axis D should be 2"),
        (lambda p: many.unroll("rnn", p, draw(T, B, D).int()), "x: expected floating"),
        (lambda p: many.unroll("rnn", p, draw(T, B, D).numpy()), "x: expected a tensor"),
        (lambda p: many.unroll("rnn", p, draw(T, B, D).float()), "expected torch.float32"),
        (lambda p: many.unroll("rnn", p, draw(T, B, D), (draw(B, H),)), r"state0.h: .*\(6, 3, 4\)"),
        (lambda p: many.mses(draw(K, 3), draw(K, 1)), "target: expected shape"),
        (lambda p: many.cross_entropies(draw(K, 3, 2), torch.zeros(2).long()), "ids: expected sha"),
        (lambda p: many.cross_entropies(draw(K, 3, 2), torch.tensor([0, 1, 2])), "ids: 2 is outs"),
        (lambda p: many.clip_norm(p, 0.0), "limit: expected positive"),
        (lambda p: many.Adam(torch.ones(2)).update(p, p, many.Adam().init(p)), "each of 6"),
        (lambda p: many.stack([{"a": np.ones(2)}, {"b": np.ones(2)}]), "nets: expected dicts"),
        (lambda p: many.stack([{"a": np.ones(2)}, {"a": np.ones(3)}]), "nets: a has the shapes"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(call, message):
    with pytest.raises((ShapeError, KeyError, TypeError, ValueError, IndexError), match=message):
        call(many.stack([make("rnn", seed=k).params for k in range(K)]))


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("key", SPECS)
def test_a_gpu_computes_what_the_cpu_does(key):
    params, state0, inputs = side_by_side([make(key, seed=k) for k in range(K)])
    x, found = draw(T, B, D), []
    for device in ("cpu", "cuda"):
        there = {name: p.detach().to(device).requires_grad_() for name, p in params.items()}
        y, last = many.unroll(
            key, there, x.to(device), tuple(s.to(device) for s in state0),
            **{name: value.to(device) for name, value in inputs.items()},
        )  # fmt: skip
        y, last = y.cpu(), tuple(s.cpu() for s in last)
        found.append((y, *last, *many.gradients(objective(y, last), there).values()))
    for cpu, cuda in zip(*found, strict=True):
        equal(cuda.cpu(), cpu, 1e-10)
