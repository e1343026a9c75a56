"""Checkpoints: one file for each, whole or refused, the last few kept.

A file is a line with a check value, and what ``torch.save`` writes.  It is on the disk before it
has its name, so that a run that is killed at any moment has all it saved before.
"""

import hashlib
import io
import pickle
from pathlib import Path

import torch

from course_utils import files
from course_utils.errors import UserError

MAGIC = b"course_utils checkpoint 1 sha256 "
PATTERN = "update-*.checkpoint"


class CheckpointError(UserError):
    """A checkpoint that cannot be used; the message says why and what to do."""


def save(folder, update, content, keep=3):
    """Write what is to be kept after so many updates, and remove all but the last ``keep`` files.

    content: tensors, numbers, strings, lists and dicts.  Returns the path.
    """
    written = io.BytesIO()
    torch.save(content, written)
    data = written.getvalue()
    head = MAGIC + hashlib.sha256(data).hexdigest().encode() + b"\n"
    path = files.write(Path(folder) / f"update-{update:08d}.checkpoint", head + data, durable=True)
    for old in saved(folder)[:-keep]:
        old.unlink(missing_ok=True)
    return path


def saved(folder):
    """The checkpoints in a folder, oldest first."""
    return sorted(Path(folder).glob(PATTERN))


def read(path):
    """What stands in a checkpoint, checked, on the CPU; CheckpointError where it is not whole."""
    head, _, data = Path(path).read_bytes().partition(b"\n")
    if not head.startswith(MAGIC):
        raise CheckpointError(f"{path} is no checkpoint of this program; move it elsewhere")
    if head.removeprefix(MAGIC).decode("ascii", "replace") != hashlib.sha256(data).hexdigest():
        raise CheckpointError(
            f"{path} is damaged: it is not what was written; delete it to go on from the one "
            "before, or begin again with --fresh"
        )
    try:
        return torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
    except (RuntimeError, pickle.UnpicklingError, EOFError, ValueError) as error:
        raise CheckpointError(
            f"{path} cannot be read by torch {torch.__version__}: {str(error).splitlines()[0]}"
        ) from None
