"""A training step in three ways, at six sizes: readable NumPy, fast NumPy, PyTorch's own kernel.

Beside them stands the floor, the matrix products alone.  Then what the variants of the LSTM cost,
and what the fast cells give a PyTorch model whose cell has no kernel there.
"""

from dataclasses import dataclass

import numpy as np

from course_utils import timing
from course_utils.lab.timed_cases import LAYER, Case, floor


@dataclass(frozen=True)
class Config:
    """Sizes are T, B, D, H; seconds is the time spent on one cell at one size."""

    keys: tuple = ("rnn", "lstm", "gru")
    sizes: tuple = (
        (25, 1, 64, 100),
        (35, 32, 256, 256),
        (100, 64, 128, 256),
        (784, 64, 1, 128),
        (50, 16, 64, 512),
        (100, 32, 16, 32),
    )
    variants: tuple = (
        "lstm_1997", "lstm_peephole", "lstm_coupled", "lstm_cifg", "lstm_nig", "lstm_nfg",
        "lstm_nog", "lstm_niaf", "lstm_noaf",
    )  # fmt: skip
    variant_sizes: tuple = sizes
    layers: tuple = ("lstm_peephole", "lstm_cifg", "gru_2014")
    seconds: float = 2.0
    least: int = 7


QUICK = Config(
    keys=("rnn", "lstm"),
    sizes=((5, 2, 3, 4), (6, 3, 2, 8)),
    variants=("lstm_peephole",),
    variant_sizes=((5, 2, 3, 4),),
    layers=("lstm_peephole",),
    seconds=0.05,
    least=3,
)


def run(config, progress=iter):
    """By cell and size: seconds a step, and the ratios that say who is faster."""
    jobs = [(key, size) for key in config.keys for size in config.sizes]
    cells = {key: [] for key in config.keys}
    with timing.one_thread():
        for key, size in progress(jobs):
            cells[key].append(time_case(config, Case(key, size)))
        return {
            "layer": LAYER,
            "blas": timing.blas(),
            "cells": cells,
            "summary": {key: summary(rows) for key, rows in cells.items()},
            "floor": shares(cells),
            "variants": (by_size := variants(config, progress)),
            "variants_most": max(row["most"] for row in by_size),
            "layers": (by_cell := layers(config, progress)),
            "layers_summary": {key: spread(rows) for key, rows in by_cell.items()},
        }


def _times(config, work):
    return timing.interleave(work, seconds=config.seconds, least=config.least)


def time_case(config, case):
    """The row of one cell at one size."""
    times = _times(
        config,
        {
            "readable": case.readable(),
            "fast": case.fast(),
            "torch": case.torch(),
            "fast_forward": case.fast_forward(),
            "torch_forward": case.torch_forward(),
            **case.products(),
        },
    )
    seconds = timing.medians(times)
    bound = floor(seconds)
    return {
        "size": list(case.size),
        "rounds": len(times["fast"]),
        "flops": case.flops,
        "seconds": _short(seconds),
        "floor": _digits(bound),
        "share_of_floor": _digits(bound / seconds["fast"]),
        "readable_over_fast": _digits(timing.ratio(times, "readable", "fast")),
        "torch_over_fast": _digits(timing.ratio(times, "torch", "fast")),
        "torch_over_fast_forward": _digits(timing.ratio(times, "torch_forward", "fast_forward")),
    }


def summary(rows):
    """Over the sizes: geometric means, the worst, and how often NumPy is ahead."""
    ahead = [row["torch_over_fast"] for row in rows]
    readable = [row["readable_over_fast"] for row in rows]
    forward = [row["torch_over_fast_forward"] for row in rows]
    return {
        "torch_over_fast": _digits(np.exp(np.mean(np.log(ahead)))),
        "torch_over_fast_least": min(ahead),
        "torch_over_fast_most": max(ahead),
        "numpy_ahead": sum(r > 1 for r in ahead),
        "readable_over_fast": _digits(np.exp(np.mean(np.log(readable)))),
        "forward_least": min(forward),
        "forward_most": max(forward),
        "of": len(rows),
    }


def shares(cells):
    """Of the floor, over all cells, at the sizes where products are most of the work."""
    of_floor = [
        row["share_of_floor"]
        for rows in cells.values()
        for row in rows
        if row["size"][1] * row["size"][3] >= 8000 and row["size"][2] > 1  # B H, D
    ]
    most = {"least": min(of_floor), "most": max(of_floor)} if of_floor else {}
    return most | {"reached": sum(share >= 0.8 for share in of_floor), "of": len(of_floor)}


def spread(rows):
    """Over the sizes: the least and most times that our layer is ahead of the loop."""
    ahead = [row["eager_over_fast"] for row in rows]
    return {
        "least": min(ahead),
        "most": max(ahead),
        "mean": _digits(np.exp(np.mean(np.log(ahead)))),
        "ahead": sum(a >= 2.5 for a in ahead),
        "of": len(ahead),
    }


def variants(config, progress):
    """By size: each variant's fast step over that of the LSTM with forget gate."""
    rows = []
    for size in progress(config.variant_sizes):
        work = {key: Case(key, size).fast() for key in ("lstm", *config.variants)}
        times = _times(config, work)
        over = {k: _digits(timing.ratio(times, k, "lstm")) for k in config.variants}
        rows.append({"size": list(size), "over_lstm": over, "most": max(over.values())})
    return rows


def layers(config, progress):
    """By cell without a kernel in PyTorch, and size: our loop over our fast backend."""
    by_cell = {key: [] for key in config.layers}
    for key, size in progress([(k, s) for k in config.layers for s in config.variant_sizes]):
        case = Case(key, size)
        work = {"eager": case.torch("eager"), "compiled": case.torch("compiled")}
        work["nn.LSTM"] = Case("lstm", size).torch()
        times = _times(config, work)
        by_cell[key].append(
            {
                "size": list(size),
                "seconds": _short(timing.medians(times)),
                "eager_over_fast": _digits(timing.ratio(times, "eager", "compiled")),
                "lstm_over_fast": _digits(timing.ratio(times, "nn.LSTM", "compiled")),
            }
        )
    return by_cell


def _digits(value, n=4):
    """A measured number with the digits that mean something."""
    return float(f"{value:.{n}g}")


def _short(seconds):
    return {name: _digits(value) for name, value in seconds.items()}
