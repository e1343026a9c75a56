"""Modules in the sandbox: those that are there, and those that an exercise forbids."""

import xml
from pathlib import Path

import pytest
from sandbox_modes import MODES, printed

from course_utils.grading.sandbox import backends, bwrap
from course_utils.grading.sandbox import isolate as isolates
from course_utils.grading.sandbox.isolate import Limits, SandboxError, Zygote
from course_utils.grading.sandbox.student_package import write_student_package

FORBIDDEN = """
try:
    import xml.dom
except ImportError as error:
    print(type(error).__name__)
"""


def test_a_forbidden_module_is_not_there_for_any_process(anywhere):
    """Taken from `sys.modules` it could be imported anew, and by a child in any case."""
    pytest.importorskip("scipy")
    tries = [
        "import sys\nsys.modules.pop('scipy', None)\nfrom scipy import signal",
        "import subprocess, sys\n"
        "subprocess.run([sys.executable, '-c', 'from scipy import signal'], check=True)",
        "import importlib\nimportlib.reload(importlib.import_module('scipy')).signal",
    ]
    with anywhere.isolate(guard=["scipy"]) as opened:
        assert all(opened.run(source, 20)["error"] for source in tries)
    with anywhere.isolate(guard=["numpy.no_such_thing"]) as opened:  # the rest is there
        assert printed(opened.run("import scipy\nprint('there')", 20)) == ["there"]


def test_the_student_package_holds_the_students_side_alone(tmp_path):
    package = write_student_package(tmp_path / "package", rooms=("equations",))
    found = {str(p.relative_to(package / "course_utils")) for p in package.rglob("*.py")}
    assert found == {
        "__init__.py",
        "files.py",
        "shapes.py",
        "equations.py",
        *(f"grading/{name}.py" for name in ("__init__", "student", "bundle", "compare")),
    }
    with pytest.raises(ValueError, match="numpy_nn"):
        write_student_package(tmp_path / "other", rooms=("numpy_nn",))


@pytest.mark.slow
def test_an_isolate_with_torch_loaded_can_train():
    """Torch fits below the default limits, and its layer can be taken away."""
    pytest.importorskip("torch")
    opened = Zygote(MODES[0], ("numpy", "torch"))
    try:
        isolate = opened.isolate(Limits(), guard=("torch.nn.LSTM",))
    except SandboxError as error:
        opened.close()
        pytest.skip(str(error))
    with isolate:
        source = "import torch\ny, _ = torch.nn.GRU(3, 4)(torch.ones(5, 2, 3))\n"
        source += "y.sum().backward(); print(*y.shape)"
        assert printed(isolate.run(source, 60)) == ["5", "2", "4"]
        error = isolate.run("torch.nn.LSTM(3, 4)", 20)["error"]
        assert error["name"] == "AttributeError"
    opened.close()


@pytest.mark.parametrize("guard", ["xml.dom", "xml.dom xml", "xml.dom.minidom xml.dom"])
def test_what_lies_in_something_hidden_is_hidden_with_it(anywhere, guard):
    with anywhere.isolate(guard=guard.split()) as opened:
        assert printed(opened.run(FORBIDDEN, 10)) == ["ModuleNotFoundError"]


def test_a_room_of_a_package_that_is_installed_can_be_forbidden(monkeypatch):
    """As after `pip install`, where the whole package lies in a folder that is shown."""
    place = str(Path(xml.__file__).parent)
    for owner in (isolates, bwrap):
        monkeypatch.setattr(owner, "hidden_paths", lambda: [place])
    with backends.open_sandbox(backends.Probe, unsandboxed=False) as opened:
        with opened.isolate(guard=["xml.dom"]) as inside:
            assert printed(inside.run(FORBIDDEN, 10)) == ["ModuleNotFoundError"]


def test_a_module_that_was_loaded_before_can_be_forbidden(anywhere):
    """The isolate is a fork of a process that has it."""
    source = FORBIDDEN.replace("xml.dom", "numpy.linalg")
    with anywhere.isolate(guard=["numpy.linalg"]) as opened:
        assert printed(opened.run(source, 10)) == ["ModuleNotFoundError"]
        assert printed(opened.run(FORBIDDEN.replace("xml.dom", "numpy.random"), 10)) == []
