"""What a cap on instructions costs: OPENBLAS_CORETYPE=Haswell, as some shared machines set it.

The cap is read when NumPy loads, so each measurement is an interpreter of its own; they take turns.
"""

import json
import os
import subprocess
import sys
from dataclasses import dataclass

import numpy as np

CAP = {"OPENBLAS_CORETYPE": "Haswell"}
CHILD = """
import json, sys, time
import numpy as np, torch
torch.set_num_threads(1)
n, seconds = int(sys.argv[1]), float(sys.argv[2])
a = np.random.default_rng(0).standard_normal((n, n), np.float32)
out, t = np.empty_like(a), torch.from_numpy(a)
medians = {}
for name, call in (("numpy", lambda: np.dot(a, a, out=out)), ("torch", lambda: t @ t)):
    call(), call()
    times, end = [], time.perf_counter() + seconds
    while time.perf_counter() < end or len(times) < 5:
        start = time.process_time()
        call()
        times.append(time.process_time() - start)
    medians[name] = float(np.median(times))
print(json.dumps(medians))
"""


@dataclass(frozen=True)
class Config:
    """A square product of ``size``, timed for ``seconds`` in each of ``rounds`` interpreters."""

    size: int = 768
    seconds: float = 0.5
    rounds: int = 7


QUICK = Config(size=64, seconds=0.02, rounds=1)


def run(config, progress=iter):
    """By library: seconds with the cap over seconds without."""
    ratios = {"numpy": [], "torch": []}
    for _ in progress(range(config.rounds)):
        free, capped = child(config, {}), child(config, CAP)
        for name, by_round in ratios.items():
            by_round.append(capped[name] / free[name])
    return {name: float(np.median(by_round)) for name, by_round in ratios.items()}


def child(config, setting):
    """Median seconds of a product by library, in a fresh interpreter."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("OPENBLAS_")}
    done = subprocess.run(
        [sys.executable, "-c", CHILD, str(config.size), str(config.seconds)],
        env=kept | {"OMP_NUM_THREADS": "1"} | setting,
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)
