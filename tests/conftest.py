"""What every test of this project may rely on."""

import os
import sys

import pytest
from hypothesis import settings

# Drawn examples are the same in every run, so that a change is judged by what it changes.  Whoever
# wants new ones sets UNROLLED_EXPLORE=1; what it finds becomes a test of its own.
settings.register_profile("repeatable", derandomize=True)
if not os.environ.get("UNROLLED_EXPLORE"):
    settings.load_profile("repeatable")


def pytest_configure(config):
    """Triton's kernels run in its interpreter, but for ``-m gpu``, which is meant for a GPU.

    Triton reads it when it is first imported, and PyTorch's compiler may be the first to do so.
    """
    if config.option.markexpr != "gpu":
        os.environ.setdefault("TRITON_INTERPRET", "1")


@pytest.fixture(autouse=True)
def no_figure_stays_open():
    """A figure that one test leaves open is another's number of open figures."""
    yield
    if pyplot := sys.modules.get("matplotlib.pyplot"):
        pyplot.close("all")


@pytest.fixture
def uncompiled():
    """Generated source runs as plain Python: no cell waits for a compiler."""
    from course_utils import compiled

    with compiled.uncompiled():
        yield


@pytest.fixture
def one_thread():
    """PyTorch computes on one thread: its sums have one order."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def browser():
    """Chromium, started once a file."""
    from browsing import chromium

    with chromium() as running:
        yield running
