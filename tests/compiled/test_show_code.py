"""`course show-code` prints every cell for every target, and a mistake is one line."""

import ast
import subprocess
import sys

import pytest
from matrix_cells import MATRIX

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
