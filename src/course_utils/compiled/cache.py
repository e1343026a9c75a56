"""Generated source as a module: compiled code is kept on disk, under the hash of all it depends on.

The folder is ``COURSE_CACHE`` if that can be written to, else the user's own cache folder; without
either, code is compiled in memory.  A source file is written beside its place and renamed into it,
and Numba does the same with machine code, so that processes may compile at once.
"""

import contextlib
import hashlib
import importlib.util
import os
import platform
import sys
import tempfile
from functools import cache
from pathlib import Path
from types import ModuleType

from course_utils.files import write

REMEDY = (
    "compiled code needs Numba and SciPy: pip install 'course-utils[fast]' "
    "(or: pip install numba scipy); numpy_nn.unroll runs without them"
)


def versions():
    """What machine code depends on besides its source; ImportError with the remedy."""
    try:
        import llvmlite.binding
        import numba
        import numpy
        import scipy
    except ImportError as error:
        raise ImportError(f"{REMEDY} ({error})") from None
    return (
        f"numba {numba.__version__}, llvmlite {llvmlite.__version__}, numpy {numpy.__version__}, "
        f"scipy {scipy.__version__}, python {platform.python_version()}, "
        f"{platform.system()} {platform.machine()} {llvmlite.binding.get_host_cpu_name()}"
    )


def folders():
    """Where compiled code may be kept, best first."""
    given = os.environ.get("COURSE_CACHE")
    paths = [Path(given)] if given else []
    with contextlib.suppress(RuntimeError):  # a user without a home
        if sys.platform == "win32":
            base = os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local")
        elif sys.platform == "darwin":
            base = Path.home() / "Library" / "Caches"
        else:
            base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
        paths.append(Path(base) / "course_utils")
    return paths


def writable(folder):
    """Whether files can be made in a folder, which is made if it is not there."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


def module(write, label, given=None):
    """The module of a source: ``write(cache)`` -> text, with or without Numba's cache on disk.

    label: a short name that file and traceback show; given: a module whose names it starts with.
    """
    text = write(True)
    below = getattr(given, "__name__", "")
    digest = hashlib.sha256(f"{versions()}\n{below}\n{text}".encode()).hexdigest()[:20]
    for folder in folders():
        if writable(folder):
            with contextlib.suppress(OSError):  # a full disk
                return _imported(_written(folder / f"{label}_{digest}.py", text), given)
    return in_memory(write(False), label, given)


def in_memory(text, label, given=None):
    """The module of a source that lies in no file; its name stands for the text, as a file's."""
    below = getattr(given, "__name__", "")
    digest = hashlib.sha256(f"{below}\n{text}".encode()).hexdigest()[:20]
    made = ModuleType(f"compiled_{label}_{digest}")
    _start_with(made, given)
    exec(compile(text, f"<compiled {label}>", "exec"), made.__dict__)
    return made


def _written(path, text):
    if not path.exists() or path.read_bytes() != text.encode():
        write(path, text)
    return path


def _start_with(made, given):
    names = vars(given) if given else {}
    vars(made).update({n: v for n, v in names.items() if not n.startswith("__")})


@cache
def _imported(path, given=None):
    spec = importlib.util.spec_from_file_location(f"course_compiled_{path.stem}", path)
    made = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = made  # Numba's cache looks the module up by name
    _start_with(made, given)
    spec.loader.exec_module(made)
    return made


def in_file(text, label, made_for):
    """The module of a source that its reader wants in a file, as Triton does.

    made_for: what the file's name depends on besides the text, the reader's version.
    """
    digest = hashlib.sha256(f"{made_for}\n{text}".encode()).hexdigest()[:20]
    for folder in folders():
        if writable(folder):
            with contextlib.suppress(OSError):  # a full disk
                return _imported(_written(folder / f"{label}_{digest}.py", text))
    return _imported(_written(Path(_passing().name) / f"{label}_{digest}.py", text))


@cache
def _passing():
    """A folder for this process alone."""
    return tempfile.TemporaryDirectory(prefix="course_utils")
