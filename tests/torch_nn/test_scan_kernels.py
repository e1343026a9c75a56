"""The scan's kernels, in Triton's interpreter on the CPU, against a loop in double precision."""

import itertools
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
import triton_runs
from layers import B, D, build, draw, draw_states, loss_of, tuple_of

from course_utils.torch_nn import scan_kernels
from course_utils.torch_nn.scan import LinearScan, prefix

slow = pytest.mark.slow


@pytest.fixture(autouse=True)
def _needed():
    triton_runs.needed()
    with np.errstate(all="ignore"):  # NumPy computes for the interpreter, and warns of inf * 0
        yield


@pytest.fixture
def served(monkeypatch):
    """Tensors on the CPU are taken for a GPU's; the list grows by every kernel that is launched."""
    launched, launch = [], scan_kernels._launch
    monkeypatch.setattr(scan_kernels, "obstacle", lambda device, dtype: None)
    monkeypatch.setattr(scan_kernels, "TILES", {"forward": 2, "backward": 2})

    def listed(device, a, b, name, *rest, **arguments):
        launched.append(name)
        launch(device, a, b, name, *rest, **arguments)

    monkeypatch.setattr(scan_kernels, "_launch", listed)
    return launched


def wide(x):
    return x.to(torch.complex128 if x.is_complex() else torch.float64)


def loop(a, b, h0=None, reverse=False):
    """h_t = a_t h_{t-1} + b_t, step by step in double precision; a_1 is not read without h0."""
    a, b, h = wide(a), wide(b), None if h0 is None else wide(h0)
    states = {}
    for t in reversed(range(len(b))) if reverse else range(len(b)):
        h = b[t] if h is None else a[t] * h + b[t]
        states[t] = h
    return torch.stack([states[t] for t in range(len(b))])


def loop_backward(a, dh, h, h0=None, reverse=False):
    """da, db, step by step in double precision."""
    a, dh, h = wide(a), wide(dh), wide(h)
    zero = torch.zeros_like(h[:1])
    first = zero if h0 is None else wide(h0)[None]
    if reverse:
        before, after = torch.cat([h[1:], first]), torch.cat([zero, a[:-1]])
    else:
        before, after = torch.cat([first, h[:-1]]), torch.cat([a[1:], zero])
    db = loop(after.conj(), dh, None, not reverse)
    return before.conj() * db, db


def assert_rounded(found, exact, sizes):
    """Within what rounding may do.

    Every term of a sum is a product of at most T factors, rounded at each, at each sum, and where
    chunks meet: 4 T + 8 roundings of the state's precision, four times as many if complex, of the
    sum of all terms' sizes.  The result is then rounded to its own precision, once.
    """
    state = torch.finfo(scan_kernels.STATES[found.dtype].to_real()).eps
    count = (4 * len(exact) + 8) * (4 if found.is_complex() else 1)
    allowed = count * state * sizes + torch.finfo(found.dtype).eps * exact.abs()
    error = (wide(found) - exact).abs()
    assert (error <= allowed).all(), (error / allowed).max()


def check(dtype, shape, *, chunks=1, reverse=False, start=False, tile=4, factors=None):
    """Both kernels on random numbers; returns what they gave."""
    generator = torch.Generator().manual_seed(len(shape) + shape[0])
    draw = lambda shape: torch.randn(shape, dtype=dtype, generator=generator)  # noqa: E731
    a, b, dh = draw(shape), draw(shape), draw(shape)
    a = a if factors is None else factors(a)
    h0 = draw(shape[1:]) if start else None
    how = {"reverse": reverse, "chunks": chunks, "tile": tile}
    h = scan_kernels.forward(a, b, h0, **how)
    da, db = scan_kernels.backward(a, dh, h, h0, **how)
    assert {t.dtype for t in (h, da, db)} == {dtype} and {t.shape for t in (h, da, db)} == {shape}
    size = None if h0 is None else h0.abs()
    assert_rounded(h, loop(a, b, h0, reverse), loop(a.abs(), b.abs(), size, reverse))
    exact = loop_backward(a, dh, h, h0, reverse)
    sizes = loop_backward(a.abs(), dh.abs(), h.abs(), size, reverse)
    for found, value, bound in zip((da, db), exact, sizes, strict=True):
        assert_rounded(found, value, bound)
    return h, da, db


