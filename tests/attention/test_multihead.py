"""Multi-head attention is PyTorch's, and positions say what they should."""

import numpy as np
import pytest
import torch
from problems import close

from course_utils.numpy_nn import attention
from course_utils.torch_nn.attention import MultiHeadAttention, rotate, sinusoidal

T, S, B, E, HEADS = 4, 5, 3, 6, 2
RNG = np.random.default_rng(0)
PARAMS = attention.init_multi_head(E, RNG)
PARAMS["in_proj_bias"] += RNG.standard_normal(3 * E)
PARAMS["out_proj.bias"] += RNG.standard_normal(E)
X, MEMORY, DY = (RNG.standard_normal((n, B, E)) for n in (T, S, T))


def run(x, memory, mask, dy=DY):
    y, weights, tape = attention.multi_head(PARAMS, HEADS, x, memory, mask)
    dx, dmemory, grads = attention.multi_head_backward(tape, dy)
    return [y, weights, dx, *([] if memory is None else [dmemory]), *(grads[n] for n in PARAMS)]


def run_torch(layer, call, x, memory, dy=DY):
    """call(layer, x, memory) -> y, weights (T, B, heads, S)."""
    leaves = [torch.tensor(a, requires_grad=True) for a in (x, memory) if a is not None]
    y, weights = call(layer, *leaves)
    loss = (y.nan_to_num() * torch.tensor(dy)).sum()
    named = dict(layer.named_parameters())
    grads = torch.autograd.grad(loss, [*leaves, *(named[n] for n in PARAMS)])
    return [t.detach().numpy() for t in (y, weights, *grads)]


def layers(cls):
    layer = cls(E, HEADS, dtype=torch.float64)
    layer.load_state_dict({name: torch.tensor(p) for name, p in PARAMS.items()})
    return layer


def all_close(found, expected, tolerance=1e-13):
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_array_equal(np.isnan(a), np.isnan(b))
        close(np.nan_to_num(a), np.nan_to_num(b), tolerance)


@pytest.mark.parametrize("memory", [None, MEMORY], ids=["self", "cross"])
@pytest.mark.parametrize("masked", [False, True])
def test_ours_equals_nn_multihead_attention(memory, masked):
    size = T if memory is None else S
    mask = None
    if masked:
        mask = attention.causal(T, size) & attention.padding(np.array([size, 2, 1]), size)

    def theirs(layer, x, memory=None):
        memory = x if memory is None else memory
        hidden = None
        if masked:  # true where one may not attend, (B·heads, T, S)
            hidden = ~torch.tensor(mask).transpose(0, 1).repeat_interleave(HEADS, 0)
        y, w = layer(x, memory, memory, attn_mask=hidden, average_attn_weights=False)
        return y, w.permute(2, 0, 1, 3)

    def ours(layer, x, memory=None):
        return layer(x, memory, None if mask is None else torch.tensor(mask))

    found = run(X, memory, mask)
    all_close(found, run_torch(layers(torch.nn.MultiheadAttention), theirs, X, memory))
    all_close(found, run_torch(layers(MultiHeadAttention), ours, X, memory))


def test_one_head_is_scaled_dot_attention_between_projections():
    params = attention.init_multi_head(E, np.random.default_rng(1))
    W_q, W_k, W_v = np.split(params["in_proj_weight"], 3)
    y, weights, _ = attention.multi_head(params, 1, X, MEMORY)
    context, plain, _ = attention.attend(
        "scaled_dot", {}, X @ W_q.T, MEMORY @ W_k.T, MEMORY @ W_v.T
    )
    close(weights[:, :, 0], plain, 1e-14)
    close(y, context @ params["out_proj.weight"].T, 1e-14)


def test_padding_may_hold_anything_and_weighs_nothing():
    lengths = np.array([4, 2, 0])
    mask = attention.padding(lengths, T)
    there = mask[0].T[..., None]
    dy = np.where(there, DY, 0)  # what stands in the padding is nobody's output
    clean, dirty = np.where(there, X, 0), np.where(there, X, np.nan)
    expected, found = run(clean, None, mask, dy), run(dirty, None, mask, dy)
    real = np.broadcast_to(there, X.shape)
    close(found[0][real], expected[0][real], 1e-14)
    for a, b in zip(found[2:], expected[2:], strict=True):
        close(a, b, 1e-14)
    by_torch = run_torch(
        layers(MultiHeadAttention), lambda m, x: m(x, mask=torch.tensor(mask)), dirty, None, dy
    )
    all_close(by_torch, found)


