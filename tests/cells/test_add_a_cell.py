"""The cell that CONTRIBUTING prints is the course's own, and obeys every law under a new name."""

import inspect
import re
import runpy
from importlib import import_module
from pathlib import Path

import pytest
from problems import make

import course_utils
from course_utils import figures, specs
from course_utils.compiled import targets
from course_utils.figures import cell_diagram, reading
from course_utils.symbols import explain

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r"```python\n# src/course_utils/(\S+)/(\w+)\.py\n(.*?)```", re.DOTALL)
ROOMS = ["specs", "numpy_nn/cells", "torch_nn/cells"]
NEW = "newcomer"
LAWS = [
    law
    for file in ("test_laws.py", "test_agreement.py")
    for name, law in runpy.run_path(str(Path(__file__).with_name(file))).items()
    if name.startswith("test_") and "problem" in inspect.signature(law).parameters
]


def printed():
    """{room: text} of the files on the page, and the key of their cell."""
    blocks = BLOCK.findall((ROOT / "CONTRIBUTING.md").read_text("utf-8"))
    blocks = [block for block in blocks if block[0] in ROOMS]
    assert [room for room, _, _ in blocks] == ROOMS
    (key,) = {name for _, name, _ in blocks}
    return {room: text for room, _, text in blocks}, key


def test_the_page_prints_the_files_of_the_course():
    texts, key = printed()
    for room, text in texts.items():
        assert (ROOT / "src" / "course_utils" / room / f"{key}.py").read_text("utf-8") == text


@pytest.fixture
def cell(tmp_path, monkeypatch):
    """The printed files, under a new name, beside those of the package; the new cell's key."""
    texts, key = printed()
    for room, text in texts.items():
        folder = tmp_path / room
        folder.mkdir(parents=True)
        (folder / f"{NEW}.py").write_text(re.sub(rf"\b{key}\b", NEW, text), "utf-8")
        package = import_module(f"{course_utils.__name__}.{room.replace('/', '.')}")
        monkeypatch.setattr(package, "__path__", [*package.__path__, str(folder)])
    spec = import_module(f"course_utils.specs.{NEW}").SPEC
    monkeypatch.setitem(specs.SPECS, NEW, spec)
    return NEW


def test_the_new_cell_is_explained_drawn_compared_and_printed_as_code(cell):
    spec = specs.SPECS[cell]
    assert {s.name for s in explain(spec)} >= {"h", "h_prev", "x", "W_xz", "b_n"}
    assert cell_diagram(cell).expressions() == reading.expressions(spec.equations)
    assert spec.title in figures.compare_cells(cell, "gru", keys=[cell, "gru"]).html()
    for target in targets.TARGETS:
        text = targets.source(cell, target)
        if targets.language(target) == "python":
            compile(text, target, "exec")
        assert "W_xz" in text or "weight_ih" in text, target


def test_the_new_cell_has_a_page_of_its_own(cell):
    cell_pages = pytest.importorskip("cell_pages", reason="the book's packages are not installed")
    assert f"# {specs.SPECS[cell].title}: " in cell_pages.page(str(ROOT), cell)


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
