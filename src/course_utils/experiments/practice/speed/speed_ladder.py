"""Five ways to write one LSTM forward pass: predicted by arithmetic, then measured.

The prediction knows five numbers about the machine, measured in turn with everything else on calls
that have nothing to do with an LSTM, and what counting arrays write down about each way.  It sees
no layout, no cache, and nothing of what is not an array operation.
"""

from dataclasses import dataclass
from functools import partial

import numpy as np

from course_utils import counting, timing
from course_utils.compiled.columns import LINE, aligned
from course_utils.lab import prices
from course_utils.lab.pieces import Product
from course_utils.lab.timed_cases import LAYER, Case
from course_utils.numpy_nn import stages

FLOAT = np.dtype(np.float32)


@dataclass(frozen=True)
class Config:
    """Sizes are T, B, D, H; widths and batches span the roofline."""

    small: tuple = (25, 1, 64, 100)
    batch: tuple = (35, 32, 256, 256)
    widths: tuple = (256, 1024)
    batches: tuple = (1, 2, 4, 8, 16, 32, 64, 128, 256)
    square: int = 768  # of the product whose rate counts as the peak
    cached: int = 32_768  # floats in an array that stays in the cache
    memory: int = 2**25  # floats in one that does not
    seconds: float = 20.0
    least: int = 7


QUICK = Config(
    small=(4, 1, 3, 5),
    batch=(5, 2, 3, 4),
    widths=(16,),
    batches=(1, 8),
    square=32,
    cached=256,
    memory=4096,
    seconds=0.05,
    least=3,
)


def run(config, progress=iter):
    """By size: the machine, the rungs, late gradients; then the roofline's points."""
    sizes = {name: getattr(config, name) for name in ("small", "batch")}
    with timing.one_thread():
        widths = sorted({*config.widths, *(size[3] for size in sizes.values())})
        roofs = {width: roof(config, width) for width in widths}
        ladders = {
            name: climb(config, size, roofs[size[3]]) for name, size in progress(sizes.items())
        }
        return {
            "layer": LAYER,
            "blas": timing.blas(),
            "worst": max(row["worst"] for row in ladders.values()),
            "worst_refined": max(row["worst_refined"] for row in ladders.values()),
            "roof": {str(width): points for width, points in roofs.items()},
            "seam": seam(config),
            **ladders,
        }


def climb(config, size, points):
    """By rung: what it does, milliseconds predicted and measured; PyTorch's kernel beside them.

    ``refined`` is the prediction with the measured points of the roofline at this width.
    """
    case = Case("lstm", size)
    arguments = (case.params, case.x, *np.zeros((2, size[1], size[3]), np.float32))
    ways, late_arguments = late(size)
    times = timing.interleave(
        {name: lambda rung=rung: rung(*arguments) for name, rung in stages.STAGES.items()}
        | {name: lambda way=way: way(*late_arguments) for name, way in ways.items()}
        | {"fast": case.fast_forward(), "torch": case.torch_forward()}
        | prices.probes(config),
        seconds=config.seconds,
        least=config.least,
    )
    seconds = timing.medians(times)
    known = prices.machine(config, seconds)
    rungs = {}
    for name, rung in stages.STAGES.items():
        _, log = counting.counted(rung, *arguments)
        parts = prices.predicted(log, known)
        total = sum(parts.values())
        rungs[name] = {
            "products": len(log.products),
            "other_calls": len(log.rest),
            "flops": log.flops,
            "mega_flops": 1e-6 * log.flops,
            "mega_bytes": 1e-6 * log.bytes,
            "parts": parts,
            "predicted": total,
            "measured": 1e3 * seconds[name],
            "off": 1e3 * seconds[name] / total,
            "refined": sum(prices.predicted(log, known, points).values()),
            "loop_over": timing.ratio(times, "loop", name),
        }
    for rung in rungs.values():
        rung["off_refined"] = rung["measured"] / rung["refined"]
        rung["loop_over_predicted"] = rungs["loop"]["predicted"] / rung["predicted"]
    cost = {
        name: sum(prices.predicted(counting.counted(way, *late_arguments)[1], known).values())
        for name, way in ways.items()
    }
    return {
        "machine": known,
        "rungs": rungs,
        "worst": max(max(r["off"], 1 / r["off"]) for r in rungs.values()),
        "worst_refined": max(max(r["off_refined"], 1 / r["off_refined"]) for r in rungs.values()),
        "libraries": {
            name: {"measured": 1e3 * seconds[name], "loop_over": timing.ratio(times, "loop", name)}
            for name in ("fast", "torch")
        },
        "fast_over_torch": timing.ratio(times, "fast", "torch"),
        "in_place_over_columns": timing.ratio(times, "in_place", "columns"),
        "late": {
            "predicted": cost["each_step"] / cost["at_the_end"],
            "measured": timing.ratio(times, "each_step", "at_the_end"),
        },
        "rounds": len(times["loop"]),
    }


