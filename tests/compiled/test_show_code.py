"""`course show-code` prints every cell for every target, and a mistake is one line."""

import ast
import contextlib
import os
import re
import subprocess
import sys
import threading

import pytest
from matrix_cells import MATRIX

from course_utils import cli
from course_utils.compiled.targets import TARGETS, language, source
from course_utils.specs import SPECS, get_spec


def course(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "course_utils", *arguments], capture_output=True, text=True
    )


@pytest.mark.parametrize("target", TARGETS)
def test_every_cell_is_printed_and_every_equation_stands_in_it(target):
    for key in (*SPECS, *MATRIX.values()):
        text = source(key, target)
        if language(target) == "python":
            ast.parse(text)
        if target in ("torch", "numpy"):
            continue
        assert "import course_utils" not in text
        for name in get_spec(key).states:
            line = get_spec(key).lines(name)[0]
            assert line in text, f"{name}: the code does not show {line}"


def test_the_command_prints_what_can_be_pasted():
    done = course("show-code", "gru", "--target", "torch")
    assert done.returncode == 0, done.stderr
    assert done.stdout == source("gru", "torch")


@pytest.mark.parametrize("wrong", [["lsmt"], ["lstm", "--target", "cobol"]])
def test_a_mistake_is_one_line(wrong):
    done = course("show-code", *wrong)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("course: ")
    assert done.stderr.count("\n") == 1
    assert "lstm" in done.stderr or "javascript" in done.stderr


def in_a_terminal(monkeypatch, *arguments):
    """What `course` writes to a terminal of 80 columns, with lines ending as in a file."""
    master, slave = pytest.importorskip("pty").openpty()
    written = []

    def read():
        with contextlib.suppress(OSError):  # how Linux tells that the other end is closed
            while data := os.read(master, 1 << 16):
                written.append(data)

    reader = threading.Thread(target=read)
    reader.start()
    with os.fdopen(slave, "w", encoding="utf-8") as terminal, monkeypatch.context() as patched:
        patched.setattr(sys, "stdout", terminal)
        cli.app(arguments, standalone_mode=False)
    reader.join()
    os.close(master)
    return b"".join(written).decode().replace("\r\n", "\n")


@pytest.fixture
def terminal(monkeypatch):
    """The environment of a terminal that shows colours, whatever this one is."""
    for name in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE", "COLORTERM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "80")


STYLE = re.compile(r"\x1b\[([0-9;]*)m")


def colours(text):
    """The foreground colours that a text sets: 30 to 38 and 90 to 97 among ANSI's numbers."""
    numbers = {int(n) for codes in STYLE.findall(text) for n in codes.split(";") if n}
    return {n for n in numbers if 30 <= n <= 38 or 90 <= n <= 97}


@pytest.mark.usefixtures("terminal")
@pytest.mark.parametrize("target", TARGETS)
def test_a_terminal_shows_colours_unless_they_are_unwanted(target, monkeypatch):
    """And the whole text in either case, however narrow it is."""
    command, text = ("show-code", "lstm", "--target", target), source("lstm", target)
    shown = in_a_terminal(monkeypatch, *command)
    assert len(colours(shown)) > 2
    assert STYLE.sub("", shown) == text
    monkeypatch.setenv("NO_COLOR", "1")
    shown = in_a_terminal(monkeypatch, *command)
    assert not colours(shown)
    assert STYLE.sub("", shown) == text


@pytest.mark.usefixtures("terminal")
@pytest.mark.parametrize("target", TARGETS)
def test_a_file_has_the_text_alone(target, tmp_path, monkeypatch):
    path = tmp_path / "code"
    with path.open("w", encoding="utf-8") as file, monkeypatch.context() as patched:
        patched.setattr(sys, "stdout", file)
        cli.app(("show-code", "lstm", "--target", target), standalone_mode=False)
    assert path.read_text("utf-8") == source("lstm", target)
