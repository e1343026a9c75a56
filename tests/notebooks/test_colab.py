"""What a notebook may rely on and must leave alone on Colab: its first cell, packages, time, GPU."""

import ast
import importlib.util
import json
import re
import sys
import tomllib
import types
from pathlib import Path

import browsing
import pytest
import torch
from IPython.core.inputtransformer2 import TransformerManager
from packaging.requirements import Requirement

from course_utils.grading.exercise import OURS
from course_utils.grading.handout_cells import INSTALL
from nb_builder import BOOTSTRAP, MINUTES

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").rglob("*.ipynb"))
FIRST = {  # cells that install, as they are written (another test: what is committed is that)
    "chapter": BOOTSTRAP.format(
        url="https://example.org/course", branch="main", data=" arch==8.0.0"
    ),
    "exercise": INSTALL.format(ours=OURS, package="git+https://example.org/course@main"),
}
# Colab's own, where another version is pinned for the tests or the kernel's, not the notebooks'.
MORE = {
    "jupyter-client": "7.4.9", "pytest": "8.4.2", "torch": "2.11.0", "traitlets": "5.7.1",
    "triton": "3.6.0",  # PyTorch's build for CUDA brings it
}  # fmt: skip
MODULES = {"sklearn": "scikit-learn", "yaml": "pyyaml", "IPython": "ipython"}
OURS_ONLY = {  # looked for and done without, or not for notebooks
    "sphinx-mathjax-offline",  # the book's font
    "apart", "cellrun", "jail", "seccomp", "unseen", "usage",  # files of the grader, run where the package is not
}  # fmt: skip
NOT_FOR_NOTEBOOKS = {"audit", "experiments", "recipes"}  # what is compared, recorded, printed
# What Colab lacks, and by what module of the course a notebook says that it needs it.
BEYOND = {
    "verovio": "figures.score",
    "arch": "tasks.series", "sktime": "tasks.recordings", "modlamp": "tasks.peptides",
    "nbval": "exercise",
}  # fmt: skip
FACTOR = 2  # a free session against the machine that built the book


def colab():
    """{name: version} of what is there before a notebook begins."""
    pins = {}
    for name in ("requirements-colab.txt", "requirements-colab-notebooks.txt"):
        lines = (ROOT / name).read_text("utf-8").splitlines()
        pins |= dict(re.fullmatch(r"([\w-]+)==(\S+)", x).groups() for x in lines if "==" in x)
    return {name.lower(): version for name, version in pins.items()} | MORE


def cells_of(path):
    return ["".join(c["source"]) for c in json.loads(path.read_text("utf-8"))["cells"]
            if c["cell_type"] == "code"]  # fmt: skip


def installed(line):
    """What an install line names besides the course, without versions."""
    return {re.split("[=<>~!]", word)[0] for word in line.split('"')[2].split()}


# -- the first cell --------------------------------------------------------------------------------


@pytest.mark.parametrize("source", FIRST.values(), ids=FIRST)
def test_the_first_cell_is_short_and_installs_once_and_on_colab_only(source, monkeypatch):
    assert len(source.strip().splitlines()) <= 5
    asked, there = [], set()

    def magic(name, line):
        asked.append(f"{name} {line}")
        there.add("course_utils")

    shell = types.SimpleNamespace(run_line_magic=magic)
    code = TransformerManager().transform_cell(source)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: name if name in there else None)
    run = lambda: exec(code, {"get_ipython": lambda: shell})  # noqa: E731
    run()
    assert asked == []  # elsewhere
    monkeypatch.setitem(sys.modules, "google.colab", types.ModuleType("google.colab"))
    run()
    (once,) = asked
    assert once.startswith("pip install") and "--no-deps" in once and "course" in once
    run()
    assert asked == [once]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_nothing_that_colab_has_is_installed(path):
    """pip does without dependencies here, so that only what is named can change."""
    (line,) = re.findall(r"%pip install .+", cells_of(path)[0])
    assert "--no-deps" in line and "--upgrade" not in line and " -U" not in line
    assert not {name.lower() for name in installed(line)} & set(colab())


def test_an_exercise_installs_what_course_check_needs_and_colab_lacks():
    (line,) = re.findall(r"%pip install .+", FIRST["exercise"])
    assert installed(line) == {"nbval", "coverage"}  # nbval imports coverage
    assert not installed(line) & set(colab())


# -- packages --------------------------------------------------------------------------------------


def test_the_package_takes_what_colab_has():
    """Each range of pyproject.toml holds Colab's version, or Colab lacks the package."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = project["optional-dependencies"]
    wanted = [Requirement(r) for group in (project["dependencies"], *(
        extras[e] for e in ("torch", "fast", "grade", "digits", "dates", "music", "series")))
        for r in group]  # fmt: skip
    have, lacking = colab(), set()
    for need in wanted:
        if need.name.lower() not in have:
            lacking.add(need.name)
        else:
            assert need.specifier.contains(have[need.name.lower()]), str(need)
    assert lacking == set(BEYOND)


def third_party(path):
    """Top-level names of what a file imports or looks for, besides Python's own and the course."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names = [node.module]
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("find_spec"):
            names = [a.value for a in node.args if isinstance(a, ast.Constant)]
        elif isinstance(node, ast.Call) and ast.unparse(node.func) == "Packaged":
            names = [node.args[0].value]
        yield from (n.split(".")[0] for n in names)