def at_each_step(da, h):
    """The gradient of U, added up step by step: da (T, B, 4H), h (T, B, H) -> (4H, H)."""
    dU = np.zeros_like(da, shape=(da.shape[2], h.shape[2]))
    for da_t, h_t in zip(da, h, strict=True):
        dU += da_t.T @ h_t
    return dU


def at_the_end(da, h):
    """The same as one product over all steps and sequences."""
    return stages.flat(da).T @ stages.flat(h)


def late(size):
    """Both ways to the gradient of U, and arguments for them."""
    T, B, _, H = size
    rng = np.random.default_rng(2)
    arguments = tuple(rng.standard_normal((T, B, n), np.float32) for n in (4 * H, H))
    return {"each_step": at_each_step, "at_the_end": at_the_end}, arguments


def roof(config, width):
    """The product of a step, U (4H, H) by the states of B sequences, for growing B.

    By layout GF/s, ``pieces`` being the columns as the tuned layers cut them; and operations a
    byte, if every array is touched once.
    """
    U, rng = aligned((4 * width, width), FLOAT), np.random.default_rng(3)
    rng.standard_normal(out=U, dtype=np.float32)
    points = {"batch": list(config.batches), "intensity": [], "cut": []}
    points |= {"rows": [], "columns": [], "pieces": []}
    for B in config.batches:
        cut = Product(4 * width, width, B)
        points["cut"].append(cut.pieces)
        h, out = aligned((width, B), FLOAT), aligned((4 * width, B), FLOAT)
        h_rows, out_rows, U_T = aligned((B, width), FLOAT), aligned((B, 4 * width), FLOAT), U.T
        h_rows[...] = rng.standard_normal(out=h, dtype=np.float32).T
        work = {
            "rows": partial(np.dot, h_rows, U_T, out=out_rows),
            "columns": partial(np.dot, U, h, out=out),
            "pieces": partial(cut.multiply, cut.cut(U), h, out=cut.cut(out)),
        }
        times = timing.interleave(work, seconds=config.seconds / 16, least=config.least)
        flops = 2 * U.size * B
        points["intensity"].append(flops / (U.nbytes + h.nbytes + out.nbytes))
        for layout, seconds in timing.medians(times).items():
            points[layout].append(1e-9 * flops / seconds)
    return points


def seam(config):
    """How much longer the batch's product in pieces takes where no array starts with a cache line.

    Each of the three then starts 16 bytes late, which is what NumPy promises and malloc likes.
    """
    _, B, _, H = config.batch
    cut, late = Product(4 * H, H, B), (LINE // 4) // FLOAT.itemsize

    def product(offset):
        memory = [aligned((m * n + late,), FLOAT) for m, n in ((4 * H, H), (H, B), (4 * H, B))]
        U, h, out = (m[offset : len(m) - late + offset] for m in memory)
        U[...], h[...] = 1, 1
        U, h, out = U.reshape(4 * H, H), h.reshape(H, B), out.reshape(4 * H, B)
        return partial(cut.multiply, cut.cut(U), h, out=cut.cut(out))

    work = {"late": product(late), "on_time": product(0)}
    times = timing.interleave(work, seconds=config.seconds / 8, least=config.least)
    return timing.ratio(times, "late", "on_time")
