"""Imports run one way (the table below), and importing the package costs nothing."""

import ast
import subprocess
import sys
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import course_utils

ROOT = Path(course_utils.__file__).parent
# room -> rooms of this package that it imports: all that is allowed, and all of it is used
IMPORTS = {
    "__init__": set(),
    "__main__": {"cli", "errors"},
    "errors": set(),
    "files": set(),
    "finite": set(),
    "shapes": set(),
    "timing": set(),
    "counting": set(),
    "kernels": set(),
    "equations": set(),
    "spec": {"equations", "shapes"},
    "specs": {"spec"},
    "symbols": {"equations"},
    "family": {"equations"},
    "conventions": {"shapes", "specs"},
    "compiled": {"files", "equations", "shapes", "specs"},
    "numpy_nn": {"compiled", "shapes", "specs"},
    "torch_nn": {"compiled", "shapes", "specs"},
    "tasks": {"shapes"},
    "figures": {"compiled", "equations", "files", "numpy_nn", "specs"},
    "training": {"numpy_nn", "shapes"},
    "ledger": {"errors", "files"},
    "lab": {
        "compiled", "equations", "errors", "files", "ledger", "numpy_nn", "shapes", "specs",
        "tasks", "timing", "torch_nn", "training",
    },
    "experiments": {
        "audit", "compiled", "counting", "lab", "numpy_nn", "recipes", "specs", "tasks", "timing",
        "torch_nn", "training",
    },
    "recipes": {"tasks"},
    "audit": {"errors", "numpy_nn", "specs"},
    "grading": {"equations", "errors", "files", "spec", "specs"},
    "distributed": {"errors", "files", "lab", "specs", "tasks", "training"},
    "cli": {"audit", "compiled", "distributed", "errors", "grading", "lab", "specs"},
}  # fmt: skip
HEAVY = ("torch", "matplotlib", "pytest", "nbval", "IPython", "yaml", "babel", "numba", "scipy")


def modules():
    return sorted(ROOT.rglob("*.py"))


def room_of(path):
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


@cache  # several tests ask for every file
def imported(path):
    """Full names of what a file imports of this package, inside functions too."""
    found = []
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        names = []
        if isinstance(node, ast.Import):
            names = [a.name for a in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import; write the full name"
            names = [f"{node.module}.{a.name}" for a in node.names]
        found += [name for name in names if name.startswith("course_utils.")]
    return found


def rooms_used():
    """{room: rooms that its files import}, without itself."""
    used = {room_of(path): set() for path in modules()}
    for path in modules():
        rooms = {name.split(".")[1] for name in imported(path)} - {"__version__"}
        used[room_of(path)] |= rooms - {room_of(path)}
    return used


def test_rooms_import_what_the_table_says_and_nothing_else():
    used = rooms_used()
    assert used.keys() == IMPORTS.keys(), "a new room; give it a line in the table"
    wrong = {room: (sorted(used[room] - allowed), sorted(allowed - used[room]))
             for room, allowed in IMPORTS.items() if used[room] != allowed}  # fmt: skip
    assert not wrong, f"room: (imports more than its line, a line that is not used): {wrong}"


def module_graph():
    """{module: modules of this package that it imports}."""
    names = {}
    for path in modules():
        parts = path.relative_to(ROOT.parent).with_suffix("").parts
        names[".".join(parts).removesuffix(".__init__")] = path
    graph = {}
    for name, path in names.items():
        wanted = {w if w in names else w.rpartition(".")[0] for w in imported(path)}
        graph[name] = {w for w in wanted if w in names and w not in (name, "course_utils")}
    return graph


def test_no_module_imports_itself_by_way_of_others():
    """A file may import its package (``from numpy_nn import ops``): that is no circle."""
    graph = module_graph()
    edges = {name: {w for w in wanted if not name.startswith(f"{w}.")}
             for name, wanted in graph.items()}  # fmt: skip
    TopologicalSorter(edges).prepare()  # CycleError names the modules


def test_an_experiment_imports_no_other():
    for name, wanted in module_graph().items():
        if name.startswith("course_utils.experiments."):
            others = [w for w in wanted if w.startswith("course_utils.experiments.")]
            assert not others, f"{name} imports {others}; what is shared belongs to lab"


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


@pytest.mark.parametrize("room", ["specs", "compiled", "numpy_nn", "tasks", "figures", "ledger"])
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
