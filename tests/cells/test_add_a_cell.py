"""The cell that CONTRIBUTING adds obeys every law, by the very files that are printed there."""

import inspect
import re
import runpy
from importlib import import_module
from pathlib import Path

import pytest
from problems import make

import course_utils
from course_utils import specs

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r"```python\n# src/course_utils/(\S+)/(\w+)\.py\n(.*?)```", re.DOTALL)
ROOMS = ["specs", "numpy_nn/cells", "torch_nn/cells"]
LAWS = [
    law
    for file in ("test_laws.py", "test_agreement.py")
    for name, law in runpy.run_path(str(Path(__file__).with_name(file))).items()
    if name.startswith("test_") and "problem" in inspect.signature(law).parameters
]


@pytest.fixture
def cell(tmp_path, monkeypatch):
    """The printed files beside those of the package; the key of their cell."""
    blocks = BLOCK.findall((ROOT / "CONTRIBUTING.md").read_text("utf-8"))
    blocks = [block for block in blocks if block[0] in ROOMS]
    assert [room for room, _, _ in blocks] == ROOMS
    (key,) = {name for _, name, _ in blocks}
    for room, name, text in blocks:
        folder = tmp_path / room
        folder.mkdir(parents=True)
        (folder / f"{name}.py").write_text(text, "utf-8")
        package = import_module(f"{course_utils.__name__}.{room.replace('/', '.')}")
        monkeypatch.setattr(package, "__path__", [*package.__path__, str(folder)])
    spec = import_module(f"course_utils.specs.{key}").SPEC
    monkeypatch.setitem(specs.SPECS, key, spec)
    return key


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.__name__)
def test_the_printed_cell_obeys(law, cell):
    more = {"backend": "auto"} if "backend" in inspect.signature(law).parameters else {}
    law(problem=make(cell), **more)


@pytest.mark.parametrize("shared", [True, False])
def test_many_nets_of_the_printed_cell_equal_as_many_runs(shared, cell):
    pytest.importorskip("numba", reason="many nets side by side are compiled")
    laws = runpy.run_path(str(Path(__file__).parents[1] / "core" / "test_many.py"))
    laws["test_many_nets_equal_as_many_runs"](cell, shared)


def test_there_are_laws_to_obey():
    assert len(LAWS) >= 10
