"""What the memory and the tensor cores of a GPU reach, and the scan beside a copy."""

from functools import partial

import gpu_clock
import torch
from gpu_layers import FORMATS, precision

from course_utils.torch_nn.scan import LinearScan


def copies(sizes, clock):
    """GB/s of a copy inside the GPU's memory, bytes read and written."""
    n = 8 * sizes.scan[0] * sizes.scan[1] * sizes.scan[2]
    source, target = (torch.randn(n, device=clock.device) for _ in range(2))
    return bandwidth(clock, sizes, {"copy": (partial(target.copy_, source), 8 * n)})


def bandwidth(clock, sizes, work):
    """Rows of name -> (call, bytes that it must move), in turn, each after a flush of the L2."""
    calls = {name: call for name, (call, _) in work.items()}
    times = gpu_clock.interleave(
        clock, calls, seconds=sizes.seconds, least=sizes.least, flush=True
    )
    rows = []
    for name, samples in times.items():
        found, moved = gpu_clock.spread(samples), work[name][1]
        rows.append({"what": name, "bytes": moved} | found | {"gb_s": moved / found["ms"] / 1e6})
    return rows


def matrices(sizes, clock):
    """TFLOP/s of a large square product in each format, on random numbers."""
    n, rows = sizes.matrix, []
    for name, (dtype, _) in FORMATS.items():
        a, b = (torch.randn(n, n, device=clock.device).to(dtype) for _ in range(2))
        with precision(name):
            times = gpu_clock.interleave(
                clock, {name: partial(torch.mm, a, b)}, seconds=0.2, least=sizes.least, most=10
            )
        found = gpu_clock.spread(times[name])
        rows.append({"what": name} | found | {"tflop_s": 2 * n**3 / found["ms"] / 1e9})
    return rows


def recurrence(sizes, clock, dtype):
    """h_t = a_t h_{t-1} + b_t: 3 arrays moved forward; backward reads 3 more and writes 2."""
    shape, device = sizes.scan, clock.device
    a, b, dh = (torch.randn(shape, device=device).to(dtype) for _ in range(3))
    a = 0.9 * a / (1 + a.abs())
    a, b = a.requires_grad_(), b.requires_grad_()
    bytes_of = b.numel() * b.element_size()
    source, target = (torch.randn(3 * b.numel(), device=device).to(dtype) for _ in range(2))

    def forward():
        with torch.no_grad():
            return LinearScan.apply(a, b)

    def training():
        return torch.autograd.grad(LinearScan.apply(a, b), (a, b), dh)

    with torch.no_grad():
        wide = torch.complex128 if dtype.is_complex else torch.float64
        expected = sequential(a[:64].to(wide), b[:64].to(wide))
        off = float((forward()[:64] - expected).norm() / expected.norm())
    if not off < 2e-2:
        raise ValueError(f"{off:.1e} away from the loop in float64")
    work = {
        "forward": (forward, 3 * bytes_of),
        "training": (training, 8 * bytes_of),
        "copy": (partial(target.copy_, source), 6 * bytes_of),
    }
    kind = {"dtype": str(dtype).removeprefix("torch."), "size": list(shape), "wrong": off}
    return [kind | row for row in bandwidth(clock, sizes, work)]


def sequential(a, b):
    """The recurrence by its definition."""
    h = [b[0]]
    for t in range(1, len(b)):
        h.append(a[t] * h[-1] + b[t])
    return torch.stack(h)