def test_a_query_that_may_look_nowhere_gives_the_bias():
    y, weights, _ = attention.multi_head(PARAMS, HEADS, X, None, np.zeros((1, 1, T), bool))
    close(y, np.broadcast_to(PARAMS["out_proj.bias"], y.shape), 1e-15)
    assert (weights == 0).all()


def test_the_start_is_pytorch_s():
    torch.manual_seed(0)
    ours = MultiHeadAttention(E, HEADS)
    torch.manual_seed(0)
    theirs = torch.nn.MultiheadAttention(E, HEADS)
    drawn = attention.init_multi_head(64, np.random.default_rng(0), np.float32)
    assert ours.state_dict().keys() == theirs.state_dict().keys() == drawn.keys()
    for name, value in theirs.state_dict().items():  # in the same order of drawing
        assert torch.equal(ours.state_dict()[name], value), name
    bound = torch.nn.MultiheadAttention(64, HEADS).in_proj_weight.abs().max().item()
    assert np.abs(drawn["in_proj_weight"]).max() == pytest.approx(bound, rel=1e-2)
    assert {p.dtype for p in drawn.values()} == {np.dtype(np.float32)}


def test_without_positions_self_attention_does_not_see_the_order():
    order = np.array([2, 0, 3, 1])
    y, *_ = attention.multi_head(PARAMS, HEADS, X)
    turned, *_ = attention.multi_head(PARAMS, HEADS, X[order])
    close(turned, y[order], 1e-14)
    waves = attention.sinusoidal(T, E)
    y, *_ = attention.multi_head(PARAMS, HEADS, X + waves)
    turned, *_ = attention.multi_head(PARAMS, HEADS, X[order] + waves)
    assert np.abs(turned - y[order]).max() > 0.01


def test_sinusoidal_positions_by_hand():
    """Vaswani 2017, section 3.5, for size 4: frequencies 1 and 1/100."""
    waves = attention.sinusoidal(3, 4)
    assert waves.shape == (3, 1, 4)
    np.testing.assert_allclose(waves[0, 0], [0, 1, 0, 1])
    np.testing.assert_allclose(waves[2, 0], [np.sin(2), np.cos(2), np.sin(0.02), np.cos(0.02)])
    by_torch = sinusoidal(3, 4, dtype=torch.float64)
    close(by_torch.numpy(), waves, 1e-15)
    assert attention.sinusoidal(3, 4, np.float32).dtype == np.float32


def test_rotated_products_depend_on_the_distance_alone():
    q, k = RNG.standard_normal((2, 1, 1, E))

    def product(at, to):
        return (attention.rotate(q, first=at) * attention.rotate(k, first=to)).sum()

    assert product(3, 5) == pytest.approx(product(40, 42), abs=1e-12)
    assert abs(product(3, 5) - product(3, 6)) > 1e-3
    y = attention.rotate(X)
    close(rotate(torch.tensor(X)).numpy(), y, 1e-14)
    x = torch.tensor(X, requires_grad=True)
    (grad,) = torch.autograd.grad((rotate(x) * torch.tensor(DY)).sum(), x)
    close(attention.rotate_backward(DY), grad.numpy(), 1e-14)
    assert attention.rotate(X.astype(np.float32)).dtype == np.float32


def test_what_is_refused():
    with pytest.raises(ValueError, match="heads: expected a divisor of E=6, got 4"):
        attention.multi_head(PARAMS, 4, X)
    with pytest.raises(ValueError, match="heads: expected a divisor of E=6, got 4"):
        MultiHeadAttention(6, 4)
    with pytest.raises(ValueError, match="expected an even number, got 5"):
        attention.sinusoidal(3, 5)
    with pytest.raises(ValueError, match="memory: axis E should be 6"):
        attention.multi_head(PARAMS, 2, X, MEMORY[..., :4])
