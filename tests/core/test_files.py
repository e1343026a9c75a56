"""A file of this package is written whole or not at all, everywhere by the same few lines."""

import ast
from pathlib import Path

import pytest

import course_utils
from course_utils.files import write

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


def test_nobody_renames_a_temporary_file_by_hand():
    """``path.replace(target)`` with one argument is a rename; texts' replace takes two."""
    for file in ROOT.rglob("*.py"):
        if file.relative_to(ROOT).as_posix() in BY_THEMSELVES:
            continue
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                renames = node.func.attr == "replace" and len(node.args) == 1
                assert not (renames and not node.keywords), f"{file}:{node.lineno}: use files.write"
