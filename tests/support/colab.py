"""Colab on this machine: its versions, a fresh session for each notebook, packages from a folder.

A session is an empty virtual environment over ``.venv-colab``: what a notebook installs lands in it
and is gone with it, and what the environment below holds cannot be written, only hidden, which the
listed versions show.  ``python tests/support/colab.py`` downloads what the notebooks install.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).parents[2]
BASE = ROOT / ".venv-colab"
WHEELS = BASE / "wheels"
STAMP = BASE / ".notebooks"  # the Makefile sets it when all is there
CHAPTERS = sorted((ROOT / "notebooks").rglob("*.ipynb"))
EXERCISES = sorted((ROOT / "exercises").rglob("*.ipynb"))
INSTALLS = re.compile(r'%pip install .*"(git\+[^"]+)"(.*)')
VERSIONS = """
from importlib.metadata import distributions
print({d.metadata["Name"].lower(): d.version for d in reversed(list(distributions()))})
"""  # reversed: what comes first on the path is what is imported
SPENT = "import os; print(sum(os.times()[:4]))"  # seconds of the processor, with its children's


def sources(path):
    """The code of a notebook, cell by cell."""
    cells = json.loads(path.read_text("utf-8"))["cells"]
    return ["".join(c["source"]) for c in cells if c["cell_type"] == "code"]


def installed(path):
    """(address of the course, other packages) out of the line that installs."""
    lines = [found for source in sources(path) for found in INSTALLS.findall(source)]
    ((course, others),) = lines
    return course, others.split()


def fetch():
    """Download what the notebooks install besides the course; nothing that these would need."""
    wanted = sorted({name for path in (*CHAPTERS, *EXERCISES) for name in installed(path)[1]})
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "wheel", "--quiet"]
    subprocess.run([*pip, "--no-deps", "--wheel-dir", WHEELS, *wanted], check=True)


def course(folder):
    """The course as a wheel, built of a copy: building leaves files in the sources."""
    copy = folder / "course"
    left = shutil.ignore_patterns("*.egg-info", "__pycache__")
    shutil.copytree(ROOT / "src", copy / "src", ignore=left)
    for name in ("pyproject.toml", "README.md", "LICENSE", "LICENSE-text"):
        shutil.copy(ROOT / name, copy)
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "wheel", "--quiet"]
    pip += ["--no-deps", "--no-build-isolation", "--wheel-dir", folder, copy]
    subprocess.run(pip, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    return wheel


def session(folder):
    """A fresh session: {variable: value} under which Jupyter knows its kernel as "colab"."""
    venv.create(folder / "session", symlinks=True)
    (packages,) = (folder / "session").glob("lib/python*/site-packages")
    (below,) = BASE.glob("lib/python*/site-packages")
    (packages / "google" / "colab").mkdir(parents=True)
    (packages / "google" / "colab" / "__init__.py").write_text("")
    (packages / "colab.pth").write_text(f"{below}\nimport google.colab\n", "utf-8")
    python = str(folder / "session" / "bin" / "python")
    environment = {
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "OMP_NUM_THREADS": "1",  # what several threads spend would count several times
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": str(WHEELS),
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PYTHONPATH": "",
    }
    kernel = folder / "jupyter" / "kernels" / "colab"
    kernel.mkdir(parents=True)
    argv = [python, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    spec = {"argv": argv, "display_name": "Colab", "language": "python", "env": environment}
    (kernel / "kernel.json").write_text(json.dumps(spec), "utf-8")
    return {"JUPYTER_PATH": f"{kernel.parents[1]}{os.pathsep}{os.environ.get('JUPYTER_PATH', '')}"}


if __name__ == "__main__":
    fetch()