CASES = {
    "one step": (torch.float64, (1, 2), {}),
    "one step from a state": (torch.float32, (1, 2), {"start": True}),
    "two blocks of channels": (torch.float32, (2, 35), {"start": True}),
    "three tiles": (torch.float64, (9, 2), {"reverse": True, "start": True}),
    "three chunks": (torch.float32, (10, 1, 3), {"chunks": 3, "tile": 2, "start": True}),
    "complex chunks": (torch.complex64, (5, 2), {"chunks": 3, "tile": 1, "reverse": True}),
    "half precision": (torch.bfloat16, (5, 3), {"reverse": True}),
}


@pytest.mark.parametrize("case", CASES)
def test_the_kernels_round_as_a_loop_does(case):
    dtype, shape, how = CASES[case]
    check(dtype, shape, **how)


@slow
@pytest.mark.parametrize("dtype", scan_kernels.STATES)
def test_every_precision_direction_and_start(dtype):
    for reverse, start in itertools.product((False, True), repeat=2):
        cut = {} if reverse == start else {"chunks": 3, "tile": 1}
        check(dtype, (5, 3), reverse=reverse, start=start, **cut)


@slow
@pytest.mark.parametrize("size", [1.0, 1 - 2**-12, 2.0**-60], ids=["one", "near one", "near zero"])
def test_long_products_neither_drift_nor_break(size):
    """Factors of size one keep every step; three of 2⁻⁶⁰ are 0 in float32, chunk or not."""
    factors = lambda a: torch.copysign(torch.full_like(a, size), a)  # noqa: E731
    check(torch.float32, (37, 2), factors=factors, chunks=3)


def test_a_number_that_is_none_stays_visible():
    """It reaches every later step of its channel, and none of another channel."""
    for bad, chunks in ((torch.nan, 1), (torch.inf, 2)):
        a, b = torch.full((2, 6, 2), 0.5)
        b[2, 0] = bad
        h = scan_kernels.forward(a, b, chunks=chunks, tile=3)
        assert torch.equal(h.isfinite()[:, 0], torch.arange(6) < 2)
        assert h[:, 1].isfinite().all()
        da, db = scan_kernels.backward(a, b, torch.ones(6, 2), chunks=chunks, tile=3)
        assert torch.equal(db.isfinite()[:, 0], torch.arange(6) > 2)
        assert da[:, 1].isfinite().all()


def test_a_factor_with_nothing_before_it_is_not_read():
    a, b = torch.ones(2, 4, 1)
    a[0] = torch.nan
    assert scan_kernels.forward(a, b, chunks=2, tile=2)[:, 0].tolist() == [1, 2, 3, 4]
    da, _ = scan_kernels.backward(a, b, b, tile=2)
    assert da.isfinite().all()


def test_any_layout_of_the_inputs_gives_the_same():
    generator = torch.Generator().manual_seed(0)
    numbers = torch.randn(2, 3, 5, dtype=torch.complex64, generator=generator)
    a, b = numbers.transpose(1, 2)[..., ::2]  # (5, 2), with gaps, channels first
    one, two = a[1].conj().expand_as(a), b.conj()
    assert not (a.is_contiguous() or one.is_contiguous()) and two.is_conj()
    h = scan_kernels.forward(one, two, tile=4)
    solid = one.resolve_conj().clone(), two.resolve_conj().clone()
    assert torch.equal(h, scan_kernels.forward(*solid, tile=4))
    found = scan_kernels.backward(one, two, a, tile=4)
    for x, y in zip(found, scan_kernels.backward(*solid, a.clone(), tile=4), strict=True):
        assert torch.equal(x, y)


def given(dtype=torch.float64):
    generator = torch.Generator().manual_seed(0)
    draw = lambda *shape: torch.randn(shape, dtype=dtype, generator=generator)  # noqa: E731
    return draw(3, 2).requires_grad_(), draw(3, 2).requires_grad_(), draw(2).requires_grad_()


def derivatives(reverse):
    """h, its gradients, and the gradients of those."""
    leaves = a, b, h0 = given()
    h = LinearScan.apply(a, b, h0, reverse)
    first = torch.autograd.grad(h.square().sum(), leaves, create_graph=True)
    second = torch.autograd.grad(sum(g.square().sum() for g in first), leaves)
    plain = torch.autograd.grad(LinearScan.apply(a, b, h0, reverse).square().sum(), leaves)
    return [h, *first, *second, *plain]


