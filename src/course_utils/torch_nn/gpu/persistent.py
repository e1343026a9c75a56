"""All time steps of a cell in one launch, weights kept on the chip: where it has passed its trial.

It takes the place of the loop of ``steps``, launch after launch, between the same products over all
steps; ``compiled.print_persistent`` prints it.  ``persistent_records`` says where it may run.
"""

from functools import cache, lru_cache
from typing import NamedTuple

import torch

from course_utils.compiled import print_persistent
from course_utils.compiled.cache import in_file
from course_utils.torch_nn.gpu import modules, persistent_records

INDEX = 2**31
"""Its indices have 32 bits."""
PATIENCE = 2**22
"""How often a program asks in one launch whether the others have come; some seconds."""
SPARE = 2**13
"""Bytes of shared memory that are left to the compiler."""
SHARED = {(8, 0): 166912, (9, 0): 232448, (10, 0): 232448}
"""Bytes of shared memory that a program may have, where PyTorch does not tell; else 101376."""
WIDEST = 128
"""Units of a row up to which one program may have all of them."""
BEGUN = 0
"""Where counters begin; beyond all arrivals in a test that runs programs one after the other."""

_lost = False  # whether programs have waited in vain in this process
_too_large = set()  # (schedule, split, dtype) of kernels that Triton has found to be


class Device(NamedTuple):
    """What matters of a GPU: capability (9, 0), how many multiprocessors, bytes for a program."""

    capability: tuple
    processors: int
    shared: int

    @property
    def architecture(self):
        return "sm_{}{}".format(*self.capability)


class Split(NamedTuple):
    """How programs share rows and units: see ``print_persistent.source``."""

    chunks: int
    rows: int
    units: int
    inner: int
    warps: int = 4


@cache
def device(of):
    """The facts of a CUDA device; those of an H200 for tensors that the interpreter works on."""
    if of.type != "cuda":
        return Device((9, 0), 132, SHARED[9, 0])
    facts = torch.cuda.get_device_properties(of)
    capability = torch.cuda.get_device_capability(of)
    shared = getattr(facts, "shared_memory_per_block_optin", SHARED.get(capability, 101376))
    return Device(capability, facts.multi_processor_count, shared)


def obstacle(shape):
    """Why the steps of a run (an arena's ``Shape``) are not one launch, or None where they are."""
    schedule = shape.schedule
    why = print_persistent.obstacle(schedule.spec)
    if why:
        return why
    facts, low = device(shape.device), str(shape.dtype).removeprefix("torch.")
    if _lost:
        return "its programs have waited for each other in vain in this process"
    if shape.begins or shape.ends:
        return "rows start anew, or end early"
    if not modules.interpreting():
        if facts.capability < (8, 0):
            return "Triton's products have tensor cores from compute capability 8.0 on"
        if low == "float64":
            return "it computes in float32"
        if low == "float32" and shape.products[0] == "highest":
            return "float32 products in full precision (tf32 is not allowed) are left to cuBLAS"
    widest = max(a.blocks for a in schedule.arrays.values())
    if (shape.T + 1) * shape.B * shape.H * widest >= INDEX:
        return "its arrays are too large for an index of 32 bits"
    chosen = split(schedule, shape.B, shape.H, shape.dtype.itemsize, facts)
    if chosen is None or (schedule, chosen, low) in _too_large:
        return "the weights of all programs, or the programs, are more than the GPU has room for"
    return persistent_records.closed(facts.architecture, _triton(), schedule.spec.key, low)


