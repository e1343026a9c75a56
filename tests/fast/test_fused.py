"""``backend="compiled"`` against the eager loop, and what autograd may ask of it."""

import subprocess
import sys

import numpy as np
import pytest
import torch

from course_utils import torch_nn
from course_utils.torch_nn import fast
from course_utils.torch_nn.fast import cpu

T, B, D, H = 6, 3, 2, 4
FORMS = {
    "plain": {},
    "stack": {"num_layers": 3},
    "two directions": {"num_layers": 2, "bidirectional": True},
    "no bias": {"bias": False},
    "batch first": {"batch_first": True},
}


def pair(key, seed=0, **options):
    """The same layer twice: fused, eager."""
    layers = []
    for backend in ("compiled", "eager"):
        torch.manual_seed(seed)
        layers.append(
            torch_nn.Recurrent(key, D, H, dtype=torch.float64, backend=backend, **options)
        )
    return layers


def drawn(layer, seed=1):
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(T, B, D, dtype=torch.float64, generator=generator)
    shape = (layer.num_layers * layer.directions, B, H)
    states = [
        torch.randn(shape, dtype=torch.float64, generator=generator) for _ in layer.spec.states
    ]
    leaves = [t.requires_grad_() for t in (x, *states)]
    return leaves[0], leaves[1] if len(states) == 1 else tuple(leaves[1:]), leaves


def loss_of(layer, x, hx):
    y, last = layer(x.transpose(0, 1) if layer.batch_first else x, hx)
    last = (last,) if isinstance(last, torch.Tensor) else last
    weights = torch.arange(1, y.numel() + 1, dtype=y.dtype).reshape(y.shape) / y.numel()
    return (y * weights).sum() + sum((n + 1) * s.square().sum() for n, s in enumerate(last)), y


def results(layer, create_graph=False):
    x, hx, leaves = drawn(layer)
    loss, y = loss_of(layer, x, hx)
    grads = torch.autograd.grad(loss, [*leaves, *layer.parameters()], create_graph=create_graph)
    return y, grads


@pytest.mark.parametrize("key", fast.keys())
@pytest.mark.parametrize("form", FORMS)
def test_outputs_and_gradients_are_the_eager_ones(key, form):
    fused, eager = pair(key, **FORMS[form])
    y, grads = results(fused)
    y_eager, grads_eager = results(eager)
    torch.testing.assert_close(y, y_eager, rtol=1e-11, atol=1e-12)
    for a, b in zip(grads, grads_eager, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-10, atol=1e-11)


@pytest.mark.parametrize("key", fast.keys())
def test_the_gradient_of_the_gradient_is_the_eager_one(key):
    def twice(layer):
        _, grads = results(layer, create_graph=True)
        penalty = sum(g.square().sum() for g in grads)
        return grads, torch.autograd.grad(penalty, list(layer.parameters()))

    fused, eager = pair(key)
    for ours, theirs in zip(twice(fused), twice(eager), strict=True):
        for a, b in zip(ours, theirs, strict=True):
            torch.testing.assert_close(a, b, rtol=1e-9, atol=1e-10)


def test_torchs_own_check_of_both_gradients():
    layer, _ = pair("lstm_peephole")
    x, (h, c), _ = drawn(layer)
    names = [n for n, _ in layer.named_parameters()]

    def f(x, h, c, *weights):
        given = dict(zip(names, weights, strict=True))
        y, (h, c) = torch.func.functional_call(layer, given, (x, (h, c)))
        return y, h, c

    weights = [p.detach().clone().requires_grad_() for p in layer.parameters()]
    assert torch.autograd.gradcheck(f, (x, h, c, *weights))
    assert torch.autograd.gradgradcheck(f, (x[:2], h, c, *weights))


def test_auto_takes_it_where_it_can_and_the_loop_elsewhere(monkeypatch):
    calls, apply = [], cpu.Fused.apply
    monkeypatch.setattr(cpu.Fused, "apply", lambda *a: calls.append(a[0]) or apply(*a))
    layer = torch_nn.Recurrent("lstm_peephole", D, H)
    x = torch.randn(T, B, D)
    layer(x)
    assert calls == ["lstm_peephole"]
    layer(x, lengths=torch.tensor([6, 3, 1]))
    layer.to(torch.bfloat16)(x.to(torch.bfloat16))
    layer.to(torch.float32)
    torch.func.vmap(lambda row: layer(row)[0], in_dims=1)(x[:, :, None])
    assert len(calls) == 1
    torch_nn.Recurrent("lstm", D, H)(x)  # torch has a kernel of its own
    torch_nn.Recurrent("clockwork", D, H)(x)
    assert len(calls) == 1


