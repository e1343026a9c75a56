"""Compiled layers run their source as plain Python here; a test that wants machine code says so."""

import pytest
import triton_runs

from course_utils.torch_nn import gpu


@pytest.fixture(autouse=True)
def _plain(uncompiled):
    """For every test of this folder."""


@pytest.fixture
def interpreter():
    """Layers on the graph backend run in Triton's interpreter, on the CPU."""
    triton_runs.needed()
    with gpu.interpreted():
        yield
