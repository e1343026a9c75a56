"""Try the persistent kernel on this machine's GPU: fresh random numbers against float64.

usage: python -m course_utils.torch_nn.gpu.persistent_trial [--seconds N] [--limit N]
       [--cells KEY ...] [--dtypes NAME ...] [--at-once N] [--interpreted]

Every cell and dtype is a process of its own with a limit: one that hangs is killed, and has failed.
Prints JSON: the device, ``cases`` {"lstm float16": [what was tried, how far off, ...]}, and
``records`` as ``persistent_records.json`` takes them.  The status is 0 if all passed.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from course_utils.torch_nn.gpu import persistent_records

CELLS = ("lstm", "gru", "rnn", "lstm_peephole", "gru_2014", "mgu", "lstm_fgr", "slstm")
DTYPES = ("float16", "bfloat16", "float32")
# relative to the norm of what is right: a few steps of rounding in products of that dtype
BOUNDS = {"float16": 0.01, "bfloat16": 0.06, "float32": 0.01, "float64": 1e-9}
# steps, rows, features, units: one program for each block of rows; several; odd; as large as used
SIZES = ((7, 33, 8, 48), (12, 16, 32, 256), (9, 70, 16, 330), (40, 64, 64, 512))
SMALL = ((2, 3, 2, 4),)  # for the interpreter


def main(arguments=None):
    """Run all cases and print what came of them; the status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=90, help="for everything")
    parser.add_argument("--limit", type=float, default=60, help="for one cell in one dtype")
    parser.add_argument("--cells", nargs="+", default=CELLS)
    parser.add_argument("--dtypes", nargs="+", default=DTYPES)
    parser.add_argument("--at-once", type=int, default=max(1, (os.cpu_count() or 2) // 2))
    parser.add_argument("--interpreted", action="store_true", help="tiny, on the CPU")
    parser.add_argument("--child", nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args(arguments)
    if given.child:
        print(json.dumps(case(*given.child, given.interpreted)))
        return 0
    deadline = time.monotonic() + given.seconds
    pairs = [(cell, dtype) for cell in given.cells for dtype in given.dtypes]
    with ThreadPoolExecutor(given.at_once) as pool:
        results = list(pool.map(lambda pair: watched(*pair, given, deadline), pairs))
    print(json.dumps(summary(pairs, results), indent=1))
    return int(not all(result["passed"] for result in results))


def watched(cell, dtype, given, deadline):
    """The result of a case in a process that is killed when its time is up."""
    limit = min(given.limit, deadline - time.monotonic())
    if limit <= 0:
        return {"passed": False, "error": "no time was left for it"}
    command = [sys.executable, "-m", __spec__.name, "--child", cell, dtype]
    command += ["--interpreted"] * given.interpreted
    environment = os.environ | {persistent_records.TRY: "1"}
    environment["TRITON_INTERPRET"] = str(int(given.interpreted))
    environment["PYTHONPATH"] = os.pathsep.join(
        [str(Path(__file__).parents[3]), *filter(None, [os.environ.get("PYTHONPATH")])]
    )
    try:
        ended = subprocess.run(
            command, capture_output=True, text=True, timeout=limit, env=environment, check=False
        )
    except subprocess.TimeoutExpired:
        return {"passed": False, "error": f"no answer within {limit:.0f} s"}
    if ended.returncode:
        return {"passed": False, "error": (ended.stderr.strip().splitlines() or ["?"])[-1][:500]}
    return json.loads(ended.stdout.splitlines()[-1])


def case(cell, dtype, interpreted):
    """Try one cell in one dtype, in this process: there, back, and there again without a way back.

    Every shape is run three times, so that launches, a capture and a replay are among them.
    """
    import contextlib

    import torch

    from course_utils.torch_nn import gpu
    from course_utils.torch_nn.gpu import persistent

    torch.set_float32_matmul_precision("high")  # tf32, as float32 is tried
    device = torch.device("cpu" if interpreted else "cuda")
    whys, obstacle, tried = [], persistent.obstacle, []

    def told(*given):
        whys.append(obstacle(*given))
        return whys[-1]

    persistent.obstacle = told
    with gpu.interpreted() if interpreted else contextlib.nullcontext():
        for sizes in SMALL if interpreted else SIZES:
            found = _compare(cell, getattr(torch, dtype), sizes, device)
            tried.append({"sizes": sizes, "left to the loop": whys[-1]} | found)
    persistent.obstacle = obstacle
    off = [size["off"] for size in tried if size["left to the loop"] is None]
    passed = bool(off) and all(o <= BOUNDS[dtype] for o in off)
    return {
        "passed": passed, "tried": tried,
        "architecture": "interpreter" if interpreted else persistent.device(device).architecture,
        "triton": persistent._triton(), "torch": torch.__version__,
        "device": "cpu" if interpreted else torch.cuda.get_device_name(),
    }  # fmt: skip


def _compare(cell, dtype, sizes, device):
    """{"off", "worst"}: the largest relative error of values and gradients, and of which."""
    import torch

    from course_utils import torch_nn

    steps, rows, features, units = sizes
    layer = torch_nn.Recurrent(cell, features, units, backend="graph").to(device, dtype)
    twin = torch_nn.Recurrent(cell, features, units, backend="eager").to(device, torch.float64)
    twin.load_state_dict(layer.state_dict())
    off, worst = 0.0, ""
    for trained in (True, True, True, False, False):
        x = torch.randn(steps, rows, features, device=device).to(dtype)
        found = _results(layer, x, trained, dtype)
        for name, wanted in _results(twin, x.double(), trained, dtype).items():
            error = (found[name].double() - wanted).norm() / wanted.norm().clamp(min=1e-6)
            error = float(error.nan_to_num(float("inf"), float("inf")))
            off, worst = max((off, worst), (error, name))
    return {"off": off, "worst": worst}


def _results(layer, x, trained, dtype):
    import torch

    x = x.detach().clone().requires_grad_(trained)
    layer.zero_grad()
    with torch.set_grad_enabled(trained):
        y, last = layer(x)
    states = [last] if isinstance(last, torch.Tensor) else [*last]
    found = {"y": y} | {f"last state {n}": s for n, s in enumerate(states)}
    if trained:
        ends = [v for v in found.values() if v.is_floating_point()]
        given = [torch.cos(torch.arange(v.numel(), dtype=torch.float64)) for v in ends]
        given = [d.to(dtype).to(v).view(v.shape) for d, v in zip(given, ends, strict=True)]
        torch.autograd.backward(ends, given)
        found |= {f"gradient of {n}": p.grad for n, p in layer.named_parameters()}
        found["gradient of x"] = x.grad
    return {n: v.detach() for n, v in found.items() if v.is_floating_point()}


def summary(pairs, results):
    """All of it, and the records that a person may commit."""
    known = next((r for r in results if "architecture" in r), {})
    facts = {name: known.get(name) for name in ("device", "architecture", "triton", "torch")}
    records = {}
    if known and known["architecture"] != "interpreter":
        by_cell = {}
        for (cell, dtype), result in zip(pairs, results, strict=True):
            by_cell.setdefault(cell, {})[dtype] = result["passed"]
        records = {known["architecture"]: {known["triton"]: by_cell}}
    cases = {f"{cell} {dtype}": r for (cell, dtype), r in zip(pairs, results, strict=True)}
    return facts | {"cases": cases, "records": records}


if __name__ == "__main__":
    sys.exit(main())
