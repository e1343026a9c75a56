"""The same kernel on Triton itself: on a GPU where there is one, else in Triton's interpreter."""

import os
import pickle
import subprocess
import sys
from importlib.util import find_spec

import numpy as np

# In a process of its own: Triton decides at its first import whether it interprets.
CHILD = """
import linecache, os, pickle, sys
job = pickle.load(sys.stdin.buffer)
import torch
device = "cuda" if torch.cuda.is_available() else "cpu"
if device == "cpu":
    os.environ["TRITON_INTERPRET"] = "1"
import triton, triton.language as tl
text = job["source"]
linecache.cache["kernels.py"] = len(text), None, text.splitlines(True), "kernels.py"
names = {"triton": triton, "tl": tl, "__name__": "kernels"}
exec(compile(text, "kernels.py", "exec"), names)
on = lambda v: torch.from_numpy(v).to(device) if hasattr(v, "shape") else v
arguments = {k: on(v) for k, v in job["arguments"].items()}
names[job["name"]][job["grid"]](**arguments)
found = {k: v.cpu().numpy() for k, v in arguments.items() if hasattr(v, "numpy")}
sys.stdout.buffer.write(b"====" + pickle.dumps((device, found)))
"""


def on_triton(kernel, grid, *args, **named):
    """Run a kernel's text on Triton; ``kernel[grid](*args, **named)`` without touching the arrays.

    Returns ("cuda" or "cpu", {argument: the array afterwards}).  Takes seconds: PyTorch is loaded
    anew.  ImportError where Triton or PyTorch is missing, RuntimeError with Triton's own words.
    """
    missing = [name for name in ("triton", "torch") if find_spec(name) is None]
    if missing:
        raise ImportError(f"{' and '.join(missing)}: not installed here; Colab has both, and so "
                          "has Linux with PyTorch for CUDA")  # fmt: skip
    bound = kernel.signature.bind(*args, **named)
    bound.apply_defaults()
    plain = {k: v.copy() if isinstance(v, np.ndarray) else v for k, v in bound.arguments.items()}
    job = {"source": kernel.source, "name": kernel.name, "grid": grid, "arguments": plain}
    environment = {k: v for k, v in os.environ.items() if k != "TRITON_INTERPRET"}
    done = subprocess.run([sys.executable, "-c", CHILD], input=pickle.dumps(job),
                          capture_output=True, env=environment)  # fmt: skip
    if done.returncode:
        raise RuntimeError(done.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2])
    return pickle.loads(done.stdout.partition(b"====")[2])
