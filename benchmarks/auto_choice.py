"""Small nets of cells that PyTorch has a kernel for: how many times longer the kernel trains.

    python benchmarks/auto_choice.py

``torch_nn.compiled.SHORTEST`` says from how many steps on ``auto`` takes compiled code; these sizes
are those that it is about, at that many steps and at the longest, one thread each, a training step
of both in turn.  Written to ``results/auto/<cpu>.json``.
"""

import json
import re
from pathlib import Path

import bench
import torch

from course_utils import files, timing, torch_nn
from course_utils.torch_nn.compiled import SHORTEST

SIZES = (
    (1, 8, 16), (1, 64, 100), (16, 32, 64), (32, 64, 100), (64, 128, 64), (4, 64, 256),
    (1, 64, 512), (2, 64, 384),
)  # fmt: skip
"""B, D, H, at most ``SHARED`` multiplications of a step."""


def step(key, size, backend):
    """A training step of one layer of size (T, B, D, H), as a function."""
    T, B, D, H = size
    torch.manual_seed(0)
    layer = torch_nn.Recurrent(key, D, H, backend=backend)
    x, dy = torch.randn(T, B, D, requires_grad=True), torch.randn(T, B, H)

    def run():
        layer.zero_grad(set_to_none=True)
        x.grad = None
        layer(x)[0].backward(dy)

    return run


def measure(seconds=0.6):
    """[{cell, size, ratio, saved: milliseconds of a time step}], the kernel against compiled."""
    rows = []
    for key, least in SHORTEST.items():
        steps = sorted({least, max(SHORTEST.values())})
        for size in ((T, *rest) for T in steps for rest in SIZES):
            T = size[0]
            work = {name: step(key, size, name) for name in ("native", "compiled")}
            times = timing.interleave(work, seconds=seconds, least=5)
            spent = timing.medians(times)
            saved = 1e3 * (spent["native"] - spent["compiled"]) / T
            ratio = timing.ratio(times, "native", "compiled")
            rows.append(
                {"cell": key, "size": size, "ratio": round(ratio, 2), "saved": round(saved, 4)}
            )
            print(f"{key:9} {size!s:20} {ratio:6.2f} times as long, {saved:.3f} ms a time step")
    return rows


def main():
    """Measure, print, write."""
    machine = bench.machine()
    with timing.one_thread():
        rows = measure()
    name = re.sub(r"\W+", "-", machine["cpu"].lower()).strip("-")
    path = Path(__file__).parent / "results" / "auto" / f"{name}.json"
    files.write(path, json.dumps({"machine": machine, "rows": rows}, indent=1) + "\n")
    print(f"written: {path}")


if __name__ == "__main__":
    main()
