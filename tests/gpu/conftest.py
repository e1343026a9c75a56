"""Tests of what runs on a GPU alone: `pytest -m gpu tests/gpu`, or benchmarks/gpu.sh.

Random numbers differ from run to run: the seed is printed, and UNROLLED_SEED=N repeats it.
UNROLLED_REHEARSAL=1 runs on the CPU, in Triton's interpreter, what needs no GPU of its own.
"""

import contextlib
import faulthandler
import json
import os
import sys
import time
import zlib
from pathlib import Path

import pytest
import torch
from gpu_runs import REHEARSAL

os.environ.setdefault("UNROLLED_SEED", str(int(time.time())))  # workers of xdist inherit it
SEED = int(os.environ["UNROLLED_SEED"])
LIMIT = float(os.environ.get("UNROLLED_GPU_TEST_SECONDS", 3600 if REHEARSAL else 60))


def obstacle():
    """Why nothing here can run, or None."""
    if REHEARSAL:
        return None
    if not torch.cuda.is_available():
        return "no CUDA device"
    if os.environ.get("TRITON_INTERPRET") == "1":
        return "Triton's interpreter is on: run with `-m gpu`, which leaves it off"
    return None


def pytest_configure(config):
    """Which tests a rehearsal leaves out."""
    config.addinivalue_line("markers", "cuda: about streams, captures or memory of a GPU")
    if REHEARSAL:
        os.environ["TRITON_INTERPRET"] = "1"


def pytest_report_header(config):
    """The seed of every test here."""
    return f"UNROLLED_SEED={SEED}"


def pytest_collection_modifyitems(config, items):
    """All tests here are ``gpu``; those of a log that ended, or hung, are not run again."""
    here = Path(__file__).parent
    items_here = [item for item in items if here in item.path.parents]
    known = {line["test"] for line in lines()}
    for item in items_here:
        item.add_marker(pytest.mark.gpu)
        why = obstacle()
        if REHEARSAL and item.get_closest_marker("cuda"):
            why = "streams, captures and memory are a GPU's own"
        if why:
            item.add_marker(pytest.mark.skip(reason=why))
    again = [item for item in items_here if item.nodeid in known]
    items[:] = [item for item in items if item not in again]
    if again:
        config.hook.pytest_deselected(items=again)
    if config.option.collectonly:
        for item in items_here:
            log(item.nodeid, "listed")


@pytest.fixture(autouse=True)
def _limit():
    """A test that hangs ends its process, wherever it waits."""
    faulthandler.dump_traceback_later(LIMIT, exit=True, file=sys.__stderr__)
    yield
    faulthandler.cancel_dump_traceback_later()


@pytest.fixture(autouse=True)
def _seeded(request):
    """Each test draws its own numbers, the same alone as among others."""
    torch.manual_seed(SEED + zlib.crc32(request.node.name.encode()) % 2**31)


@pytest.fixture(autouse=True)
def _released():
    """No test lives on the graphs of another."""
    from course_utils import torch_nn

    with torch_nn.gpu.interpreted() if REHEARSAL else contextlib.nullcontext():
        yield
    getattr(torch_nn.gpu, "release", lambda: None)()


# -- the log of benchmarks/gpu.py ------------------------------------------------------------------


def lines():
    """What the log holds, from an earlier process."""
    path = os.environ.get("UNROLLED_GPU_LOG")
    if not path or not Path(path).exists():
        return []
    return [json.loads(line) for line in Path(path).read_text("utf-8").splitlines()]


def log(test, outcome, seconds=0.0, why=""):
    """One more line, where benchmarks/gpu.py asked for them."""
    if path := os.environ.get("UNROLLED_GPU_LOG"):
        line = {"test": test, "outcome": outcome, "seconds": round(seconds, 2), "why": why}
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")


def pytest_runtest_logstart(nodeid, location):
    """A test that never ends has left its name."""
    if "PYTEST_XDIST_WORKER" not in os.environ:
        log(nodeid, "started")


def pytest_runtest_logreport(report):
    """The end of a test; a failure in any of its stages stands."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        return  # the process that started this one logs it
    if report.failed:
        text = str(report.longrepr).strip().splitlines()
        log(report.nodeid, "failed", report.duration, text[-1][:300] if text else "?")
    elif report.skipped or report.when == "call":
        log(report.nodeid, report.outcome, report.duration)