@pytest.mark.parametrize("reverse", [pytest.param(False, marks=slow), True])
def test_the_autograd_function_is_the_same_with_kernels(served, monkeypatch, reverse):
    """What is differentiated again is made of scans; the last time, and alone, by the kernel."""
    found = derivatives(reverse)
    assert served == ["forward", "forward", "backward", "backward", "forward", "backward"]
    monkeypatch.setattr(scan_kernels, "serves", lambda *tensors: False)
    for x, y in zip(found, derivatives(reverse), strict=True):
        torch.testing.assert_close(x, y, rtol=1e-12, atol=1e-12)


@slow
@pytest.mark.parametrize("key", ["lru", "minlstm"])
def test_a_layer_gives_the_same_with_kernels(served, monkeypatch, key):
    layer = build(key, "scan", torch.float32, bidirectional=True)
    x, hx = draw(3, B, D, dtype=torch.float32), draw_states(layer)
    for lengths in (None, torch.tensor([3, 1, 2])):
        found = [t.detach() for t in flat(layer, x, hx, lengths)]
        with monkeypatch.context() as without:
            without.setattr(scan_kernels, "serves", lambda *tensors: False)
            expected = flat(layer, x, hx, lengths)
        torch.testing.assert_close(found, expected)
    assert served.count("forward") == served.count("backward") == 4  # two directions, both calls


def flat(layer, x, hx, lengths):
    """y, the last states and the gradients of all parameters."""
    y, state = layer(x, hx, lengths=lengths)
    grads = torch.autograd.grad(loss_of(y, state), [*layer.parameters()])
    return [y, *tuple_of(state), *grads]


@slow
def test_the_kernels_compile_for_gpus_and_keep_to_registers():
    """No shared memory, no local memory, no shuffles; a lane loads four bytes at once, or more."""
    script = Path(__file__).parents[1] / "support" / "scan_compiled.py"
    environment = {name: v for name, v in os.environ.items() if name != "TRITON_INTERPRET"}
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert len(lines) == 10
    for line in lines:
        assert line.endswith("beyond registers: []"), line
        assert "ld.global.b32" in line or "ld.global.v2.b32" in line or "b64" in line, line
        assert not re.search(r"ld\.global\.b(8|16)\b", line), line


@pytest.mark.filterwarnings("ignore:.torch.jit.script. is deprecated:DeprecationWarning")
def test_under_transforms_the_kernels_stay_out(served):
    a, b, h0 = (t.detach() for t in given())
    mapped = torch.func.vmap(LinearScan.apply, (1, 1, 0, None), 1)(a, b, h0, True)
    _, tangent = torch.func.jvp(lambda b: LinearScan.apply(a, b, h0, True), (b,), (b,))
    assert not served
    torch.testing.assert_close(mapped, loop(a, b, h0, True))
    torch.testing.assert_close(tangent, loop(a, b, None, True))


def test_what_the_kernels_do_not_know_is_left_to_pytorch(served, monkeypatch):
    a, b, _ = (t.detach() for t in given())
    assert scan_kernels.serves(a, b, None)
    assert not scan_kernels.serves(a, b.float())
    assert not scan_kernels.serves(a[:0], b[:0])
    assert not scan_kernels.serves(a.to("meta"), b.to("meta"))
    monkeypatch.undo()
    assert scan_kernels.obstacle(a.device, a.dtype) == "the kernels run on a GPU"
    assert torch.equal(LinearScan.apply(a, b), prefix(a, b))


def test_time_is_cut_only_where_channels_leave_multiprocessors_idle():
    assert scan_kernels.cut(132, 1000, 132) == 1
    assert scan_kernels.cut(131, 1000, 132) == 5
    assert scan_kernels.cut(8, 1000, 132) == scan_kernels.MAX_CHUNKS
    assert scan_kernels.cut(8, 20, 132) == 10  # two tiles at least for a chunk
    assert scan_kernels.cut(1, 1, 132) == 1


def test_the_bytes_of_an_ideal_scan():
    numbers = 4096 * 65536
    assert scan_kernels.bytes_moved(4096, 65536, torch.bfloat16) == 3 * 2 * numbers
    assert scan_kernels.bytes_moved(4096, 65536, torch.complex64, backward=True) == 5 * 8 * numbers
