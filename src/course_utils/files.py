"""A file is written whole or not at all: the one way in this package."""

import os
import platform
from pathlib import Path


def write(path, content, *, durable=False):
    """Write text (as UTF-8) or bytes under a temporary name, then rename; returns the path.

    The folder is made.  The temporary name, ``.<name>.<machine>.<process>``, does not stay when the
    disk is full, and says whose it was when the process was killed.  durable: on the disk before it
    is renamed, and the name as well before this returns (fsync), so that a machine which loses its
    power has the former file or this one.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name[:200]}.{platform.node()}.{os.getpid()}")
    data = content.encode("utf-8") if isinstance(content, str) else content
    try:
        temporary.write_bytes(data)
        if durable:
            _sync(temporary, os.O_RDWR)
        temporary.replace(path)
        if durable and os.name == "posix":  # elsewhere a folder cannot be opened
            _sync(path.parent, os.O_RDONLY)
        return path
    finally:
        temporary.unlink(missing_ok=True)


def append(path, line):
    """Add a line to a log in one write, so that lines of several processes do not mix.

    A process that is killed may leave the last line incomplete, and no other.
    """
    place = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
    try:
        os.write(place, f"{line}\n".encode())
    finally:
        os.close(place)


def _sync(path, mode):
    place = os.open(path, mode)
    try:
        os.fsync(place)
    finally:
        os.close(place)
