"""Nets whose plain RNN is compiled: the same gradients, and no other cell is touched."""

import pytest
import torch

from course_utils.lab import compiled_nets
from course_utils.lab.torch_models import Net


@pytest.mark.parametrize(
    "key, backend", [("rnn", "compiled"), ("rnn_relu", "compiled"), ("lstm", "auto")]
)
def test_a_compiled_net_gives_what_pytorchs_own_gives(key, backend):
    if not compiled_nets.compiled_layers():
        pytest.skip("needs Numba and SciPy")
    torch.manual_seed(0)
    x, cotangent = torch.randn(7, 3, 4), torch.randn(3, 2)
    nets = [Net(key, 4, 5, 2, 0, last=True) for _ in range(2)]
    assert compiled_nets.compiled(nets[1]).layer.backend == backend
    assert nets[0].layer.backend == "auto"
    for net in nets:
        net.zero_grad()
        (net(x) * cotangent).sum().backward()
    for ours, theirs in zip(nets[1].parameters(), nets[0].parameters(), strict=True):
        torch.testing.assert_close(ours.grad, theirs.grad, rtol=1e-4, atol=1e-6)


def test_without_numba_the_layer_chooses(monkeypatch):
    monkeypatch.setattr(compiled_nets, "compiled_layers", lambda: False)
    assert compiled_nets.compiled(Net("rnn", 4, 5, 2, 0)).layer.backend == "auto"
