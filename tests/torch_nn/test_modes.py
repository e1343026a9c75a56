"""What PyTorch does to a layer from outside: precision, transforms, recording, fake tensors."""

import warnings

import pytest
import torch
from kinds import by_kind
from layers import (
    CASES,
    PAIRS,
    B,
    D,
    H,
    T,
    assert_same,
    build,
    draw,
    draw_states,
    loss_of,
    tuple_of,
)
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.nn.utils.rnn import pack_padded_sequence

from course_utils.torch_nn import native

LENGTHS = torch.tensor([5, 2, 0])
LOOSE = {"rtol": 0.05, "atol": 0.05}  # bfloat16 has 8 bits


def low(state, dtype):
    """States in another precision, clocks as they are."""
    parts = tuple(s.to(dtype) if s.is_floating_point() else s for s in tuple_of(state))
    return parts if len(parts) > 1 else parts[0]


@pytest.mark.parametrize("key, backend", CASES)
def test_autocast_takes_its_own_precision_and_carried_states(key, backend):
    if backend == "compiled":
        pytest.skip("refused by name: test_compiled")
    layer = build(key, backend, torch.float32)
    x, hx = draw(3, B, D, dtype=torch.float32), draw_states(layer)
    y, state = layer(x, hx)
    for dtype in (torch.float32, torch.bfloat16):
        with torch.autocast("cpu", torch.bfloat16):
            y_low, state_low = layer(x.to(dtype), low(hx, dtype))
            layer(x.to(dtype), state_low, lengths=LENGTHS.clamp(max=3))
        torch.testing.assert_close(y_low.float(), y, **LOOSE)
        for a, b in zip(tuple_of(state_low), tuple_of(state), strict=True):
            torch.testing.assert_close(a.to(b.dtype), b, **LOOSE)
        loss_of(y_low.float(), state_low).backward()
        assert all(p.grad.dtype == torch.float32 for p in layer.parameters())


@pytest.mark.parametrize("key", by_kind())
def test_under_autocast_the_loop_carries_the_layers_own_precision(key):
    layer, x = build(key, "eager", torch.float32), draw(T, B, D, dtype=torch.float32)
    with torch.autocast("cpu", torch.bfloat16):
        y, state = layer(x)
    assert {y.dtype, *(s.dtype for s in tuple_of(state))} <= {torch.float32, torch.int64}
    assert not torch.equal(y, layer(x)[0])  # the products were rounded, it is no bystander


def test_float64_is_not_what_autocast_mixes():
    layer = build("lstm_nog", dtype=torch.float32)
    with torch.autocast("cpu", torch.bfloat16), pytest.raises(TypeError, match="input: expected"):
        layer(draw(T, B, D))


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
@pytest.mark.parametrize("key, backend", CASES)
def test_a_layer_of_low_precision_runs_in_it_or_says_why_not(key, backend, dtype):
    layer, x = build(key, backend, torch.float32), draw(3, B, D, dtype=torch.float32)
    y, _ = layer(x)
    layer.to(dtype)
    if backend == "compiled":
        with pytest.raises(ValueError, match=r"takes float32 or float64.*auto"):
            layer(x.to(dtype))
        return
    y_low, state = layer(x.to(dtype))
    assert {y_low.dtype, *(s.dtype for s in tuple_of(state))} <= {dtype, torch.int64}
    torch.testing.assert_close(y_low.float(), y, **LOOSE)
    layer(x.to(dtype), state, lengths=LENGTHS.clamp(max=3))
    y_low.sum().backward()
    assert all(p.grad.isfinite().all() for p in layer.parameters())


@pytest.mark.parametrize("key", by_kind())
def test_shapes_are_found_on_meta(key):
    layer, x = build(key, bidirectional=True, device="meta"), draw(2, B, D).to("meta")
    expected = build(key, bidirectional=True)(draw(2, B, D))
    for call in ({}, {"lengths": LENGTHS.clamp(max=2)}, {"resets": x[..., 0] > 0}):
        y, state = layer(x, **call)
        assert y.is_meta and y.shape == expected[0].shape
        assert [s.shape for s in tuple_of(state)] == [s.shape for s in tuple_of(expected[1])]
    layer(x, state)
    packed = pack_padded_sequence(x, torch.tensor([2, 2, 1]))
    assert layer(packed)[0].data.shape == (5, 2 * H)


