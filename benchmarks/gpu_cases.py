"""What is measured on a GPU, the most wanted first: part -> case -> function that returns rows."""

import contextlib
import os
from dataclasses import dataclass
from functools import partial

import gpu_clock
import torch
from gpu_driver import side_by_side
from gpu_layers import FORMATS, PASSES, Candidate, build, compare, precision, release
from gpu_record import Missing, explain

from course_utils import torch_nn
from course_utils.specs import SPECS
from course_utils.torch_nn.scan import LinearScan, has_scan

COMPILING = 35  # seconds for all cells together


@dataclass(frozen=True)
class Sizes:
    """T of the LSTM and of the variants, H and B, one size of its own, seconds a comparison."""

    long: int = 1024
    short: int = 256
    hidden: tuple = (512, 256, 1024)
    batch: tuple = (64, 16, 128)
    one: tuple = (64, 512)  # B, H where one size has to do
    scan: tuple = (4096, 16, 1024)
    matrix: int = 8192
    cells: tuple = ("lstm", "gru", "rnn")
    formats: tuple = ("tf32", "bf16", "fp16")
    persistent: tuple = ("fp16", "bf16")
    variants: tuple = ()  # all there are
    sequential: tuple = ("lstm_peephole", "lstm_cifg", "gru")
    scanned: tuple = ("mingru", "minlstm", "lru")
    seconds: float = 0.5
    least: int = 5

    def of(self, T, B, H):
        """(T, B, D, H); cuDNN's quickest kernels ask for D = H = a multiple of 128."""
        return (T, B, H, H)


REAL = Sizes()
DRY = Sizes(
    long=1, short=1, hidden=(4,), batch=(1,), one=(1, 4), scan=(4, 1, 2), matrix=8,
    cells=("lstm",), formats=("tf32",), persistent=("fp16",),  # Triton interprets no bf16 product
    variants=("lstm_cifg", "mingru"), sequential=("lstm_cifg",),
    scanned=("mingru",), seconds=0, least=1,
)  # fmt: skip


def variants(sizes):
    """Every cell, the LSTM's variants first, without those that are scanned."""
    names = sizes.variants or sorted(SPECS, key=lambda k: (k != "lstm", not k.startswith("lstm")))
    return [k for k in names if not has_scan(k)]


def parts(sizes, clock, trial):
    """part -> {case: function}; trial, of the persistent kernel in this run, or None."""
    return {
        "ceilings": {
            "copy": partial(copies, sizes, clock),
            "products": partial(matrices, sizes, clock),
        },
        "native": native(sizes, clock),
        "graph": graph(sizes, clock),
        "compile": {"all": partial(compile_all, sizes, clock)},
        "variants": against_lstm(sizes, clock),
        "eager": against_eager(sizes, clock),
        "scan": scans(sizes, clock),
        "persistent": persistent(sizes, clock, trial),
    }


def interpreted(dry):
    """In a dry run Triton's interpreter takes the place of the GPU, where there is one."""
    return torch_nn.gpu.interpreted() if dry else contextlib.nullcontext()


# -- what the machine can do -----------------------------------------------------------------------


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


# -- layers ----------------------------------------------------------------------------------------


def native(sizes, clock):
    """PyTorch's kernels (cuDNN) in every format; the LSTM at every size."""
    cases = {}
    for cell in sizes.cells:
        batches = sizes.batch if cell == "lstm" else sizes.one[:1]
        for H in sizes.hidden:
            for B in batches:
                size = sizes.of(sizes.long, B, H)
                candidates = [Candidate(cell, "cudnn", f, p, size) for p in PASSES for f in FORMATS]
                cases[f"{cell} B {B} H {H}"] = partial(
                    compare, candidates, clock, sizes.seconds, sizes.least
                )
    return cases


def graph(sizes, clock):
    """Our LSTM as a CUDA graph beside cuDNN's, at every size; then GRU and RNN at one."""
    cases = {}
    for cell in sizes.cells:
        every = [(B, H) for H in sizes.hidden for B in sizes.batch]
        for B, H in every if cell == "lstm" else [sizes.one]:
            for p in PASSES:
                size = sizes.of(sizes.long, B, H)
                ways = [("graph", f) for f in sizes.formats] + [("cudnn", f) for f in FORMATS]
                candidates = [Candidate(cell, way, f, p, size) for way, f in ways]
                cases[f"{cell} B {B} H {H} {p}"] = partial(
                    compare, candidates, clock, sizes.seconds, sizes.least
                )
    cases["memory"] = partial(memory, sizes, clock)
    return cases


