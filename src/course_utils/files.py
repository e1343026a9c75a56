"""A file is written whole or not at all: the one way in this package."""

import os
import platform
from pathlib import Path


def write(path, content):
    """Write text (as UTF-8) or bytes under a temporary name, then rename; returns the path.

    The folder is made.  The temporary name, ``.<name>.<machine>.<process>``, does not stay when the
    disk is full, and says whose it was when the process was killed.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name[:200]}.{platform.node()}.{os.getpid()}")
    data = content.encode("utf-8") if isinstance(content, str) else content
    try:
        temporary.write_bytes(data)
        return temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