@pytest.mark.parametrize("key", by_kind())
def test_shapes_are_found_with_fake_tensors(key):
    mode = FakeTensorMode(allow_non_fake_inputs=True)
    fake = mode.from_tensor(draw(2, B, D))
    y, _ = build(key).requires_grad_(False)(fake)  # a real layer, outside the mode
    assert type(y) is type(fake) and y.shape == (2, B, H)
    with mode:
        y, _ = build(key)(torch.empty(2, B, D, dtype=torch.float64), lengths=LENGTHS)
        assert type(y) is type(fake) and y.shape == (2, B, H)


@pytest.mark.filterwarnings("ignore:`torch.jit.script` is deprecated")  # forward mode asks for it
@pytest.mark.parametrize("key", by_kind())
def test_transforms_of_the_forward_pass(key):
    layer, x = build(key), draw(T, B, D)
    y, _ = layer(x)
    over_batch = torch.func.vmap(lambda row: layer(row)[0], in_dims=1, out_dims=1)(x)
    torch.testing.assert_close(over_batch, y)
    loss = lambda v: loss_of(*layer(v))  # noqa: E731
    (wanted,) = torch.autograd.grad(loss(x.requires_grad_()), x)
    torch.testing.assert_close(torch.func.grad(loss)(x.detach()), wanted)
    v = draw(T, B, D, seed=9)
    _, along = torch.func.jvp(loss, (x.detach(),), (v,))
    torch.testing.assert_close(along, (wanted * v).sum())


@pytest.mark.parametrize("key, backend", CASES)
def test_many_gradients_at_once_are_many_gradients(key, backend):
    layer, x = build(key, backend), draw(3, 2, D).requires_grad_()
    y, _ = layer(x)
    cotangents = draw(4, *y.shape, seed=8)
    leaves = [x, *layer.parameters()]
    one = lambda dy: torch.autograd.grad(y, leaves, dy, retain_graph=True)  # noqa: E731
    alone = [torch.stack(g) for g in zip(*map(one, cotangents), strict=True)]
    together = torch.autograd.grad(y, leaves, cotangents, is_grads_batched=True, retain_graph=True)
    assert_same(together, alone)
    assert_same(torch.func.vmap(one)(cotangents), alone)


@pytest.mark.parametrize("key, backend", by_kind([c for c in PAIRS if c[1] == "compiled"]))
def test_jacobians_and_hessians_may_be_vectorized(key, backend):
    layers = build(key, backend), build(key, "eager")
    x = draw(2, 1, D)
    for derivative in (torch.autograd.functional.jacobian, torch.autograd.functional.hessian):
        ours, theirs = (
            derivative(lambda v, one=layer: one(v)[0].square().sum(), x, vectorize=True)
            for layer in layers
        )
        torch.testing.assert_close(ours, theirs)


@pytest.mark.parametrize("key", by_kind())
def test_a_trace_holds_for_other_numbers(key):
    layer = build(key)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that shapes become constants
        traced = torch.jit.trace(layer, draw(2, B, D), check_trace=False)
        found = traced(draw(2, B, D, seed=5))[0]
    torch.testing.assert_close(found, layer(draw(2, B, D, seed=5))[0])


def compiled(key, backend, **options):
    torch._dynamo.reset()
    layer = build(key, "auto", torch.float32)
    ours = torch.compile(layer, backend=backend, **options)
    x = draw(3, 2, D, dtype=torch.float32)
    for call in ({}, {"lengths": torch.tensor([1, 3])}, {"resets": x[..., 0] > 0}):
        y, state = layer(x, **call)
        leaves = list(layer.parameters())
        wanted = torch.autograd.grad(loss_of(y, state), leaves)
        y_c, state_c = ours(x, **call)
        found = torch.autograd.grad(loss_of(y_c, state_c), leaves)
        assert_same([y_c, *tuple_of(state_c), *found], [y, *tuple_of(state), *wanted])
    with pytest.raises(RuntimeError, match="lengths: expected 0 to T=3"):
        ours(x, lengths=torch.tensor([1, 4]))


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of torch's own making
@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("key", ["lstm_peephole"])
def test_compile_gives_the_numbers_of_the_layer(key):
    compiled(key, "eager", fullgraph=key not in native.KERNELS)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("key", by_kind())
def test_compile_with_autograd_gives_the_numbers_of_every_layer(key):
    compiled(key, "aot_eager", fullgraph=key not in native.KERNELS)  # as nn.LSTM breaks the graph


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("key", by_kind())
def test_an_export_holds_for_other_numbers(key):
    layer, x = build(key, dtype=torch.float32), draw(2, B, D, dtype=torch.float32)
    exported = torch.export.export(layer, (x,)).module()
    torch.testing.assert_close(exported(x + 1)[0], layer(x + 1)[0])
