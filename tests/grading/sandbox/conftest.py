"""Backends of the sandbox, opened once a file."""

import sys

import pytest
from sandbox_modes import HIDDEN, MODES

from course_utils.grading.sandbox import backends
from course_utils.grading.sandbox import isolate as isolates
from course_utils.grading.sandbox.isolate import Limits, SandboxError, Zygote


@pytest.fixture(scope="module", params=MODES)
def zygote(request):
    if sys.platform != "linux":
        pytest.skip("namespaces are Linux's")
    patch = pytest.MonkeyPatch()
    patch.setattr(isolates, "hidden_paths", lambda: [HIDDEN])
    opened = Zygote(request.param)
    try:
        opened.isolate().close()
    except SandboxError as error:
        opened.close()
        pytest.skip(f"{request.param}: {error}")
    yield opened
    opened.close()
    patch.undo()


@pytest.fixture(scope="module", params=[*MODES, "bwrap"])
def anywhere(request):
    """Each backend that can be had here, also bubblewrap, which refuses root."""
    try:
        if request.param == "bwrap":
            opened = backends.bubblewrap(backends.Probe, True)
        else:
            opened = Zygote(request.param)
        opened.isolate().close()
    except SandboxError as error:
        pytest.skip(f"{request.param}: {error}")
    yield opened
    opened.close()


@pytest.fixture
def inside(zygote):
    with zygote.isolate(Limits(memory_mb=600, total_mb=600)) as opened:
        yield lambda source, timeout=300: opened.run(source, timeout)
