"""What is measured on a GPU, the most wanted first: part -> case -> function that returns rows."""

import contextlib
import os
from dataclasses import dataclass
from functools import partial

import gpu_clock
import torch
from gpu_bandwidth import copies, matrices, recurrence
from gpu_driver import side_by_side
from gpu_layers import FORMATS, PASSES, Candidate, build, compare, release
from gpu_record import Missing, explain

from course_utils import torch_nn
from course_utils.specs import SPECS
from course_utils.torch_nn.scan import has_scan

COMPILING = 30  # seconds for all cells together


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
    workers = max(1, min(12, (os.cpu_count() or 2) - 2))
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
