"""A course's policy and adjustments: deadlines, late days, which copy counts, changes by hand."""

from datetime import timedelta

import pytest
import yaml
from small_class import ADA, BOB, DEADLINE, EXERCISE, entry, record, rows_of, sender

from course_utils.errors import UserError
from course_utils.grading.adjust import load_adjustments
from course_utils.grading.policy import Policy, load_policy
from course_utils.grading.roster import Roster, load_roster
from course_utils.grading.rows import NO_TIMES, Row, choose
from course_utils.grading.systems import Sender

SETTINGS = {
    "deadline": "2027-01-15T23:59:00+00:00",
    "grace_minutes": 10,
    "late_days": 1,
    "penalty": 0.25,
    "most_days": 4,
    "students": {"ada@x.edu": {"late_days": 3}},
}


@pytest.mark.parametrize("kind", ["toml", "yaml"])
def test_a_policy_in_either_form(tmp_path, kind):
    path = tmp_path / f"policy.{kind}"
    if kind == "yaml":
        path.write_text(yaml.safe_dump(SETTINGS), "utf-8")
    else:
        path.write_text(
            "deadline = 2027-01-15T23:59:00Z\ngrace_minutes = 10\nlate_days = 1\n"
            'penalty = 0.25\nmost_days = 4\n[students."ada@x.edu"]\nlate_days = 3\n',
            "utf-8",
        )
    policy = load_policy(path)
    assert (policy.deadline, policy.penalty) == (DEADLINE, 0.25)
    late = {hours: policy.days(DEADLINE + timedelta(hours=hours)) for hours in (-5, 0.1, 1, 25)}
    assert late == {-5: 0, 0.1: 0, 1: 1, 25: 2}
    assert [policy.share(d) for d in (None, 0, 1, 2, 3, 4, 5)] == [1, 1, 1, 0.75, 0.5, 0.25, 0]
    assert policy.of(ADA).share(3) == 1 and policy.of(BOB).share(3) == 0.5


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("p.toml", "deadlin = 2027-01-15", "deadlin is unknown"),
        ("p.toml", "penalty = 2", "from 0 to 1"),
        ("p.toml", "penalty = -1", "a number from 0"),
        ("p.toml", "late_days = true", "a number from 0"),
        ("p.toml", 'deadline = "soon"', "a date"),
        ("p.toml", 'counts = "newest"', "last, best, first"),
        ("p.toml", "deadline = ", "--policy"),
        ("p.yaml", "[1, 2", "--policy"),
        ("p.yaml", "students: [ada]", "students"),
        ("p.yaml", "deadline: 2027-02-31", "--policy: .*day is out of range"),
        ("p.json", "{}", ".toml"),
    ],
)
def test_a_policy_that_is_wrong_says_where(tmp_path, name, text, says):
    path = tmp_path / name
    path.write_text(text, "utf-8")
    with pytest.raises(UserError, match=says):
        load_policy(path)


def test_late_days_take_their_share_and_are_shown():
    policy = Policy(deadline=DEADLINE, late_days=1, penalty=0.5)
    found = rows_of(
        (entry("a", sender(late_hours=-1, email="a@x")), record("a")),
        (entry("b", sender(late_hours=20, email="b@x")), record("b")),
        (entry("c", sender(late_hours=30, email="c@x")), record("c")),
        (entry("d", sender(late_hours=30, email="d@x")), record("d", status="unreadable")),
        (entry("e", Sender("canvas", "e", "5", late=True)), record("e")),
        (entry("f"), record("f")),
        policy=policy,
    ).rows
    assert [(r.late, r.adjusted, r.final) for r in found] == [
        (0, None, 10),
        (1, None, 10),
        (2, 5, 5),
        (2, None, None),
        (None, None, 10),
        (None, None, 10),
    ]
    assert "how late is not known" in found[4].notes[0]
    assert found[2].record.score == 10  # the record stays as the grader wrote it
    assert found[2].told().score == 5 and "50%" in found[2].told().notes[-1]


@pytest.mark.parametrize(("counts", "wins"), [("last", "new"), ("best", "old"), ("first", "old")])
def test_one_submission_of_each_student_counts(counts, wins):
    who = {"email": "ada@x.edu"}
    found = rows_of(
        (entry("old", sender(late_hours=-9, **who)), record("old")),
        (entry("new", sender(late_hours=-1, **who)), record("new", missing=("q1",))),
        (entry("broken", sender(late_hours=0, **who)), record("broken", status="unreadable")),
        (entry("other", sender(email="b@x")), record("other")),
        policy=Policy(counts=counts),
        roster=Roster([ADA]),
    )
    assert [r.record.submission for r in found.rows if r.counts] == [wins, "other"]
    assert all("Handed in again" in r.notes[-1] for r in found.rows if not r.counts)


def test_changes_by_hand_stay_beside_the_record(tmp_path):
    path = tmp_path / "adjustments.csv"
    path.write_text(
        "submission,question,add,set,reason\na,q1,,0.5,half right\nada@x.edu,,1,,=cmd()\n"
        "c,,,7,by mail\nnobody,,1,,\n",
        "utf-8",
    )
    found = rows_of(
        (entry("a"), record("a")),
        (entry("alove"), record("alove", missing=("q1",))),
        (entry("c"), record("c", status="unreadable", reason="the file is empty")),
        adjustments=load_adjustments(path, EXERCISE),
        roster=Roster([ADA]),
    )
    assert [r.adjusted for r in found.rows] == [8.5, 9, 7]
    assert [r.record.score for r in found.rows] == [10, 8, 0]
    assert "half right" in found.rows[0].notes[-1]
    assert found.complaints == ["adjustments: no submission fits 'nobody'"]


@pytest.mark.parametrize(
    "line", ["a,q1,1,2,", "a,q1,,,", "a,q99,1,,", "a,,much,,", "a,,nan,,", "a,,inf,,"]
)
def test_a_change_that_is_wrong_says_its_line(tmp_path, line):
    path = tmp_path / "adjustments.csv"
    path.write_text(f"submission,question,add,set,reason\n{line}\n", "utf-8")
    with pytest.raises(UserError, match="--adjust"):
        load_adjustments(path, EXERCISE)


@pytest.mark.parametrize("load", [load_roster, lambda path: load_adjustments(path, EXERCISE)])
@pytest.mark.parametrize(
    ("data", "says"),
    [(b"\xff\xc2email", "is not in UTF-8; save it as CSV UTF-8"), (b"a" * 200_000, "field larger")],
)
def test_a_table_that_cannot_be_read_is_named(tmp_path, load, data, says):
    path = tmp_path / "table.csv"
    path.write_bytes(data)
    with pytest.raises(UserError, match=f"--(roster|adjust): .*table.csv.*{says}"):
        load(path)


@pytest.mark.parametrize("times", [None, DEADLINE])
def test_a_deadline_without_times_is_said(times):
    sender = Sender("gradescope", "Ada", email=ADA.email, submitted=times)
    done = rows_of((entry("ada", sender), record("ada")), policy=Policy(deadline=DEADLINE))
    assert (NO_TIMES in done.complaints) == (times is None)


@pytest.mark.parametrize(
    ("older", "later"),
    [("{}", "{} (1)"), ("{} (9)", "{} (10)"), ("{}", "{}-Copy1"), ("{}", "Copy of {}")],
)
def test_of_files_without_times_the_latest_copy_counts(older, later):
    names = [f"{pattern.format('adagit')}.ipynb" for pattern in (later, older)]
    rows = [Row(record(name), ADA) for name in names]
    choose(rows, Policy())
    assert [row.counts for row in rows] == [True, False]
