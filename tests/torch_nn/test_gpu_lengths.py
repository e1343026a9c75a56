"""Generated GPU kernels, interpreted: a last state's gradient where a row ends as it begins."""

import pytest
import torch
from triton_runs import needed

from course_utils import torch_nn

T, B, D, H = 3, 3, 1, 2


@pytest.mark.parametrize("key", ["lstm", "gru", "slstm"])  # h only multiplied; h read too; sums
def test_states_of_rows_of_one_step_and_of_none(key):
    needed()
    torch.manual_seed(0)
    layer = torch_nn.Recurrent(key, D, H, dtype=torch.float64)
    x = torch.randn(T, B, D, dtype=torch.float64)
    hx = layer.initial_state(B)
    hx = hx if isinstance(hx, tuple) else (hx,)
    hx = [(s + torch.rand_like(s)).requires_grad_() for s in hx]
    resets = torch.tensor([[0, 0, 0], [0, 0, 0], [1, 0, 0]]).bool()
    cotangents, found = [torch.randn_like(s) for s in hx], []
    for backend in ("graph", "eager"):
        layer.backend = backend
        with torch_nn.gpu.interpreted():
            given = hx[0] if len(hx) == 1 else tuple(hx)
            _, last = layer(x, given, lengths=torch.tensor([3, 1, 0]), resets=resets)
            last = last if isinstance(last, tuple) else (last,)
            found.append(torch.autograd.grad(last, hx, cotangents))
    for ours, loop in zip(*found, strict=True):
        torch.testing.assert_close(ours, loop)
