"""The machine that a number was measured on: processor, BLAS kernel, versions."""

import os
import platform
import re
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path


def one_thread():
    """Small recurrent nets are slower on several threads, and their sums less repeatable."""
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(1)


def cores():
    """Processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def device():
    """The processor and the BLAS kernel in use, as text."""
    model = platform.processor() or platform.machine()
    try:
        with Path("/proc/cpuinfo").open(encoding="utf-8") as lines:
            model = next(line for line in lines if line.startswith("model name")).split(":")[1]
    except (OSError, StopIteration):
        pass  # not Linux: platform's answer stands
    blas = os.environ.get("OPENBLAS_CORETYPE")
    return f"CPU: {model.strip()}" + (f" (OPENBLAS_CORETYPE={blas})" if blas else "")


def kind(text):
    """The kind of processor that a `device` text names, as a word: "intel-xeon", "amd-epyc"."""
    model, _, blas = text.removeprefix("CPU: ").partition(" (OPENBLAS_CORETYPE=")
    words = re.sub(r"\((?:R|TM)\)", " ", model, flags=re.I).lower().split()
    words = [re.sub(r"[^a-z0-9]", "", word) for word in words if word not in ("cpu", "processor")]
    return "-".join([*words[:2], *([blas.rstrip(")").lower()] if blas else [])])


def versions():
    """Python and the libraries whose version can move a number."""
    installed = {"python": platform.python_version()}
    for package in ("numpy", "torch", "scikit-learn"):
        try:
            installed[package] = version(package)
        except PackageNotFoundError:
            continue
    return installed
