"""Where the numbers of a compiled call lie: views that are not what they seem, copies by hooks."""

import pytest
import torch
from layers import B, D, H, T, assert_same, build, draw

pytestmark = pytest.mark.usefixtures("uncompiled")
KEYS = ["lstm_peephole", "clockwork", "depth_gated"]


def negative(*shape, seed=0):
    """A view that PyTorch reads with the other sign."""
    numbers = torch.complex(draw(*shape, seed=seed), draw(*shape, seed=seed + 1))
    view = torch.imag(numbers.conj())
    assert view.is_neg()
    return view


@pytest.mark.parametrize("key", KEYS)
def test_views_with_the_other_sign(key):
    found = []
    for backend in ("compiled", "eager"):
        layer = build(key, backend)
        start = tuple(
            s if not s.is_floating_point() else negative(*s.shape, seed=3)
            for s in (s.detach() for s in as_tuple(layer.initial_state(B)))
        )
        y, _ = layer(negative(T, B, D), start if len(start) > 1 else start[0])
        dy = negative(T, B, H, seed=5)
        found.append([y, *torch.autograd.grad(y, list(layer.parameters()), dy)])
    assert_same(*found, rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize("rows", [1, 2])
@pytest.mark.parametrize("key", KEYS)
def test_the_gradient_is_that_of_the_weights_that_hooks_kept(key, rows):
    """With one row products read the weights where they lie, and there they may be changed."""
    found = []
    for change in (False, True):
        layer, x = build(key, "compiled"), draw(T, rows, D).requires_grad_()
        with torch.autograd.graph.saved_tensors_hooks(torch.clone, lambda kept: kept):
            y, _ = layer(x)
        if change:
            with torch.no_grad():
                for p in layer.parameters():
                    p.mul_(2)
        found.append(torch.autograd.grad(y.sum(), [x, *layer.parameters()]))
    assert_same(*found, rtol=1e-12, atol=1e-12)


def as_tuple(states):
    return states if isinstance(states, tuple) else (states,)
