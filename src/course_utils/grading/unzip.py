"""Archives as they are handed in: their notebooks on disk, under numbers, within limits."""

import os
import stat
import zipfile
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath

from course_utils.grading.notebook import LARGEST_FILE

MOST_MEMBERS = 200_000
MOST_BYTES = 4 << 30
DEEPEST = 4
CHUNK = 1 << 20


class BadZip(ValueError):
    """An archive that cannot be unpacked; the message says why."""


@dataclass
class Budget:
    """What all archives of one run may unpack together."""

    left: int = MOST_BYTES
    count: int = 0


def members(path, folder, budget, wanted):
    """(parts, path on disk or None, why not) for each member of an archive.

    parts: the names of the folders and the file; ``wanted(parts)`` says which are written out, as
    numbered files in ``folder``, so that no name in an archive ever becomes a path.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            listed = archive.infolist()
            if len(listed) > MOST_MEMBERS:
                raise BadZip(f"the archive has more than {MOST_MEMBERS} members")
            return [member(archive, info, folder, budget, wanted) for info in listed]
    except (zipfile.BadZipFile, OSError, NotImplementedError, UnicodeError, ValueError) as error:
        if isinstance(error, BadZip):
            raise
        raise BadZip("the zip archive is damaged; pack and hand it in again") from error


def member(archive, info, folder, budget, wanted):
    """One member; see `members`."""
    path = PurePosixPath(info.filename.replace("\\", "/"))
    parts = tuple(p for p in path.parts if p not in ("/", ".", ".."))
    if info.is_dir() or not parts:
        return parts, None, ""
    if not wanted(parts):
        return parts, None, "this is not a notebook; hand in the .ipynb file itself"
    if stat.S_ISLNK(info.external_attr >> 16):
        return parts, None, "this is a link, not a file"
    if info.flag_bits & 1:
        return parts, None, "the archive is encrypted; hand it in without a password"
    if min(info.file_size, LARGEST_FILE + 1) > budget.left:
        raise BadZip(f"the archives unpack to more than {MOST_BYTES >> 30} GB")
    budget.count += 1
    target = Path(folder, f"{budget.count}.part")
    try:
        with archive.open(info) as source, target.open("wb") as sink:
            copied = 0
            while copied <= LARGEST_FILE and (chunk := source.read(CHUNK)):
                sink.write(chunk)  # one byte too many is kept: the grader says "too large"
                copied += len(chunk)
                budget.left -= len(chunk)
                if budget.left < 0:
                    raise BadZip(f"the archives unpack to more than {MOST_BYTES >> 30} GB")
    except BadZip:
        raise
    except Exception:  # zlib.error, EOFError, RuntimeError: whatever a damaged member causes
        target.unlink(missing_ok=True)
        return parts, None, "the zip archive is damaged; pack and hand it in again"
    saved = when(info)
    os.utime(target, (saved, saved))
    return parts, target, ""


def when(info):
    """When a member was saved, by its own word; 0 where the archive says nothing or nonsense."""
    try:
        return max(0, datetime(*info.date_time).timestamp()) if info.date_time[0] > 1980 else 0
    except (ValueError, OverflowError, OSError):
        return 0