def test_two_calls_before_either_gradient_keep_apart():
    fused, eager = pair("gru_2014")
    found = []
    for layer in (fused, eager):
        first, second = (torch.ones(T, B, D, dtype=torch.float64) * s for s in (1, -2))
        a, b = layer(first)[0], layer(second)[0]
        (a * b).sum().backward()
        found.append([p.grad for p in layer.parameters()])
    for a, b in zip(*found, strict=True):
        torch.testing.assert_close(a, b)


def test_outputs_and_gradients_outlive_later_calls():
    layer, _ = pair("lstm_cifg")
    y, grads = results(layer)
    kept = y.detach().clone(), [g.clone() for g in grads]
    for seed in range(3):
        x, hx, _ = drawn(layer, seed + 5)
        loss_of(layer, x, hx)[0].backward()
    torch.testing.assert_close(y.detach(), kept[0], rtol=0, atol=0)
    for g, k in zip(grads, kept[1], strict=True):
        torch.testing.assert_close(g, k, rtol=0, atol=0)


def test_workspaces_are_used_again_and_only_a_few_are_kept():
    cpu._spare.clear()
    layer = torch_nn.Recurrent("lstm_nog", D, H)
    for _ in range(3):
        layer(torch.randn(T, B, D))[0].sum().backward()
    assert len(cpu._spare) <= 2
    for steps in range(1, 3 * cpu.SPARE):
        layer(torch.randn(steps, B, D))
    assert len(cpu._spare) == cpu.SPARE


def test_a_weight_changed_before_the_gradient_is_noticed():
    layer, _ = pair("lstm_peephole")
    loss, _ = loss_of(layer, *drawn(layer)[:2])
    with torch.no_grad():
        layer.weight_hh_l0.mul_(2)
    with pytest.raises(RuntimeError, match="inplace"):
        loss.backward()


def test_no_gradient_no_graph_and_a_second_one_only_if_asked():
    layer, _ = pair("lstm_noaf")
    with torch.no_grad():
        assert not layer(torch.ones(T, B, D, dtype=torch.float64))[0].requires_grad
    loss, _ = loss_of(layer, *drawn(layer)[:2])
    loss.backward(retain_graph=True)
    once = [p.grad.clone() for p in layer.parameters()]
    loss.backward()
    for p, g in zip(layer.parameters(), once, strict=True):
        torch.testing.assert_close(p.grad, 2 * g)
    with pytest.raises(RuntimeError, match="second time"):
        loss.backward()


OBSTACLES = {
    "input": lambda layer, x: layer.to(torch.bfloat16)(x.to(torch.bfloat16)),
    "autocast": lambda layer, x: autocast(layer, x),
    "transformed": lambda layer, x: torch.func.grad(lambda v: layer(v)[0].sum())(x),
}


def autocast(layer, x):
    with torch.autocast("cpu", torch.bfloat16):
        return layer(x)


@pytest.mark.parametrize("word", OBSTACLES)
def test_asked_for_where_it_cannot_be_had_it_says_why(word):
    layer = torch_nn.Recurrent("lstm_peephole", D, H, backend="compiled")
    with pytest.raises(ValueError, match=word) as error:
        OBSTACLES[word](layer, torch.ones(T, B, D))
    assert "auto" in str(error.value)


def test_a_cell_without_one_is_refused_at_once():
    with pytest.raises(ValueError, match=r"backend: .*clockwork.*lstm_peephole.*auto"):
        torch_nn.Recurrent("clockwork", D, H, backend="compiled")


def test_numpy_cells_are_loaded_only_when_a_fused_layer_runs():
    code = (
        "import sys, torch; from course_utils import torch_nn;"
        "layer = torch_nn.Recurrent('lstm_peephole', 2, 3);"
        "before = 'course_utils.numpy_nn' in sys.modules; layer(torch.ones(2, 1, 2));"
        "print(before, 'course_utils.numpy_nn' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True"]


def test_arrays_that_are_not_contiguous_are_read_right():
    fused, eager = pair("lstm_coupled")
    x = torch.randn(B, D, T, dtype=torch.float64).permute(2, 0, 1)
    np.testing.assert_allclose(
        fused(x)[0].detach().numpy(), eager(x)[0].detach().numpy(), rtol=1e-12
    )
