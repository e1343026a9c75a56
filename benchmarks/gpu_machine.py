"""The GPU that a number was measured on, what runs on it, and its clocks."""

import datetime
import hashlib
import platform
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

ROOT = Path(__file__).parent.parent
CLOCKS = ("clocks.sm", "clocks.mem", "temperature.gpu", "power.draw", "utilization.gpu")
DATA_SHEETS = {  # GB/s of the memory, by a part of the name; the first that fits
    "GH200": 4000, "H200": 4800, "H100 80GB HBM3": 3350, "H100 NVL": 3900, "H100": 2000,
    "B200": 8000, "A100-SXM4-80GB": 2039, "A100 80GB": 1935, "A100": 1555, "V100": 900,
    "T4": 320, "L40S": 864, "L4": 300, "A10G": 600,
}  # fmt: skip


def machine(dry):
    """Device and versions as plain values; in a dry run those of the processor."""
    import torch

    facts = {
        "device": platform.processor() or platform.machine(),
        "python": platform.python_version(),
        **{name: installed(name) for name in ("torch", "triton", "numpy")},
        "cuda": torch.version.cuda,
        "system": f"{platform.system()} {platform.machine()}",
        "date": datetime.date.today().isoformat(),
        **commit(),
    }
    if dry:
        return facts
    of = torch.cuda.get_device_properties(0)
    return facts | {
        "device": of.name,
        "architecture": f"sm_{of.major}{of.minor}",
        "multiprocessors": of.multi_processor_count,
        "memory_gb": round(of.total_memory / 1e9, 1),
        "l2_mb": round(getattr(of, "L2_cache_size", 0) / 1e6, 1),
        "cudnn": torch.backends.cudnn.version(),
        "driver": (smi("driver_version") or [None])[0],
        "data_sheet_gb_s": data_sheet(of.name),
    }


def installed(package):
    """The version of a package, or None."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def commit():
    """The commit, whether files differ from it, and a hash of the sources, which needs no git."""
    sources = hashlib.sha256()
    for path in sorted((ROOT / "src").rglob("*.py")):
        sources.update(path.read_bytes())
    head = git("rev-parse", "HEAD")
    return {
        "commit": head,
        "changed": head and bool(git("status", "--porcelain", "--untracked-files=no")),
        "sources": sources.hexdigest()[:16],
    }


def git(*arguments):
    """What git says, or None where there is no repository."""
    return said(["git", "-C", str(ROOT), *arguments])


def smi(*fields):
    """Values of nvidia-smi as text, or None where it is not there."""
    query = f"--query-gpu={','.join(fields)}"
    text = said(["nvidia-smi", query, "--format=csv,noheader,nounits", "--id=0"])
    return text and [value.strip() for value in text.split(",")]


def clocks():
    """MHz, degrees, watts and load as nvidia-smi gives them; {} without it."""
    values = smi(*CLOCKS) if sys.platform != "darwin" else None
    return dict(zip(CLOCKS, values, strict=True)) if values and len(values) == len(CLOCKS) else {}


def data_sheet(name):
    """GB/s of a GPU's memory by its data sheet, or None."""
    return next((rate for part, rate in DATA_SHEETS.items() if part in name), None)


def said(command):
    """The output of a command, or None where it is missing, fails or hangs."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=10)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None
