"""The notebook's own check, `course check` and the grader give the same points."""

from types import SimpleNamespace

import pytest
from judges import CASES, in_notebooks, notebook, points

from course_utils.grading import notebook_check
from course_utils.grading.selfcheck import report

ABOVE = "an answer above the stub"
OFTEN = (  # the others are tried by `make test-all`
    "the solution",
    "the stubs",
    "a helper above",
    "an import in the set-up cell",
    "an answer below the stub",
    ABOVE,
    "an answer above the stub, marked",
    "a forbidden module",
    "half right",
    "no return",
    "no Python",
)


def params():
    """All cases, the rarer ones marked slow."""
    for case in CASES:
        marks = [] if case.title in OFTEN else [pytest.mark.slow]
        yield pytest.param(case, id=case.title.replace(" ", "-"), marks=marks)


@pytest.fixture(scope="module")
def chosen(request):
    """The cases that this session tries."""
    items = [i for i in request.session.items if getattr(i, "callspec", None)]
    cases = [i.callspec.params.get("case") for i in items if i.module is request.module]
    return [case for case in CASES if case in cases or case.title == ABOVE]


@pytest.fixture(scope="module")
def handed_in(exercise, chosen, tmp_path_factory):
    """{title: file} of the hand-ins."""
    folder = tmp_path_factory.mktemp("judges")
    handed_out = exercise.path.parents[2] / "exercises" / exercise.part / exercise.path.name
    files = {}
    for k, case in enumerate(chosen):
        files[case.title] = folder / f"{k}.ipynb"
        files[case.title].write_bytes(notebook(handed_out, exercise, case))
    return files


@pytest.fixture(scope="module")
def own_checks(handed_in):
    """{title: what the notebook's own checks say}."""
    return dict(zip(handed_in, in_notebooks(handed_in.values()), strict=True))


@pytest.mark.parametrize("case", list(params()))
def test_three_judges_agree(case, exercise, handed_in, own_checks, graded):
    wanted = case.points({key: q.points for key, q in exercise.questions.items()})
    said = []
    report(handed_in[case.title], said.append)
    record = graded(handed_in[case.title].read_bytes())
    found = {
        "the notebook": points(own_checks[case.title]),
        "course check": points("\n".join(said)),
        "the grader": {key: q.points for key, q in record.questions.items()},
    }
    for judge, given in found.items():
        assert given == pytest.approx(wanted, abs=0.01), (judge, said, own_checks[case.title])


def test_an_answer_above_is_found_where_the_front_end_names_no_cells(handed_in):
    (said,) = in_notebooks([handed_in[ABOVE]], ids=False)
    assert points(said)["q2"] == 2
    assert "move it into its cell" in said


OLD = "def output(o, c):\n    return o\n"
STUB = "# === ANSWER q2 ===\ndef output(o, c):\n    raise\n"


@pytest.mark.parametrize(
    ("cells", "found"),
    [
        pytest.param([("a", OLD), ("b", STUB)], True, id="in-another-cell"),
        pytest.param([("b", OLD), ("b", STUB)], False, id="the-cell-was-restored"),
        pytest.param([("a", OLD), ("a", "1 + 1"), ("b", STUB)], False, id="deleted-again"),
        pytest.param([(None, STUB + OLD), (None, STUB)], False, id="an-older-trial-without-ids"),
        pytest.param([(None, OLD), (None, STUB)], True, id="another-cell-without-ids"),
    ],
)
def test_only_what_stands_in_another_cell_is_taken(cells, found, monkeypatch):
    monkeypatch.setattr(notebook_check, "ran", {})
    for name, source in cells:
        notebook_check.note(SimpleNamespace(cell_id=name, raw_cell=source))
    public = {"cells": [["b", "answer", STUB, "q2"]]}
    taken = notebook_check.elsewhere("q2", {"requires": ["output"]}, public)
    assert taken == (OLD if found else "")
