"""What a student reads in the terminal: the cause, its line, points, soon, and of any exercise."""

import json
import time

import pytest
from judges import Case, answer, cell, in_notebooks, notebook

from course_utils.grading.bundle import decode, encode
from course_utils.grading.derive import derive_all
from course_utils.grading.exercise import REFERENCES, ExerciseError, load
from course_utils.grading.mutate import load_mutants
from course_utils.grading.selfcheck import report


def said(path, exercises=None):
    """(all lines, points) of a check."""
    lines = []
    points, _ = report(path, lines.append, exercises)
    return "\n".join(lines), points


@pytest.fixture(scope="module")
def handed_in(exercise, tmp_path_factory):
    """Write a hand-in: handed_in(change, ...) -> path."""
    folder = tmp_path_factory.mktemp("mine")
    handed_out = exercise.path.parents[2] / "exercises" / exercise.part / exercise.path.name

    def write(*changes):
        def all_of(nb, stubs):
            for change in changes:
                change(nb, stubs)

        path = folder / f"{len(list(folder.iterdir()))}.ipynb"
        path.write_bytes(notebook(handed_out, exercise, Case("", all_of)))
        return path

    return write


@pytest.fixture(scope="module")
def many(handed_in):
    """One notebook with a mistake of another kind in every question."""
    return handed_in(
        answer("q1", "np.split(a, 4, axis=-1)", "np.split(a, 4)"),
        answer("q2", "return", "_ ="),
        answer("q3", "for x_t in x:", "for x_t in x"),
        answer("q4", "np.log(f / (1 - f))", "log(f / (1 - f))"),
        answer("q5", "    weight = np.zeros(", "    while True: n = 1\n    weight = np.zeros("),
        answer("q6", "B_w, B_r = np.split(B, 2)", "B_w = np.split(B, 2)[2]"),
        answer("q7", "return weights + biases,", "return weights * 1.5,"),
    )


WANTED = {
    "q1": ("shape (1, 20), should be (4, 5)", "cut or reshaped along another axis"),
    "q2": ("gives back nothing (None): is its `return` missing?",),
    "q3": ("Python cannot read it: expected ':'", "line 6: for x_t in x"),
    "q4": ("nothing called `log` is defined there", "in forget_bias"),
    "q6": ("index", "line"),
    "q7": ("should hold int values, holds float",),
}


def test_common_mistakes_are_told_in_words(many):
    text, _ = said(replace_limit(many))
    for key, wanted in WANTED.items():
        told = text[text.index(f"{key}: ") :].split("\nq")[0]
        for words in wanted:
            assert words in told, told
    assert "not done after 2 seconds: an endless loop?" in text
    assert "Traceback" not in text


def replace_limit(path):
    """The same notebook with a shorter limit for question 5."""
    nb = json.loads(path.read_bytes())
    source = "".join(cell(nb, "references")["source"])
    public = decode(REFERENCES.search(source).group(1))
    public["questions"]["q5"]["timeout_s"] = 2
    packed = f'grading.references("""\n{encode(public)}\n""")'
    cell(nb, "references")["source"] = source.split("\n")[0] + "\n" + packed
    short = path.with_name("short.ipynb")
    short.write_text(json.dumps(nb), "utf-8")
    return short


def test_the_notebook_says_the_same(handed_in):
    """The notebook's own checks tell errors in words, the cause first, without a traceback."""
    path = handed_in(
        answer("q2", "return", "_ ="),
        answer("q3", "for x_t in x:", "for x_t in x"),
        answer("q4", "np.log(f / (1 - f))", "log(f / (1 - f))"),
    )
    (text,) = in_notebooks([path])
    assert "q2: your function gives back nothing (None): is its `return` missing?" in text
    assert "q3: Python cannot read it: expected ':'" in text
    assert "q4: nothing called `log` is defined there" in text


def test_verdicts_come_as_they_are_made(handed_in):
    """The first one is there before a later question has run into its limit."""
    endless = answer("q5", "    return np.tanh(v)", "    while 1: pass\n    return np.tanh(v)")
    path = replace_limit(handed_in(endless))
    times = {}
    report(path, lambda line: times.setdefault(line.split(":")[0], time.monotonic()))
    assert times["q5"] - times["q1"] > 1


def test_values_are_printed_until_they_differ(handed_in):
    text, _ = said(handed_in(answer("q2", "f * c_prev + i * g", "(f * c_prev + i * g) * 1.0002")))
    line = next(line for line in text.splitlines() if line.startswith("  c:"))
    yours, expected = line.split("yours is ")[1].split(", expected ")
    assert yours != expected.split(". ")[0].rstrip(".")


def test_a_file_without_references_is_checked_by_the_exercises_at_hand(handed_in, exercise):
    path = handed_in(lambda nb, stubs: nb["cells"].remove(cell(nb, "references")))
    _, points = said(path, exercise.path.parents[2] / "exercises")
    assert points == 10
    with pytest.raises(ExerciseError, match="references"):
        report(path, print, None)


def test_an_exercise_of_ones_own_gives_verdicts(tmp_path, exercise):
    """Kept outside this repository: derived there, checked there, by its own notebook alone."""
    source = exercise.path.parents[2] / "solutions" / "recurrence" / "unrolled.ipynb"
    own = tmp_path / "solutions" / "mine" / "myown.ipynb"
    own.parent.mkdir(parents=True)
    own.write_text(source.read_text("utf-8").replace('begin(\\"unrolled\\"', 'begin(\\"myown\\"'))
    mutants = exercise.path.parents[2] / "tests" / "mutants"
    derive_all(tmp_path / "solutions", tmp_path / "exercises",
               lambda name: load_mutants("unrolled", mutants)[:2])  # fmt: skip
    mine = load(own)
    assert {len(r["mistakes"]) for r in mine.references["questions"].values()} == {0, 2}
    handed_out = tmp_path / "exercises" / "mine" / "myown.ipynb"
    wrong = Case("", answer("q1", "np.tanh(x @ W_xh.T + h_prev @ W_hh.T + b)",
                            "x @ W_xh.T + h_prev @ W_hh.T + b"))  # fmt: skip
    path = tmp_path / "handin.ipynb"
    path.write_bytes(notebook(handed_out, mine, wrong))
    text, points = said(path)
    assert points == mine.max_score - 2
    (shown,) = in_notebooks([path])
    for judge in (text, shown):
        assert "Your h is that of a cell without the tanh" in judge
        assert "the recurrence is affine" in judge
