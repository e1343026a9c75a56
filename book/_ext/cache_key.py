"""Where executed chapters are kept: a folder named after everything that decides their output.

jupyter-cache compares a chapter's own cells only.  A change of the package, of the ledger or of a
library must start afresh too, so all of them are in the folder's name.
"""

import hashlib
import platform
import shutil
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

LIBRARIES = ("torch", "numpy", "matplotlib", "ipykernel")
NOT_READ = ("grading", "cli")  # no chapter shows their output
KEPT = 3


def cache_folder(root):
    """The folder of the present state, under ``_build/.jupyter_cache``, which is not created."""
    return Path(root, "_build", ".jupyter_cache", digest(root)).absolute()


def digest(root):
    """Twelve hexadecimal digits over the package's files and the versions in use."""
    sha256 = hashlib.sha256(platform.python_version().encode())
    for library in LIBRARIES:
        sha256.update(f"{library} {_version(library)}\n".encode())
    package = Path(root, "src", "course_utils")
    for path in sorted(package.rglob("*")):
        inside = path.relative_to(package)
        if path.is_file() and inside.parts[0] not in NOT_READ and "__pycache__" not in path.parts:
            sha256.update(inside.as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return sha256.hexdigest()[:12]


def _version(library):
    try:
        return version(library)
    except PackageNotFoundError:
        return "none"


def forget_old(root):
    """Delete all but the newest caches, so that an author's disk does not fill up."""
    caches = sorted(cache_folder(root).parent.glob("*/"), key=lambda p: p.stat().st_mtime)
    for old in caches[:-KEPT]:
        shutil.rmtree(old)