def test_whatever_a_notebook_can_reach_is_colabs_or_known_to_be_missing():
    source = ROOT / "src" / "course_utils"
    found = {
        MODULES.get(name, name)
        for path in source.rglob("*.py")
        if path.relative_to(source).parts[0] not in NOT_FOR_NOTEBOOKS
        for name in third_party(path)
    }
    found = {name.replace("_", "-").lower() for name in found - set(sys.stdlib_module_names)}
    assert found - set(colab()) - OURS_ONLY - {"course-utils"} == set(BEYOND)


EXPERIMENT = re.compile(r"^from course_utils\.(experiments[\w.]*) import (.+)$", re.MULTILINE)


def experiments(text):
    """The source of what a page takes from the experiments: modules, or names of a module."""
    for place, names in EXPERIMENT.findall(text):
        folder = ROOT / "src" / "course_utils" / place.replace(".", "/")
        modules = [folder / name.strip() for name in names.split(",")] if folder.is_dir() else [folder]
        yield from (module.with_suffix(".py").read_text("utf-8") for module in modules)


def test_a_page_names_what_its_notebook_needs_and_colab_lacks():
    """In its line ``data:``, which its first cell installs; an experiment's needs are its page's."""
    for path in NOTEBOOKS:
        page = ROOT / "book" / path.relative_to(ROOT / "notebooks").with_suffix(".md")
        text = page.read_text("utf-8")
        (named,) = re.findall(r"^data: (.+)$", text.split("\n---\n")[0], re.MULTILINE) or [""]
        named = {re.split("==", word)[0] for word in named.split()}
        text = "\n".join([text, *experiments(text)])
        for package, module in BEYOND.items():
            room, _, name = module.partition(".")
            uses = rf"course_utils\.{room}\.{name} import|course_utils\.{room} import .*\b{name}\b"
            assert not re.search(uses, text) or package in named, f"{page.name}: {package}"


# -- time and device -------------------------------------------------------------------------------


@pytest.mark.site
def test_a_notebook_keeps_the_time_that_it_states():
    """By what the build recorded of its cells, the quickest where there are several."""
    from jupyter_cache import get_cache

    browsing.site()
    seconds, kept = {}, ROOT / "_build" / ".jupyter_cache"
    for folder in (f for f in kept.glob("*") if (f / "global.db").exists()):
        for record in get_cache(folder).list_cache_records():
            name = "/".join(Path(record.uri).with_suffix("").parts[-2:])
            took = record.data.get("execution_seconds", float("inf"))
            seconds[name] = min(took, seconds.get(name, float("inf")))
    names = [p.relative_to(ROOT / "notebooks").with_suffix("").as_posix() for p in NOTEBOOKS]
    assert not set(names) - set(seconds), "never executed"
    assert not {n: seconds[n] for n in names if FACTOR * seconds[n] >= 60 * MINUTES}
    assert f"less than {['', 'one', 'two', 'three'][MINUTES]} minutes" in colab_page()


def colab_page():
    return " ".join((ROOT / "book/reference/colab.md").read_text("utf-8").split())


def test_the_page_on_colab_names_the_notebooks_that_take_a_gpu():
    using = [p for p in NOTEBOOKS if any('"cuda"' in cell for cell in cells_of(p))]
    assert using
    for path in using:
        assert f"{{doc}}`../{path.parent.name}/{path.stem}`" in colab_page()
        text = "\n".join(cells_of(path))
        chosen = 'device = "cuda" if torch.cuda.is_available() else "cpu"'
        assert text.count('"cuda"') == text.count(chosen) == 1


def test_a_network_that_writes_is_trained_where_the_gpu_is(monkeypatch):
    """PyTorch's device "meta" stands for the GPU: it too refuses to mix with the processor."""
    cells = cells_of(ROOT / "notebooks/lstm/language.ipynb")
    model = next(c for c in cells if "class CharModel" in c)
    trains = next(c for c in cells if "device = " in c)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    names = {"torch": torch, "np": __import__("numpy"), "V": 7}
    exec(model.partition("\ntorch.manual_seed")[0], names)
    names["model"] = names["CharModel"](7)
    exec(trains.replace('"cuda"', '"meta"').partition("adam = ")[0], names)
    assert {p.device.type for p in names["model"].parameters()} == {"meta"}
    names["memory"]["state"] = None
    ids = names["np"].zeros((4, 2), int)
    for _ in range(2):  # the second time with the state that the first handed on
        loss = names["loss_of"](names["model"], (ids, ids))
        loss.backward()
    assert loss.device.type == "meta"
    names["device"] = "cpu"  # a batch that stayed behind
    with pytest.raises(RuntimeError):
        names["loss_of"](names["model"], (ids, ids))
