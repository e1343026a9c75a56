"""Where ``backend="graph"`` is taken, refused or left for the loop, and what is said of it."""

import pytest
import torch
from graph_layers import B, D, T
from layers import build, draw

from course_utils import torch_nn
from course_utils.torch_nn import gpu

pytestmark = pytest.mark.usefixtures("interpreter")


def test_auto_takes_it_on_its_device_after_kernel_and_scan_and_says_why(monkeypatch):
    backends = torch_nn.backends.BACKENDS
    for name, device in (("graph", "cpu"), ("compiled", "cuda")):  # as if this were a GPU
        monkeypatch.setitem(backends, name, backends[name]._replace(device=device))
    x = draw(4, B, D)
    assert build("lstm_peephole").why(x).startswith("graph (not native: ")
    assert build("mingru").why(x).startswith("scan (")
    assert build("lstm").why(x).startswith("native (")
    assert build("lstm").why(x, resets=torch.ones(4, B).bool()).startswith("graph (")
    assert "from 4 steps on, this call has 3" in build("mgu").why(x[1:])
    monkeypatch.setattr(gpu.modules, "missing", lambda: "Triton")
    assert "pip install triton" in build("mgu").why(x)


def test_on_the_cpu_it_is_refused_and_auto_does_not_speak_of_it():
    layer, x = build("mgu", "graph"), draw(T, B, D)
    gpu.modules._interpreted = False  # the fixture sets it back
    with pytest.raises(ValueError, match="the input is on cpu, its kernels are for a CUDA device"):
        layer(x)
    assert "graph" not in build("mgu").why(x)


def test_asked_for_where_it_cannot_be_had_it_says_why(monkeypatch):
    with pytest.raises(ValueError, match=r"on meta.*auto"):
        build("mgu", "graph").to("meta")(draw(T, B, D).to("meta"))
    monkeypatch.setattr(torch, "are_deterministic_algorithms_enabled", lambda: True)
    with pytest.raises(ValueError, match="in no fixed order"):
        build("lstm_peephole", "graph")(draw(T, B, D))
    assert build("lstm", "graph")(draw(T, B, D))[0].isfinite().all()


def test_where_triton_does_not_work_it_says_why_and_the_loop_goes_on(monkeypatch):
    def fails(*_):
        raise RuntimeError("Failed to find C compiler.\nPlease specify")

    layer, auto, x = build("mgu", "graph"), build("mgu"), draw(8, B, D)
    assert gpu.modules.broken(x.device) is None
    gpu.modules.broken.cache_clear()
    monkeypatch.setattr(gpu.modules, "in_file", fails)
    backends = torch_nn.backends.BACKENDS
    monkeypatch.setitem(backends, "graph", backends["graph"]._replace(device="cpu"))
    with pytest.raises(ValueError, match=r"not work on cpu \(.*C compiler\.\); use 'auto'"):
        layer(x)
    assert auto.why(x).startswith("eager") and "C compiler" in auto.why(x)
    monkeypatch.undo()
    gpu.modules.broken.cache_clear()


def test_whichever_way_the_precision_of_products_is_set_it_is_read():
    known = gpu.layer._products()
    if hasattr(torch.backends.cuda.matmul, "fp32_precision"):  # torch 2.9
        torch.backends.cuda.matmul.fp32_precision = "tf32"
        try:
            assert gpu.layer._products() != known
        finally:
            torch.backends.cuda.matmul.fp32_precision = "none"
    assert gpu.layer._products() == known
