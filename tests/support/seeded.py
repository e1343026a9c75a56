"""What a study runs in tests, where another process can find it."""

import os
from pathlib import Path


def run_seed(folder, seed, factor=1):
    """seed * factor; leaves a file for each call, named after seed and process."""
    Path(folder, f"{seed}-{os.getpid()}").touch()
    if seed == 13:
        raise ArithmeticError("seed 13")
    return {"value": seed * factor, "threads": os.environ.get("OMP_NUM_THREADS")}
