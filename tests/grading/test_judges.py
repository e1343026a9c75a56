"""The notebook's own check, `course check` and the grader give the same points."""

import pytest
from judges import CASES, in_notebooks, notebook, points

from course_utils.grading.selfcheck import report


@pytest.fixture(scope="module")
def handed_in(exercise, tmp_path_factory):
    """{title: file} of all hand-ins."""
    folder = tmp_path_factory.mktemp("judges")
    handed_out = exercise.path.parents[2] / "exercises" / exercise.part / exercise.path.name
    files = {}
    for k, case in enumerate(CASES):
        files[case.title] = folder / f"{k}.ipynb"
        files[case.title].write_bytes(notebook(handed_out, exercise, case))
    return files


@pytest.fixture(scope="module")
def own_checks(handed_in):
    """{title: what the notebook's own checks say}."""
    return dict(zip(handed_in, in_notebooks(handed_in.values()), strict=True))


@pytest.mark.parametrize("case", CASES, ids=lambda c: c.title.replace(" ", "-"))
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
