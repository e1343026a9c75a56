"""An exercise of one's own, outside this repository, and what a class is given."""

import json
import re
import shlex
import sys
import zipfile
from pathlib import Path

import pytest

from course_utils import __main__ as entry
from course_utils.grading.exercise import load, references_in
from course_utils.grading.handout import as_submission, solution_answers

ROOT = Path(__file__).parents[2]


@pytest.fixture
def course(tmp_path, monkeypatch, capsys):
    """Run ``course`` in an empty folder: (exit code, stdout, stderr)."""
    monkeypatch.chdir(tmp_path)

    def run(*words):
        monkeypatch.setattr(sys, "argv", ["course", *map(str, words)])
        with pytest.raises(SystemExit) as stopped:
            entry.main()
        return (stopped.value.code or 0, *capsys.readouterr())

    return run


def test_a_new_exercise_grades_at_once(course, tmp_path, sandbox):
    code, out, err = course("new", "my_step", "--part", "mine")
    assert (code, err) == (0, "")
    solution = tmp_path / "solutions" / "mine" / "my_step.ipynb"
    handed_out = tmp_path / "exercises" / "mine" / "my_step.ipynb"
    assert str(solution) in out and handed_out.is_file()
    exercise = load(solution)
    wrong = solution_answers(exercise) | {"q1": exercise.stubs["q1"].replace(
        'raise NotImplementedError("q1: write your answer here")',
        "return np.tanh(x @ W_x.T + h_prev @ W_h.T)",
    )}  # fmt: skip
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "ada.ipynb").write_bytes(as_submission(exercise, solution_answers(exercise)))
    (folder / "bob.ipynb").write_bytes(handed_out.read_bytes())
    (folder / "eve.ipynb").write_bytes(as_submission(exercise, wrong))
    code, _, _ = course("grade", folder, "--assignment", "my_step", "--out", "results")
    assert code == 0
    scores = {p.stem.removesuffix(".ipynb"): json.loads(p.read_text("utf-8")) for p in
              (tmp_path / "results" / "records").iterdir()}  # fmt: skip
    assert {k: v["score"] for k, v in scores.items()} == {"ada": 2, "bob": 0, "eve": 1}
    assert "Hint: the bias b is missing" in scores["eve"]["questions"]["q1"]["said"]
    code, out, _ = course("check", handed_out)  # the notebook alone tells its student
    assert code == 1 and "0 of 2 points" in out
    code, out, _ = course("mutate", "my_step")
    assert code == 0 and "0 complaints" in out
    assert course("new", "my_step")[0] == 2  # never overwritten


def test_an_exercise_is_added_as_contributing_says(course, tmp_path, monkeypatch):
    page = (ROOT / "CONTRIBUTING.md").read_text("utf-8").partition("## Add an exercise")[2]
    page = page.partition("\n## ")[0]
    commands = re.search(r"```shell\n(.*?)```", page, re.DOTALL)[1].splitlines()
    new, derive, mutate = (shlex.split(line, comments=True)[1:] for line in commands)
    path, variant = re.search(r"```python\n# (\S+)\n(.*?)```", page, re.DOTALL).groups()
    assert course(*new)[0] == 0
    for kind, named in re.findall(r"(solutions|tests)(/\S+\.\w+)", commands[0]):
        assert (tmp_path / f"{kind}{named}").is_file()
    before = (tmp_path / path).read_text("utf-8")
    (tmp_path / path).write_text(f"{before}\n\n{variant}", "utf-8")
    assert course(*derive)[0] == 0
    (given,) = (tmp_path / "exercises").glob("*/*.ipynb")
    exercise = load(tmp_path / "solutions" / given.parent.name / given.name)
    for word in ("# === ANSWER q1 ===", "### BEGIN SOLUTION", 'grading.check("q1", h=h)'):
        assert word in page and any(word in cell.source for cell in exercise.cells)
    hint = re.search(r'hint="(.*?)"', variant)[1]
    known = references_in(given.read_bytes())["questions"]["q1"]["mistakes"]
    assert hint in [mistake["hint"] for mistake in known]
    code, out, _ = course(*mutate)
    assert code == 0 and f"{before.count('@wrong') + before.count('@right') + 1} variants, 0" in out


@pytest.mark.parametrize("name", ["My-Step", "1st", "../x", "ünder", ""])
def test_a_name_that_no_exercise_can_have(course, tmp_path, name):
    code, _, err = course("new", name)
    assert code == 2 and err.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_what_a_class_is_given(course, tmp_path):
    (tmp_path / "policy.toml").write_text("deadline = 2027-01-15\n", "utf-8")
    where = ("--repository", "https://github.com/us/class.git", "--folder", "week1")
    code, _, _ = course(
        "handout", "lstm_step", "bptt", "--solutions", ROOT / "solutions", *where,
        "--policy", "policy.toml", "--package", "our-package==1", "--gradescope", "ours",
    )  # fmt: skip
    assert code == 0
    for name in ("lstm_step", "bptt"):
        data = (tmp_path / "handout" / f"{name}.ipynb").read_bytes()
        text = data.decode("utf-8")
        assert f"github/us/class/blob/main/week1/{name}.ipynb" in text
        assert "Friday, 15 January 2027" in text and "our-package==1" in text
        assert "SOLUTION" not in text and references_in(data)["assignment"] == name
        ids = [cell["id"] for cell in json.loads(data)["cells"]]
        assert len(ids) == len(set(ids))
    page = (tmp_path / "handout" / "README.md").read_text("utf-8")
    assert page.count("](https://colab.research.google.com/") == 2
    assert "Friday, 15 January 2027" in page
    assert {p.name for p in (tmp_path / "handout").iterdir()} == {
        "lstm_step.ipynb", "bptt.ipynb", "README.md",
    }  # fmt: skip
    with zipfile.ZipFile(tmp_path / "ours" / "bptt-autograder.zip") as archive:
        assert "run_autograder" in archive.namelist()


@pytest.mark.parametrize(
    "words",
    [
        ("nobody",),
        ("--repository", "not a repository"),
        ("--policy", "nowhere.toml"),
        ("--out", "file"),
    ],
    ids=" ".join,
)
def test_a_handout_that_cannot_be(course, tmp_path, words):
    (tmp_path / "file").write_text("x", "utf-8")
    code, _, err = course("handout", "--solutions", ROOT / "solutions", *words)
    assert code == 2 and err.count("\n") == 1


def test_one_exercise_is_derived_by_its_name(course, tmp_path):
    for name in ("one", "two"):
        assert course("new", name)[0] == 0
        (tmp_path / "exercises" / "own" / f"{name}.ipynb").unlink()
    assert course("derive", "two")[0] == 0
    assert [p.name for p in (tmp_path / "exercises").rglob("*.ipynb")] == ["two.ipynb"]
    code, _, err = course("derive", "nobody")
    assert code == 2 and "'nobody' is unknown" in err


def test_no_address_for_colab_is_said(course, tmp_path):
    assert course("new", "mine")[0] == 0
    assert "say --package" in course("handout", "mine")[2]
    assert "say --package" not in course("handout", "mine", "--package", "mine==1")[2]
