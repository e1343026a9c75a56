"""Imports run one way (the table below), and importing the package costs nothing."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import course_utils

ROOT = Path(course_utils.__file__).parent
PARTS = {"shapes", "equations"}
FACTS = PARTS | {"spec", "specs", "conventions"}

# room -> rooms of this package that it may import
MAY_IMPORT = {
    "__init__": set(),
    "__main__": {"cli"},
    "errors": set(),
    "shapes": set(),
    "timing": set(),
    "counting": set(),
    "equations": set(),
    "spec": PARTS,
    "specs": PARTS | {"spec"},
    "conventions": FACTS,
    "numpy_nn": FACTS,
    "torch_nn": FACTS,
    "tasks": {"shapes"},
    "figures": FACTS,
    "training": PARTS | {"tasks", "numpy_nn", "torch_nn", "spec", "specs"},
    "ledger": PARTS | {"errors"},
    "experiments": FACTS
    | {"numpy_nn", "torch_nn", "tasks", "training", "ledger", "timing", "counting", "errors"},
    "grading": FACTS
    | {"numpy_nn", "torch_nn", "tasks", "training", "ledger", "figures", "errors"},
    "cli": None,  # on top: may import every room
}
# the CPU fast path of torch wraps NumPy's kernels: the single exception
EXCEPTIONS = {("torch_nn/fast", "numpy_nn")}
HEAVY = ("torch", "matplotlib", "pytest", "nbval", "IPython", "yaml")


def modules():
    return sorted(ROOT.rglob("*.py"))


def room_of(path):
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


def imported_rooms(path):
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        names = []
        if isinstance(node, ast.Import):
            names = [a.name for a in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import; write the full name"
            names = [node.module]
            if node.module == "course_utils":
                names = [f"course_utils.{a.name}" for a in node.names]
        for name in names:
            if name.startswith("course_utils."):
                yield name.split(".")[1]


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_run_one_way(path):
    room = room_of(path)
    assert room in MAY_IMPORT, f"{room}: a new room; give it a line in this table"
    allowed = MAY_IMPORT[room]
    if allowed is None:
        return
    inside = path.relative_to(ROOT).parent.as_posix()
    extra = {what for where, what in EXCEPTIONS if inside.startswith(where)}
    wrong = set(imported_rooms(path)) - allowed - {room} - extra
    wrong -= {"__version__"}
    assert not wrong, f"{path.relative_to(ROOT)} may not import {', '.join(sorted(wrong))}"


def python(code, *, blocked=()):
    block = "".join(f"sys.modules[{name!r}] = None;" for name in blocked)
    done = subprocess.run(
        [sys.executable, "-c", f"import sys;{block}{code}"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_importing_the_package_loads_nothing_heavy():
    heavy = python(
        f"import course_utils; print([m for m in {HEAVY!r} + ('numpy',) if m in sys.modules])"
    )
    assert heavy.strip() == "[]"


@pytest.mark.parametrize("room", ["specs", "numpy_nn", "tasks", "figures", "ledger"])
def test_a_room_below_torch_works_without_it(room):
    python(f"import course_utils.{room}", blocked=("torch",))


def test_torch_layers_load_no_numpy_cells():
    out = python(
        "import course_utils.torch_nn;"
        "print([m for m in sys.modules if m.startswith('course_utils.numpy_nn')])"
    )
    assert out.strip() == "[]"


def test_no_wildcard_imports():
    for path in modules():
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom):
                assert all(a.name != "*" for a in node.names), path
