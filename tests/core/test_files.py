"""A file of this package is written whole or not at all, everywhere by the same few lines."""

import ast
import os
import stat
from pathlib import Path

import pytest

import course_utils
from course_utils.files import append, write

ROOT = Path(course_utils.__file__).parent
# what renames by itself: this way itself, and a zip that is written piece by piece
# and a program that stands alone, to be copied
BY_THEMSELVES = ("files.py", "grading/exports/autograder.py", "recipes/resume.py")


def test_text_and_bytes_are_written_and_the_folder_is_made(tmp_path):
    path = write(tmp_path / "a" / "b.txt", "grün\n")
    assert path.read_bytes() == "grün\n".encode()
    assert write(path, b"\x00\xff") == path and path.read_bytes() == b"\x00\xff"
    assert [p.name for p in path.parent.iterdir()] == ["b.txt"]


@pytest.mark.parametrize("fails", ["write_bytes", "replace"])
def test_a_full_disk_leaves_the_former_file_and_nothing_else(tmp_path, monkeypatch, fails):
    path = write(tmp_path / "b.txt", "old")

    def full(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, fails, full)
    with pytest.raises(OSError, match="No space"):
        write(path, "new")
    monkeypatch.undo()
    assert path.read_text() == "old" and list(tmp_path.iterdir()) == [path]


def test_what_must_last_is_on_the_disk_before_it_has_its_name(tmp_path, monkeypatch):
    """Content, then the name, then the folder that holds the name."""
    done, replace, fsync = [], Path.replace, os.fsync

    def synced(place):
        done.append("folder" if stat.S_ISDIR(os.fstat(place).st_mode) else "content")
        fsync(place)

    def renamed(path, target):
        done.append("name")
        return replace(path, target)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(Path, "replace", renamed)
    write(tmp_path / "a", b"1")
    assert done == ["name"]
    assert write(tmp_path / "a", b"22", durable=True).read_bytes() == b"22"
    assert done[1:] == (
        ["content", "name", "folder"] if os.name == "posix" else ["content", "name"]
    )


def test_a_line_is_added_in_one_write(tmp_path, monkeypatch):
    written, plain = [], os.write
    monkeypatch.setattr(os, "write", lambda place, data: written.append(data) or plain(place, data))
    append(tmp_path / "log", "grün")
    append(tmp_path / "log", "b")
    assert written == ["grün\n".encode(), b"b\n"]
    assert (tmp_path / "log").read_text("utf-8") == "grün\nb\n"


def test_nobody_renames_a_temporary_file_by_hand():
    """``path.replace(target)`` with one argument is a rename; texts' replace takes two."""
    for file in ROOT.rglob("*.py"):
        if file.relative_to(ROOT).as_posix() in BY_THEMSELVES:
            continue
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                renames = node.func.attr == "replace" and len(node.args) == 1
                assert not (renames and not node.keywords), f"{file}:{node.lineno}: use files.write"
