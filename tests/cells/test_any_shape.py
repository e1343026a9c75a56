"""Any sizes, any scale: hypothesis looks for the case nobody thought of."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from problems import KEYS, close, make

from course_utils import numpy_nn, torch_nn
from course_utils.specs import SPECS

sizes = st.integers(1, 4)


@pytest.mark.parametrize("key", KEYS)
@settings(max_examples=12, deadline=None)
@given(T=sizes, B=st.integers(0, 3), D=sizes, modules=st.integers(1, 2), seed=st.integers(0, 99))
def test_forward_equals_the_printed_equations_for_any_sizes(key, T, B, D, modules, seed):
    p = make(key, seed, T=T, B=B, D=D, H=4 * modules)
    y, last, tape = numpy_nn.unroll(key, p.params, p.x, p.state0, **p.inputs)
    found = SPECS[key].unroll(p.params, p.x, p.state0, **p.inputs)
    close(y, found[SPECS[key].output], 1e-12)
    for name, state in zip(SPECS[key].states, last, strict=True):
        close(state, found[name][-1], 1e-12)
    dx, dstate0, grads = numpy_nn.unroll_backward(tape, p.dy, p.dlast)
    assert dx.shape == p.x.shape
    assert [d.shape for d in dstate0] == [s.shape for s in p.state0]
    for name, value in p.params.items():
        assert grads[name].shape == value.shape


@pytest.mark.parametrize("key", [k for k in KEYS if SPECS[k].bounded])
@settings(max_examples=12, deadline=None)
@given(scale=st.sampled_from([1e-4, 1.0, 1e2, 1e4]), seed=st.integers(0, 99))
def test_float32_stays_finite_in_both_implementations(key, scale, seed):
    p = make(key, seed)
    params = {n: v.astype(np.float32) for n, v in p.params.items()}
    x = (scale * p.x).astype(np.float32)
    y, _, tape = numpy_nn.unroll(key, params, x)
    dx, _, grads = numpy_nn.unroll_backward(tape, p.dy.astype(np.float32))
    assert all(np.isfinite(v).all() for v in (y, dx, *grads.values()))
    layer = torch_nn.from_numpy(key, params)
    leaf = torch.tensor(x, requires_grad=True)
    out, _ = layer(leaf)
    (out * torch.tensor(p.dy, dtype=torch.float32)).sum().backward()
    for v in (out, leaf.grad, *(w.grad for w in layer.parameters() if w.grad is not None)):
        assert v.dtype == torch.float32 and v.isfinite().all()


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU on this machine")
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
@pytest.mark.parametrize("key", KEYS)
def test_a_gpu_computes_what_the_cpu_computes(key, dtype):
    torch.manual_seed(0)
    layer = torch_nn.Recurrent(key, 3, 8, num_layers=2, dtype=dtype, backend="eager")
    x = torch.randn(6, 4, 3, dtype=dtype)
    found = []
    for device in ("cpu", "cuda"):
        layer = layer.to(device)
        leaf = x.to(device).requires_grad_()
        layer.zero_grad()
        y, _ = layer(leaf, lengths=torch.tensor([6, 3, 1, 5]))
        y.square().sum().backward()
        grads = [p.grad for p in layer.parameters() if p.grad is not None]
        found.append([v.detach().cpu().clone() for v in (y, leaf.grad, *grads)])
    tolerance = 1e-10 if dtype == torch.float64 else 2e-3  # float32: TF32 is off, but sums differ
    for a, b in zip(*found, strict=True):
        torch.testing.assert_close(b, a, rtol=tolerance, atol=tolerance)
