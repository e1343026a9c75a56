"""Every mistake on the command line is one line and exit code 2, never a traceback."""

import sys

import pytest

from course_utils import __main__ as entry

GRADE = ("grade", "{here}", "--assignment", "lstm_step", "--out", "{here}/out")
MISTAKES = (
    ("frobnicate",),
    ("grade", "{here}"),
    (*GRADE, "--jobs", "-3"),
    (*GRADE, "--jobs", "many"),
    (*GRADE, "--export", "blackboard"),
    (*GRADE, "--shard", "3/2"),
    (*GRADE, "--only", "nobody"),
    (*GRADE, "--roster", "{here}/nowhere.csv"),
    (*GRADE, "--roster", "{here}"),
    (*GRADE, "--policy", "{here}/file"),
    (*GRADE, "--adjust", "{here}/file"),
    (*GRADE, "--solutions", "{here}"),
    ("grade", "{here}/nowhere", *GRADE[2:]),
    ("grade", "{here}", "--assignment", "nobody", "--out", "{here}/out"),
    ("grade", "{here}", "--assignment", "lstm_step", "--out", "{here}/file"),
    ("grade", "{here}", "--assignment", "lstm_step", "--out", "{here}/file/below"),
    ("check", "{here}"),
    ("check", "{here}/nowhere.ipynb"),
    ("check", "{here}/file"),
    ("derive", "--solutions", "{here}/nowhere"),
    ("derive", "--solutions", "{here}/file"),
    ("mutate", "nobody"),
    ("mutate", "--solutions", "{here}"),
)


@pytest.fixture
def course(tmp_path, monkeypatch, capsys):
    """Run ``course`` in this process: (exit code, stdout, stderr)."""

    def run(*words):
        words = [word.format(here=tmp_path) for word in words]
        monkeypatch.setattr(sys, "argv", ["course", *words])
        with pytest.raises(SystemExit) as stopped:
            entry.main()
        return (stopped.value.code or 0, *capsys.readouterr())

    (tmp_path / "file").write_text("text", "utf-8")
    return run


@pytest.mark.parametrize("words", MISTAKES, ids=" ".join)
def test_a_mistake_is_one_line(course, words):
    code, out, err = course(*words)
    assert (code, out) == (2, "")
    assert err.startswith("course: ") and err.count("\n") == 1


def test_help_is_no_mistake(course):
    assert course("--help")[0] == 0


@pytest.mark.parametrize("missing", ["typer", "course_utils.grading.batch", "nbval"])
def test_a_missing_package_is_named(course, monkeypatch, missing):
    """The minimal install has no typer; a module of ours that is missing is a bug, not a remedy."""
    for name in [n for n in sys.modules if n.startswith(("course_utils.cli", "course_utils.grad"))]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, missing, None)
    if missing.startswith("course_utils"):
        with pytest.raises(ModuleNotFoundError):
            course(*GRADE)
        return
    code, out, err = course(*GRADE)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert missing in err and "pip install" in err
