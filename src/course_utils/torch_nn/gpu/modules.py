"""The printed kernels of a cell as a Python module, whose functions Triton compiles when launched.

Triton is imported only here, and only when a kernel is wanted.
"""

import contextlib
import os
import sys
from functools import cache
from importlib.util import find_spec

import numpy as np

from course_utils.compiled import print_triton
from course_utils.compiled.cache import in_file

_interpreted = False


@contextlib.contextmanager
def interpreted():
    """Run the kernels on CPU tensors by Triton's interpreter until the block ends: for tests.

    Nothing is captured then.  RuntimeError where Triton was imported before to compile: the
    interpreter must be chosen (``TRITON_INTERPRET=1``) before the first import.
    """
    global _interpreted
    before, _interpreted = _interpreted, True
    try:
        if "triton" not in sys.modules:
            os.environ["TRITON_INTERPRET"] = "1"
        if missing() is None and not interprets():
            raise RuntimeError(
                "interpreted: Triton was imported to compile; set TRITON_INTERPRET=1 before "
                "anything imports it"
            )
        with np.errstate(all="ignore"):  # what a block has beyond the end divides by zero
            yield
    finally:
        _interpreted = before


def interpreting():
    """Whether this is inside ``interpreted``."""
    return _interpreted


@cache
def missing():
    """What is not installed, or None."""
    return None if find_spec("triton") is not None else "Triton"


@cache
def interprets():
    """Whether the Triton of this process interprets its kernels instead of compiling them."""
    import triton.language as tl

    return type(tl.sigmoid).__name__ == "InterpretedFunction"


def module(spec):
    """The module of a cell's kernels; ImportError where there is no Triton."""
    return _module(print_triton.source(spec), f"triton_{spec.key}")


def _module(text, label):
    import triton

    return in_file(text, label, f"triton {triton.__version__}, interpreted {interprets()}")


PROBE = """import triton
import triton.language as tl


@triton.jit
def probe(out, BLOCK: tl.constexpr):
    index = tl.arange(0, BLOCK)
    tl.store(out + index, index + 0.5)
"""


@cache
def broken(device):
    """Why Triton works on no tensor of this device, or None: one small kernel is compiled and run.

    It may lack a C compiler, Python's headers, or a GPU of compute capability 7.0.
    """
    import torch

    try:
        out = torch.zeros(16, device=device)
        with torch.cuda.device(device) if device.type == "cuda" else contextlib.nullcontext():
            _module(PROBE, "triton_probe").probe[(1,)](out, BLOCK=16)
        right = torch.equal(out.cpu(), torch.arange(16) + 0.5)
        return None if right else "wrong numbers"
    except Exception as error:  # whatever it is, the loop goes on
        return f"{type(error).__name__}: {error}".splitlines()[0]


@cache
def real(dtype):
    """What kernels compute in where a layer has this dtype, as Triton calls it."""
    import torch
    import triton.language as tl

    return tl.float64 if dtype == torch.float64 else tl.float32


def block(size):
    """How many numbers one program computes, four warps each: few, so that many programs run."""
    if _interpreted:
        return 16
    return 128 if size <= 2**16 else 256 if size <= 2**18 else 512