def memory(sizes, clock):
    """Megabytes that a captured graph holds, and what is left of them after ``release``."""
    B, H = sizes.one
    c = Candidate("lstm", "graph", sizes.formats[-1], "training", sizes.of(sizes.long, B, H))
    release()
    before = clock.held()
    call, facts = build(c, clock)
    del call
    release()
    clock.healthy()  # empties the allocator's cache
    left = [(now - then) / 1e6 for now, then in zip(clock.held(), before, strict=True)]
    return [c.facts | facts | {"left_mb": left[0], "left_reserved_mb": left[1]}]


def compile_all(sizes, clock):
    """Seconds of each cell's first training step, several at a time: Triton keeps what it made."""
    B, H = sizes.one
    keys = variants(sizes)
    todo = [Candidate(k, "graph", "bf16", "training", sizes.of(2, B, H)) for k in keys]
    if clock.device == "cpu":
        return [first_call(c, clock) for c in todo]
    workers = max(1, min(8, (os.cpu_count() or 2) // 2))
    rows = side_by_side(first_call, todo, workers, COMPILING)
    late = {c.cell for c in todo} - {row["cell"] for row in rows}
    return [*rows, *({"cell": key, "missing": "the time was up"} for key in sorted(late))]


def first_call(c, clock=None):
    """A row with the seconds of a first call, or why there was none."""
    try:
        return c.facts | build(c, clock or gpu_clock.Cuda())[1]
    except Exception as error:
        return c.facts | explain(error)


def against_lstm(sizes, clock):
    """Each cell as a CUDA graph beside our LSTM."""
    B, H = sizes.one
    size, cases = sizes.of(sizes.short, B, H), {}
    for key in variants(sizes):
        keys = dict.fromkeys(("lstm", key))
        candidates = [Candidate(k, "graph", "bf16", "training", size) for k in keys]
        candidates += [Candidate(key, "graph", "bf16", "forward", size)]  # its y is checked
        cases[key] = partial(compare, candidates, clock, sizes.seconds / 2, sizes.least)
    return cases


def against_eager(sizes, clock):
    """Some cells as a CUDA graph beside the loop in Python, which is slow."""
    B, H = sizes.one
    size, least, cases = sizes.of(sizes.short, B, H), min(3, sizes.least), {}
    for key in sizes.sequential:
        for p in PASSES:
            candidates = [Candidate(key, way, "bf16", p, size) for way in ("graph", "eager")]
            cases[f"{key} {p}"] = partial(compare, candidates, clock, sizes.seconds, least)
    return cases


def scans(sizes, clock):
    """The linear recurrence beside a copy of as many bytes; then whole layers beside cuDNN."""
    cases = {
        f"recurrence {str(dtype).removeprefix('torch.')}": partial(recurrence, sizes, clock, dtype)
        for dtype in (torch.float32, torch.bfloat16, torch.complex64)
    }
    T, B, H = sizes.scan
    for p in PASSES:
        candidates = [
            Candidate(k, "scan", f, p, sizes.of(T, B, H))
            for k in sizes.scanned for f in ("tf32", "bf16")
            if f == "tf32" or len(SPECS[k].states) == 1
        ] + [Candidate("gru", "cudnn", "bf16", p, sizes.of(T, B, H))]  # fmt: skip
        cases[f"layers {p}"] = partial(compare, candidates, clock, sizes.seconds, sizes.least)
    return cases


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


def persistent(sizes, clock, trial):
    """The LSTM with one launch for all steps beside cuDNN's, in what passed its trial here."""
    cases = {}
    for H in sizes.hidden:
        for p in PASSES:
            size = sizes.of(sizes.long, sizes.one[0], H)
            ways = [("persistent", f) for f in sizes.persistent] + [("cudnn", "fp16")]
            candidates = [Candidate("lstm", way, f, p, size) for way, f in ways]
            work = partial(compare, candidates, clock, sizes.seconds, sizes.least)
            cases[f"B {size[1]} H {H} {p}"] = partial(unrecorded, work, trial)
    return cases


def unrecorded(work, trial):
    """Call ``work`` where the persistent kernel may run without a committed record."""
    if trial is None or not trial["passed"]:
        raise Missing("the persistent kernel has passed no trial in this run")
    name = torch_nn.gpu.persistent_records.TRY
    release()  # a captured loop would go on being replayed
    before = os.environ.get(name, "0")
    os.environ[name] = "1"
    try:
        return work()
    finally:
        os.environ[name] = before
