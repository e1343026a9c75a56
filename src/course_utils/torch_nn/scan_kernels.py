"""The linear recurrence on a GPU: when and how the kernels of ``scan_triton`` are launched.

The scan does two operations for three numbers that it moves, so memory decides: forward reads a, b
and writes h, backward reads a, h, dh and writes da, db, each once (``bytes_moved``).

How many bytes must be on their way is bandwidth times latency (Little's law).  An H200 has 4.8 TB/s
(vendor) and answers after some 600 ns (assumed): 2.9 MB, 22 kB for each of its 132 multiprocessors.
A lane owns 4 bytes of a row, or one number where that is larger, and has two tiles on their way:
2 · 32 steps of 2 arrays forwards, 512 bytes, and 2 · 16 steps of 3 arrays backwards, 384 bytes.  So
43 and 57 lanes for each multiprocessor are enough, two warps: 8,448 channels of float32, which 16
rows of 528 units have.  One warp still gets 0.74 and 0.56 of the bandwidth.

With fewer warps than multiprocessors time is cut, too: what each chunk does as a whole is computed
side by side, joined by the same scan, and each chunk is scanned from the state in which it begins.
That reads a and b (backwards a and dh) twice: 5 numbers for each element in place of 3, 7 in place
of 5, at best 0.60 and 0.71 of the bandwidth.  A look-back between programs would need no second
reading, but waits by spinning, which may hang on a GPU that nobody tried.

None of this was measured on a GPU: it is counts of bytes, and arithmetic.
"""

import warnings
from contextlib import nullcontext
from functools import cache, partial
from importlib.util import find_spec

import torch

from course_utils.torch_nn import modes

WARP = 32
TILES = {"forward": 32, "backward": 16}  # steps of 4 bytes for a lane
MAX_CHUNKS = 64  # what each does as a whole is joined in one walk
WARPS = 4  # for each multiprocessor, where time is cut
STATES = {  # numbers in memory -> numbers in registers
    torch.float16: torch.float32,
    torch.bfloat16: torch.float32,
    torch.float32: torch.float32,
    torch.float64: torch.float64,
    torch.complex64: torch.complex64,
    torch.complex128: torch.complex128,
}


def bytes_moved(steps, channels, dtype, backward=False):
    """What a scan of (steps, channels) must move: each input read once, each output written once.

    Forward a, b -> h; backward a, h, dh -> da, db.
    """
    return (5 if backward else 3) * steps * channels * dtype.itemsize


def serves(*tensors):
    """Whether the kernels can compute with these tensors, None among them, as they come."""
    first, *_ = tensors = [t for t in tensors if t is not None]
    return (
        not (modes.recorded() or modes.transformed())
        and first.numel() > 0
        and obstacle(first.device, first.dtype) is None
        and all(modes.concrete(t) and t.dtype == first.dtype for t in tensors)
    )


@cache
def obstacle(device, dtype):
    """Why the kernels cannot run on a device in a precision, or None where they can."""
    if device.type != "cuda":
        return "the kernels run on a GPU"
    if dtype not in STATES:
        return f"no kernel for {dtype}"
    if torch.version.hip:
        return "the kernels are for NVIDIA's GPUs"
    if find_spec("triton") is None:
        return "Triton is not installed"
    import triton

    if tuple(map(int, triton.__version__.split(".")[:2])) < (3, 3):
        return f"Triton {triton.__version__} has no tuples in loops, 3.3 has"
    capability = torch.cuda.get_device_capability(device)
    if capability < ((8, 0) if dtype == torch.bfloat16 else (7, 0)):
        major, minor = capability
        return f"a GPU of compute capability {major}.{minor} is too old for {dtype}"
    from course_utils.torch_nn import scan_triton

    if not isinstance(scan_triton.forward, triton.runtime.JITFunction):
        return "Triton's interpreter is for tests on the CPU"
    one, tile = torch.ones(1, 1, dtype=dtype, device=device), 1  # small: soon compiled
    try:
        backward(one, one, forward(one, one, tile=tile), tile=tile)
    except Exception as error:  # no C compiler, an old driver, …: there is another way
        warnings.warn(f"scans run without their kernels: {error}", RuntimeWarning, stacklevel=2)
        return f"the kernels do not compile here: {error}"
    return None


