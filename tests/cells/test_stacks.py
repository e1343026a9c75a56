"""Stacks and two directions: NumPy equals PyTorch, and padding changes nothing."""

import numpy as np
import pytest
import torch
from problems import KEYS, close

from course_utils import numpy_nn, torch_nn
from course_utils.numpy_nn import gradcheck, stack
from course_utils.numpy_nn.unroll import initial_state
from course_utils.shapes import ShapeError
from course_utils.specs import SPECS

T, B, D, H, LAYERS = 5, 3, 2, 4, 3


def problem(key, bidirectional):
    """layers, x, state0, dy, dlast: nothing zero."""
    rng = np.random.default_rng([7, *key.encode()])
    layers = numpy_nn.init_stack(key, D, H, LAYERS, rng, bidirectional=bidirectional)
    rows = LAYERS * (2 if bidirectional else 1)
    normal = rng.standard_normal
    cell = numpy_nn.get_cell(key)
    if hasattr(cell, "random_state"):
        zeros = initial_state(SPECS[key], cell, None, B, H, float)
        parts = [cell.random_state(rng, zeros) for _ in range(rows)]
        state0 = tuple(np.stack(p) for p in zip(*parts, strict=True))
    else:
        state0 = tuple(normal((rows, B, H)) for _ in SPECS[key].states)
    x, dy = normal((T, B, D)), normal((T, B, H * rows // LAYERS))
    return layers, x, state0, dy, tuple(normal((rows, B, H)) * (s.dtype == float) for s in state0)


def as_torch(key, layers, bidirectional):
    layer = torch_nn.Recurrent(
        key, D, H, LAYERS, bidirectional=bidirectional, dtype=torch.float64, backend="eager"
    )
    with torch.no_grad():
        for n, params in enumerate(layers):
            for k, direction in enumerate(params if bidirectional else [params]):
                for name, value in direction.items():
                    suffix = f"_l{n}" + "_reverse" * k
                    getattr(layer, name + suffix).copy_(torch.tensor(value))
    return layer


@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("lengths", [None, np.array([5, 2, 4])])
@pytest.mark.parametrize("key", KEYS)
def test_a_stack_equals_torch_in_outputs_states_and_gradients(key, lengths, bidirectional):
    layers, x, state0, dy, dlast = problem(key, bidirectional)
    y, last, tape = numpy_nn.unroll_stack(key, layers, x, state0, lengths=lengths)
    dx, dstate0, grads = numpy_nn.unroll_stack_backward(tape, dy, dlast)

    layer = as_torch(key, layers, bidirectional)
    leaf = torch.tensor(x, requires_grad=True)
    start = [torch.tensor(s) for s in state0]
    start = [s.requires_grad_() if s.is_floating_point() else s for s in start]
    given = None if lengths is None else torch.tensor(lengths)
    y_t, last_t = layer(leaf, start[0] if len(start) == 1 else tuple(start), lengths=given)
    last_t = (last_t,) if len(start) == 1 else last_t
    loss = (y_t * torch.tensor(dy)).sum()
    for s, d in zip(last_t, dlast, strict=True):
        if s.is_floating_point():
            loss = loss + (s * torch.tensor(d)).sum()
    loss.backward()

    close(y, y_t.detach().numpy(), 1e-12)
    for a, b in zip(last, last_t, strict=True):
        close(a, b.detach().numpy(), 1e-12)
    close(dx, leaf.grad.numpy(), 1e-10)
    for a, b in zip(dstate0, start, strict=True):
        if b.is_floating_point():
            close(a, np.zeros(a.shape) if b.grad is None else b.grad.numpy(), 1e-10)
    for n, layer_grads in enumerate(grads):
        for k, direction in enumerate(layer_grads if bidirectional else [layer_grads]):
            for name, g in direction.items():
                found = getattr(layer, f"{name}_l{n}" + "_reverse" * k).grad
                close(g, np.zeros(g.shape) if found is None else found.numpy(), 1e-10)


def test_the_depth_gate_hears_the_cell_below():
    layers, x, state0, *_ = problem("depth_gated", False)
    y, *_ = numpy_nn.unroll_stack("depth_gated", layers, x, state0)
    h = x
    for n, params in enumerate(layers):  # the same layers with nothing handed up
        h, *_ = numpy_nn.unroll("depth_gated", params, h, tuple(s[n] for s in state0))
    assert np.abs(h - y).max() > 1e-2


def test_dropout_scales_and_its_gradient_goes_the_same_way():
    layers, x, state0, dy, _ = problem("gru", False)

    def loss(v):
        rng = np.random.default_rng(5)
        y, *_ = numpy_nn.unroll_stack("gru", layers, v, state0, dropout=0.4, rng=rng)
        return (y * dy).sum()

    *_, tape = numpy_nn.unroll_stack(
        "gru", layers, x, state0, dropout=0.4, rng=np.random.default_rng(5)
    )
    dropped = tape.drops[1]
    assert tape.drops[0] is None and 0 < (dropped == 0).mean() < 1
    np.testing.assert_allclose(dropped[dropped > 0], 1 / 0.6)
    dx, *_ = numpy_nn.unroll_stack_backward(tape, dy)
    close(gradcheck.complex_step(loss, x), dx, 1e-10)


def test_a_learned_initial_state_gets_the_sum_over_the_batch():
    layers, x, state0, dy, _ = problem("lstm", False)
    values = tuple(s[:, 0] for s in state0)

    def loss(v):
        initial = stack.learned_initial_state((v, values[1]), B)
        y, *_ = numpy_nn.unroll_stack("lstm", layers, x, initial)
        return (y * dy).sum()

    *_, tape = numpy_nn.unroll_stack("lstm", layers, x, stack.learned_initial_state(values, B))
    _, dstate0, _ = numpy_nn.unroll_stack_backward(tape, dy)
    found = stack.learned_initial_state_backward(dstate0)
    close(gradcheck.complex_step(loss, values[0]), found[0], 1e-10)


@pytest.mark.parametrize(
    "change, error, message",
    [
        ({"layers": []}, ValueError, "layers: expected the parameters of at least one layer"),
        ({"x": np.ones((T, D))}, ShapeError, "x: expected 3 axes"),
        ({"state0": np.ones((1, B, H))}, ShapeError, r"state0.h: expected shape \(3, 3, H\)"),
        ({"state0": (np.ones((3, B, H)),) * 2}, ShapeError, "gru carries 1 states"),
        ({"dropout": 1.5}, ValueError, "dropout: expected a probability"),
        ({"lengths": np.array([1, 2])}, ShapeError, "lengths: expected 3 integers"),
    ],
)
def test_a_mistake_is_named(change, error, message):
    layers, x, *_ = problem("gru", False)
    given = {"layers": layers, "x": x} | change
    with pytest.raises(error, match=message):
        numpy_nn.unroll_stack("gru", **given)
