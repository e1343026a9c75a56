"""Files that are whole or not there, under names that no submission can choose."""

import contextlib
import hashlib
import os
import platform
import re
import shutil
import stat
import tempfile
import unicodedata
from collections import Counter
from pathlib import Path
from urllib.parse import quote

from course_utils.files import write

__all__ = ["write"]  # beside what stands here: whole files, as everywhere in this package
SCRATCH = "course-grading"


def read(path, most):
    """The bytes of a regular file, read once; no link is followed and no fifo waited for.

    OSError says what is wrong, FileTooLarge that there are more than ``most`` bytes.
    """
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0)
    with os.fdopen(os.open(path, flags | getattr(os, "O_BINARY", 0)), "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError("this is not a file")
        data = file.read(most + 1)
    if len(data) > most:
        raise FileTooLarge(f"the file is larger than {most >> 20} MB")
    return data


class FileTooLarge(OSError):
    """More bytes than are read."""


def scratch(kind):
    """A new temporary folder that `sweep` finds when its process was killed."""
    return Path(tempfile.mkdtemp(prefix=f"{SCRATCH}-{kind}-{os.getpid()}-"))


def sweep(out):
    """Remove what killed processes left: temporary folders, half-written files below ``out``."""
    if os.name != "posix":  # elsewhere to ask for a process may end it
        return
    for folder in Path(tempfile.gettempdir()).glob(f"{SCRATCH}-*-*-*"):
        with contextlib.suppress(OSError, ValueError):
            if gone(int(folder.name.split("-")[3])) and folder.lstat().st_uid == os.getuid():
                shutil.rmtree(folder, ignore_errors=True)
    half = re.compile(rf"\..+\.{re.escape(platform.node())}\.(\d+)", re.DOTALL)
    for path in [*out.glob(".*"), *out.glob("*/.*")]:
        match = half.fullmatch(path.name)
        if match and gone(int(match.group(1))):
            path.unlink(missing_ok=True)


def gone(pid):
    """Is there no process of this number?"""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return False


def set_aside(path):
    """Rename a file that cannot be used, so that nothing is lost; its new path."""
    target = path.with_name(f"{path.name}.broken")
    number = 1
    while target.exists():
        number += 1
        target = path.with_name(f"{path.name}.broken-{number}")
    return path.rename(target)


def file_names(names):
    """{submission's name: the stem of its files}: safe to use as a path, and all distinct.

    Distinct even where the file system folds case or Unicode forms: names that differ in nothing
    else carry a hash of their bytes.
    """
    plain = {name: file_name(name) for name in names}
    folded = Counter(fold(name) for name in plain)
    return {n: hashed(n) if folded[fold(n)] > 1 else stem for n, stem in plain.items()}


def fold(name):
    """A name as the most forgetful file system knows it."""
    return unicodedata.normalize("NFKC", shown(name)).casefold()


def file_name(name):
    """One name as the stem of a file: no path, no odd character, not hidden, not too long."""
    safe = quote(raw(name), safe=" ()+,").replace("~", "%7E")
    if safe.startswith((".", " ")):
        safe = f"%{ord(safe[0]):02X}{safe[1:]}"
    return safe if 0 < len(safe) <= 120 else hashed(name)


def hashed(name):
    """The beginning of a name and a hash of it; no other name's stem holds a tilde."""
    digest = hashlib.sha256(raw(name)).hexdigest()[:16]
    return f"{quote(raw(name), safe='').replace('~', '%7E').lstrip('.')[:90]}~{digest}"


def raw(name):
    """A name's bytes as the file system has them; of one that it cannot have, any bytes."""
    try:
        return os.fsencode(name)
    except UnicodeEncodeError:
        return name.encode("utf-8", "surrogatepass")


def shown(name):
    r"""A name as text that every file can hold: bytes that are not UTF-8 as \xe9."""
    return raw(name).decode("utf-8", "backslashreplace")