def forward(a, b, h0=None, *, reverse=False, chunks=None, tile=None):
    """a, b (T, ...) of one shape -> h (T, ...), h_t = a_t h_{t-1} + b_t from h0 (...), or zero.

    reverse: from the last step to the first.  chunks: into how many parts time is cut at most, by
    default what fills the device; tile: steps that are loaded at once.
    """
    h = b.new_empty(b.shape)
    start = None if h0 is None else h0[None]
    _walk("forward", a, b, start, reverse, chunks, tile, h=_flat(h))
    return h


def backward(a, dh, h, h0=None, *, reverse=False, chunks=None, tile=None):
    """a, dh, h (T, ...), h0 as ``forward`` had it -> da, db (T, ...).

    db_t = dh_t + a*_{t+1} db_{t+1}, da_t = h*_{t-1} db_t: the recurrence from the other end.
    """
    da, db = dh.new_empty(dh.shape), dh.new_empty(dh.shape)
    before = None if h0 is None else _flat(h0[None])
    arrays = {"h": _flat(h), "h0": before, "da": _flat(da), "db": _flat(db)}
    _walk("backward", a, dh, None, not reverse, chunks, tile, **arrays)
    return da, db


def _walk(name, a, b, start, flipped, chunks, tile, **arrays):
    """Launch a kernel along time, in chunks, from the last step to the first where flipped.

    a, b (T, ...); start (1, ...) or None, the state before the first step.
    """
    state, back, lane = STATES[b.dtype], name == "backward", max(4, b.dtype.itemsize)
    (factors, stride), rows = _factors(a), _flat(b)
    steps, width = rows.shape
    block = WARP * lane // rows.element_size()
    blocks, tile = -(-width // block), tile or TILES[name] * 4 // lane
    chunks = chunks or cut(blocks, steps // tile, _multiprocessors(b.device))
    length = -(-steps // (chunks * tile)) * tile  # whole tiles: the last chunk alone may be short
    chunks = -(-steps // length)
    launch = partial(
        _launch, b.device, factors, rows, steps=steps, width=width, a_stride=stride, length=length,
        FIRST=0 if back or start is not None else 1, FLIPPED=flipped, COMPLEX=state.is_complex,
        WIDE=state.to_real() == torch.float64, STEPS=tile, BLOCK=block,
    )  # fmt: skip
    if chunks > 1:
        totals = b.new_empty(2, chunks - 1, b[0].numel(), dtype=state)
        product, last = totals
        begin = None if start is None else _flat(start)
        launch("totals", (blocks, chunks - 1), start=begin, BACK=back,
               product=_flat(product), last=_flat(last))  # fmt: skip
        first = torch.zeros_like(last[:1]) if start is None else start.reshape(1, -1).to(state)
        start = torch.cat([first, forward(product, last, chunks=1)])
    start = None if start is None else _flat(start)
    launch(name, (blocks, chunks), start=start, **arrays)


def _launch(device, a, b, name, grid, **arguments):
    from course_utils.torch_nn import scan_triton

    with torch.cuda.device(device) if device.type == "cuda" else nullcontext():
        getattr(scan_triton, name)[grid](a, b, **arguments, num_warps=1)


def cut(blocks, tiles, multiprocessors):
    """Into how many chunks time is cut: one where each multiprocessor has a warp without.

    blocks of channels, a warp each; tiles of time, of which a chunk has two at least.
    """
    if blocks >= multiprocessors:
        return 1
    return max(1, min(MAX_CHUNKS, -(-WARPS * multiprocessors // blocks), tiles // 2))


@cache
def _multiprocessors(device):
    if device.type != "cuda":
        return 1  # the interpreter runs programs one after another
    return torch.cuda.get_device_properties(device).multi_processor_count


def _flat(x):
    """(T, ...) -> (T, width), real numbers, rows without gaps; a view where x has none."""
    x = torch.view_as_real(x.resolve_conj()) if x.is_complex() else x.resolve_neg()
    return x.contiguous().view(len(x), -1)


def _factors(a):
    """``_flat``, and how far one step is from the next: nothing where all steps share a row."""
    if a.stride(0) == 0:
        return _flat(a[:1]), 0
    a = _flat(a)
    return a, a.shape[1]
