"""What every test of this project may rely on."""

import os
import sys

import pytest

# Triton reads it when it is first imported, and PyTorch's compiler may be the first to do so.
os.environ.setdefault("TRITON_INTERPRET", "1")


@pytest.fixture(autouse=True)
def no_figure_stays_open():
    """A figure that one test leaves open is another's number of open figures."""
    yield
    if pyplot := sys.modules.get("matplotlib.pyplot"):
        pyplot.close("all")
