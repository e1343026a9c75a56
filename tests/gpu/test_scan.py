"""The linear recurrence and the layers that use it, on a GPU, against float64 on the CPU."""

import gpu_runs
import pytest
import torch
from gpu_runs import DEVICE, FAR, against_float64, pair, poisoned, wide

from course_utils.specs import SPECS
from course_utils.torch_nn import scan_kernels
from course_utils.torch_nn.scan import LinearScan, has_scan

KEYS = [key for key in SPECS if has_scan(key)]
REAL = [torch.float64, torch.float32, torch.bfloat16, torch.float16]
COMPLEX = [torch.complex128, torch.complex64]


def draw(shape, dtype):
    """a inside the unit circle, some of it zero, b and a cotangent, on the GPU."""
    a, b, dh = (torch.randn(shape, device=DEVICE).to(dtype) for _ in range(3))
    if dtype.is_complex:
        a, b, dh = (v + 1j * torch.randn(shape, device=DEVICE) for v in (a, b, dh))
        a, b, dh = (v.to(dtype) for v in (a, b, dh))
    a = 0.99 * a / (0.2 + a.abs())
    a[torch.rand(shape, device=DEVICE) < 0.02] = 0  # a sequence begins
    return a, b, dh


def loop(a, b):
    """The recurrence by its definition."""
    h = []
    for a_t, b_t in zip(a.unbind(), b.unbind(), strict=True):
        h.append(a_t * h[-1] + b_t if h else b_t)
    return torch.stack(h)


def far(dtype):
    """The real format's own allowance."""
    return FAR[dtype.to_real() if dtype.is_complex else dtype]


@pytest.mark.parametrize("dtype", REAL + COMPLEX, ids=str)
@pytest.mark.parametrize("shape", [(1, 3), (2, 1), (65, 5, 3), (1000, 2, 129), (4097, 7)], ids=str)
def test_values_and_gradients(shape, dtype):
    a, b, dh = draw(shape, dtype)
    with poisoned():
        h = LinearScan.apply(a.requires_grad_(), b.requires_grad_())
        found = torch.autograd.grad(h, (a, b), dh)
    assert h.dtype == dtype and h.shape == shape
    leaves = [wide(v).requires_grad_() for v in (a, b)]
    expected = loop(*leaves)
    wanted = torch.autograd.grad(expected, leaves, wide(dh), materialize_grads=True)
    assert gpu_runs.distance(h, expected) < far(dtype)
    for ours, theirs in zip(found, wanted, strict=True):
        assert gpu_runs.distance(ours, theirs) < far(dtype)


@pytest.mark.parametrize("dtype", [torch.float32, torch.complex64], ids=str)
def test_a_hundred_thousand_steps(dtype):
    a, b, _ = draw((100_000, 3), dtype)
    assert gpu_runs.distance(LinearScan.apply(a, b), loop(wide(a), wide(b))) < 10 * far(dtype)


@pytest.mark.parametrize("dtype", [torch.float64, torch.complex128], ids=str)
def test_derivatives_of_derivatives(dtype):
    a, b, _ = draw((9, 2), dtype)
    leaves = a.requires_grad_(), b.requires_grad_()
    assert torch.autograd.gradcheck(LinearScan.apply, leaves, check_forward_ad=True)
    assert torch.autograd.gradgradcheck(LinearScan.apply, leaves)


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("dtype", [torch.float32, torch.complex64], ids=str)
def test_from_a_first_state_and_from_the_other_end(dtype, reverse):
    a, b, dh = draw((300, 3, 40), dtype)
    h0, one = draw((2, 3, 40), dtype)[0]
    for factors in (a, one.expand_as(a)):  # a factor at each step, and one for all
        leaves = [v.detach().requires_grad_() for v in (factors, b, h0)]
        h = LinearScan.apply(*leaves, reverse)
        found = torch.autograd.grad(h, leaves, dh)
        others = [wide(v).requires_grad_() for v in leaves]
        turned = [v.flip(0) if reverse else v for v in (others[0], others[1])]
        turned[1] = torch.cat([turned[0][:1] * others[2] + turned[1][:1], turned[1][1:]])
        expected = loop(*turned)
        expected = expected.flip(0) if reverse else expected
        assert gpu_runs.distance(h, expected) < far(dtype)
        wanted = torch.autograd.grad(expected, others, wide(dh))
        for ours, theirs in zip(found, wanted, strict=True):
            assert gpu_runs.distance(ours, theirs) < far(dtype)


@pytest.mark.cuda
@pytest.mark.parametrize("dtype", REAL + COMPLEX, ids=str)
def test_the_kernels_serve_what_they_are_for(dtype):
    a, b, _ = draw((5, 2, 3), dtype)
    assert scan_kernels.serves(a, b), scan_kernels.obstacle(a.device, dtype)


@pytest.mark.cuda
def test_any_strides_and_any_stream():
    a, b, _ = draw((33, 8, 6), torch.float32)
    expected = loop(wide(a), wide(b))
    turned = [v.transpose(1, 2).contiguous().transpose(1, 2) for v in (a, b)]
    apart = [torch.stack([v, v.new_full(v.shape, torch.nan)], -1)[..., 0] for v in (a, b)]
    stream = torch.cuda.Stream()
    for pair_of in (turned, apart, (a.flip(0).flip(0), b)):
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            h = LinearScan.apply(*pair_of)
        torch.cuda.current_stream().wait_stream(stream)
        assert gpu_runs.distance(h, expected) < FAR[torch.float32]


def test_mapped_over():
    a, b, _ = draw((4, 17, 3), torch.float32)
    h = torch.func.vmap(LinearScan.apply)(a, b)
    for ours, a_k, b_k in zip(h, a, b, strict=True):
        assert gpu_runs.distance(ours, loop(wide(a_k), wide(b_k))) < FAR[torch.float32]


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32], ids=str)
def test_layers(key, dtype):
    layer, reference = pair(key, 5, 12, dtype, backend="scan", bidirectional=True, num_layers=2)
    T, B = 70, 3
    lengths, resets = torch.tensor([T, 1, 44]), torch.rand(T, B) < 0.1
    limit = FAR[dtype] if dtype == torch.float64 else 1e-4  # 70 steps, two layers
    against_float64(layer, reference, T, B, far=limit)
    against_float64(layer, reference, T, B, far=limit, lengths=lengths, resets=resets)


@pytest.mark.parametrize("key", [k for k in KEYS if len(SPECS[k].states) == 1])
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16], ids=str)
def test_layers_in_half_precision(key, dtype):
    layer, reference = pair(key, 5, 12, dtype, backend="scan")
    against_float64(layer, reference, 40, 3)
