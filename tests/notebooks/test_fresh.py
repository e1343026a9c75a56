"""notebooks/ is what the builder would write today, and nothing in it was executed."""

import filecmp
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").rglob("*.ipynb"))


@pytest.mark.slow
def test_notebooks_are_fresh_and_building_them_repeats(tmp_path):
    """Built anew, byte for byte the committed ones, which another run built."""
    command = [sys.executable, "book/_ext/lower.py", str(tmp_path / "work"), str(tmp_path / "made")]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    made, names = tmp_path / "made", [p.relative_to(ROOT / "notebooks") for p in NOTEBOOKS]
    assert sorted(p.relative_to(made) for p in made.rglob("*.ipynb")) == names
    _, stale, missing = filecmp.cmpfiles(ROOT / "notebooks", made, map(str, names), False)
    assert not stale + missing, "run: make notebooks"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_a_notebook_is_for_readers(path):
    """No outputs, no directives or roles left over, a first cell that installs only the course."""
    cells = json.loads(path.read_text("utf-8"))["cells"]
    assert not any(cell.get("outputs") for cell in cells)
    text = "\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "markdown")
    for left in ("```{", "{doc}", "{cite", "{eq}", "{claims}", "{value}", ":::"):
        assert left not in text, left
    first = next("".join(c["source"]) for c in cells if c["cell_type"] == "code")
    assert "course_utils" in first and "pip" in first
    for package in ("numpy", "torch", "matplotlib", "ipywidgets"):
        assert f"install {package}" not in first


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_a_notebook_installs_the_data_that_its_page_names(path):
    """Line ``data:`` of the front matter: packages that are read as files, without their own."""
    page = ROOT / "book" / path.relative_to(ROOT / "notebooks").with_suffix(".md")
    head = page.read_text("utf-8").split("\n---\n")[0]
    named = re.findall(r"^data: (.+)$", head, re.MULTILINE)
    cells = json.loads(path.read_text("utf-8"))["cells"]
    first = next("".join(c["source"]) for c in cells if c["cell_type"] == "code")
    (line,) = re.findall(r"%pip install .+", first)
    assert "--no-deps" in line
    assert line.split('"')[2].split() == (named[0].split() if named else [])