def split(schedule, rows, units, size, facts):
    """The smallest blocks of rows and units that fit a device with all their weights, or None.

    rows, units: B, H; size: bytes of a weight.
    """
    each = sum(len(p.values) * len(p.parts) for p in products(schedule))
    if not each:  # nothing is exchanged, any grid will do
        return Split(0, 16, 64, 16)
    whole = max(16, 1 << (units - 1).bit_length())
    if whole <= WIDEST and (each * whole + 16) * whole * size <= facts.shared - SPARE:
        return Split(0, 16, whole, whole, 8 if whole == WIDEST else 4)
    inner = min(whole, 256 if -(-units // 256) * 256 <= -(-units // 128) * 128 else 128)
    chunks = -(-units // inner)
    fitting = [
        Split(chunks, r, u, inner, 8 if r * u > 1024 else 4)
        for r in (16, 32, 64, 128) for u in (16, 32, 64)
        if -(-rows // r) * -(-units // u) <= facts.processors
        and (each * chunks * u + r) * inner * size <= facts.shared - SPARE
    ]  # fmt: skip
    return min(fitting, key=lambda s: (s.rows * s.units, s.rows), default=None)


def products(schedule):
    """Those that every step waits for."""
    return [p for (stage, _), of in schedule.products.items() if stage == "loop" for p in of]


def forward(arena):
    """What ``steps.loop_forward`` does; whether it could."""
    return _fits(arena, "forward", TRAINED=arena.shape.grad)


def backward(arena):
    """What ``steps.loop_backward`` does; whether it could."""
    if not _fits(arena, "backward"):
        return False
    for pointer in _kernels(arena)["backward"].sums:
        arena[pointer].add_(arena[f"rows_{pointer}"].sum(0))
    return True


def _fits(arena, name, **known):
    """Launch; False, from then on too, where a program takes more room than it was reckoned to."""
    try:
        _launch(arena, name, **known)
    except Exception as error:
        if type(error).__name__ != "OutOfResources":  # its place differs from Triton to Triton
            raise
        low = str(arena.low).removeprefix("torch.")
        _too_large.add((arena.schedule, _split(arena), low))
        return False
    return True


def check(arena, pool):
    """RuntimeError if programs waited in vain in an earlier launch, whose results are NaN.

    The flag arrives when it does: nobody waits for it.  From then on every call takes the loop, and
    the pool of graphs, which may hold such launches, is emptied.
    """
    global _lost
    told = arena.arrays.get("told")
    if told is None or not told.item():
        return
    _lost = True
    told.zero_()
    arena["failed"].zero_()
    pool.release()
    raise RuntimeError(
        "persistent kernel: its programs waited for each other in vain, and earlier results are "
        "NaN; this process goes on without it"
    )


def _launch(arena, name, **known):
    shape, chosen = arena.shape, _split(arena)
    kernel, on_gpu = _kernels(arena)[name], arena.device.type == "cuda"
    arrays, options = [_array(arena, p, kernel) for p in kernel.pointers], {}
    grid = -(-shape.B // chosen.rows), -(-shape.H // chosen.units)
    if on_gpu:
        options = {"num_warps": chosen.warps, "num_stages": 1, "enable_fp_fusion": True}
    waits = []
    if kernel.waits:
        counters = arena.new("counters", (grid[0],), torch.int32)
        counters.fill_(BEGUN)
        waits = [counters, arena.new("failed", (1,), torch.int32), PATIENCE]
        if on_gpu:
            options["launch_cooperative_grid"] = True
    getattr(_module(arena.schedule, chosen.chunks), name)[grid](
        *arrays, shape.T, shape.B, shape.H, *waits, *(arena.options[s] for s in kernel.scalars),
        **known, REAL=modules.real(arena.low), PRECISION="tf32",
        ROWS=chosen.rows, UNITS=chosen.units, INNER=chosen.inner, **options,
    )  # fmt: skip
    if kernel.waits:
        _told(arena).copy_(arena["failed"], non_blocking=True)


def _told(arena):
    """The flag where the host reads it without waiting for the GPU."""
    if "told" not in arena.arrays:
        pinned = arena.device.type == "cuda"
        arena.arrays["told"] = torch.zeros(1, dtype=torch.int32, pin_memory=pinned)
    return arena.arrays["told"]


def _array(arena, pointer, kernel):
    """What the kernel is passed under a name, from its first step on; None for what is unread."""
    if pointer in kernel.unread and not arena.shape.grad:
        return None
    if pointer in kernel.sums:
        return arena.new(f"rows_{pointer}", (arena.shape.B, arena.shape.H), arena.real)
    if pointer.startswith("low_"):
        return arena.arrays.get(pointer, arena[pointer.removeprefix("low_")])
    array = arena[pointer]
    if not array.is_contiguous():  # the loop needs it for one step, the programs for each
        return arena.new(f"whole_{pointer}", array.shape, array.dtype)
    return array


def _split(arena):
    shape = arena.shape
    size, facts = shape.dtype.itemsize, device(shape.device)
    return split(arena.schedule, shape.B, shape.H, size, facts)


def _kernels(arena):
    return _printed(arena.schedule, _split(arena).chunks)


@lru_cache(maxsize=256)
def _printed(schedule, chunks):
    return print_persistent.kernels(schedule.spec, chunks)


@lru_cache(maxsize=256)
def _module(schedule, chunks):
    """The functions, as Triton has them."""
    made_for = f"triton {_triton()}, interpreted {modules.interprets()}"
    text = print_persistent.source(schedule.spec, chunks)
    return in_file(text, f"persistent_{schedule.spec.key}_{chunks}", made_for)


def _triton():
    import triton

    return triton.__version__
