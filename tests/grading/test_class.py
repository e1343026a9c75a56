"""A class: who it is, how late, what a person changed, which copy counts; nothing runs here."""

import csv
import io
import json
import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml

from course_utils.errors import UserError
from course_utils.grading import overview
from course_utils.grading.adjust import load_adjustments
from course_utils.grading.batch import conclude
from course_utils.grading.divide import Entry
from course_utils.grading.exercise import load
from course_utils.grading.explain import NOT_ANSWERED, NOT_IN_IT
from course_utils.grading.exports import EXPORTS
from course_utils.grading.exports.moodle import said as said_to_moodle
from course_utils.grading.exports.tables import FIXED
from course_utils.grading.handout import solution_answers
from course_utils.grading.policy import Policy, load_policy
from course_utils.grading.records import PartResult, QuestionResult, Record
from course_utils.grading.roster import Roster, Student, load_roster
from course_utils.grading.rows import NO_TIMES, Course, Row, choose, klass
from course_utils.grading.said import closing_lines
from course_utils.grading.similar import fingerprint
from course_utils.grading.systems import Sender

ROOT = Path(__file__).parents[2]
EXERCISE = load(ROOT / "solutions" / "lstm" / "lstm_step.ipynb")
ANSWERS = solution_answers(EXERCISE)
KEYS = list(EXERCISE.questions)
DEADLINE = datetime(2027, 1, 15, 23, 59, tzinfo=UTC)
ADA = Student("Ada Lovelace", "ada@x.edu", "4711", "S1", "alove", "A", "adagit")
BOB = Student("Doe, Bob", "bob.doe@x.edu", "4712", "S2", "bdoe")
EVE = Student("Eve Roe", "eve@x.edu", "4713", "S3", "eroe")


def record(name, missing=(), status="graded", reason="", answers=None, **more):
    """A record with all points but those of some questions."""
    made = Record.empty(EXERCISE, "namespaces", status, reason)
    for key, question in made.questions.items():
        question.points = 0.0 if key in missing or status != "graded" else question.max
    made.add_up()
    made.fingerprint = fingerprint(EXERCISE, answers) if answers else {}
    return replace(made, submission=name, file=name, **more)


def entry(name, *senders):
    return Entry(name, None, senders=senders)


def rows_of(*pairs, **course):
    """The klass of (entry, record) pairs."""
    entries = [e for e, _ in pairs]
    return klass(EXERCISE, entries, {e.name: r for e, r in pairs}, Course(**course))


def table(out, name):
    with (out / name).open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


@pytest.mark.parametrize(
    ("name", "senders", "whose"),
    [
        ("ada@x.edu.ipynb", (), ADA),
        ("alove", (), ADA),
        ("lstm-adagit", (), ADA),
        ("section/lstm_step_ada-lovelace.ipynb", (), ADA),
        ("lovelaceada_4711_1_x.ipynb", (Sender("canvas", "lovelaceada", "4711"),), ADA),
        ("bobdoe_99_1_x.ipynb", (Sender("canvas", "bobdoe", "99"),), BOB),
        ("submission_1", (Sender("gradescope", "?", "S2", "bob.doe@x.edu"),), BOB),
        ("submission_2", (Sender("gradescope", "X", "", "EVE@x.edu"),), EVE),
        ("Bob Doe_815_assignsubmission_file_", (Sender("moodle", "Bob Doe", "815"),), BOB),
        ("homework 3.ipynb", (), None),
        ("the odd one", (), EVE),
    ],
)
def test_whose_it_is(name, senders, whose):
    odd = replace(EVE, submission="the odd one")
    found, _ = Roster([ADA, BOB, odd]).find(entry(name, *senders))
    assert (found and found.name) == (whose and whose.name)


def test_a_name_that_fits_two_fits_nobody_and_says_so():
    twins = [Student("Ann Lee", "ann1@x.edu"), Student("Ann Lee", "ann2@x.edu", submission="b")]
    assert Roster(twins).find(entry("b"))[0] is twins[1]
    found, doubt = Roster([twins[0], replace(twins[1], submission="")]).find(entry("Ann Lee"))
    assert found is None and "could be" in doubt and "submission" in doubt


@pytest.mark.parametrize(
    "text",
    [
        "name,email,id,sis_id,login\nAda Lovelace,ada@x.edu,4711,S1,alove\n",
        "\ufeffFirst name,Surname,ID number,Email address\nAda,Lovelace,S1,ada@x.edu\n",
        "Student,ID,SIS User ID,SIS Login ID,Section\n    Points Possible,,,,\n"
        '"Lovelace, Ada",4711,S1,alove,A\n',
        "name;email\nAda Lovelace;ada@x.edu\n\n",
    ],
    ids=["ours", "Moodle's", "Canvas's", "semicolons"],
)
def test_rosters_as_systems_export_them(tmp_path, text):
    path = tmp_path / "roster.csv"
    path.write_text(text, "utf-8")
    (student,) = load_roster(path).students
    assert student.label in ("Ada Lovelace", "Lovelace, Ada")
    assert load_roster(path).find(entry("Ada Lovelace"))[0] == student


@pytest.mark.parametrize("text", ["", "colour,shape\nred,round\n"])
def test_a_roster_that_names_nobody(tmp_path, text):
    path = tmp_path / "roster.csv"
    path.write_text(text, "utf-8")
    with pytest.raises(UserError, match="--roster"):
        load_roster(path)


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


def sender(system="gradescope", late_hours=0.0, **who):
    return Sender(system, submitted=DEADLINE + timedelta(hours=late_hours), **who)


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


def own(salt):
    """An answer of some length that is nobody else's: ``salt`` decides its structure."""
    kinds = ("{v} = np.tanh({v} + {k})", "for j{k} in range(3):\n        {v} = {v} * 2",
             "if {v} is None:\n        return {k}", "{v} = [w for w in ({v}, {k})][0]",
             "{v} = (lambda u: u - {k})({v})")  # fmt: skip
    lines = [kinds[(salt >> (2 * n)) % len(kinds)].format(v="value", k=n) for n in range(12)]
    return "\n    ".join(["def gates(p, x, h):", "value = x", *lines, "return value"]) + "\n"


def test_copies_are_flagged_and_honest_work_is_not():
    mine, theirs = own(0x91A7C3), own(0x3E51F0)
    renamed = mine.replace("value", "result").replace("gates(p, x, h)", "gates(a, b, c)")
    given = {
        "ada": {**ANSWERS, "q1": mine},
        "bob": {**ANSWERS, "q1": "# my own\n" + renamed.replace("result = x", "result = b")},
        "cyd": {**ANSWERS, "q1": theirs},
        "dan": {**ANSWERS, "q1": theirs},
        "eve": {**ANSWERS, "q1": own(0x777123)},
        "fay": ANSWERS,
    }
    pairs = [(entry(n), record(n, answers=a)) for n, a in given.items()]
    flags = {r.record.submission: " ".join(r.flags) for r in rows_of(*pairs).rows}
    assert "built like those of bob" in flags["ada"] and "ada" in flags["bob"]
    assert "equal those of dan" in flags["cyd"] and "equal those of cyd" in flags["dan"]
    assert "published solution" in flags["fay"]
    assert flags["eve"] == ""


def test_what_many_write_is_no_copy():
    """Short answers have one natural form: a third of a class that has it is not accused."""
    common = own(0x2B9D41)
    given = {f"s{k}": {**ANSWERS, "q1": f"{common}# {k}\n"} for k in range(6)}
    given |= {f"t{k}": {**ANSWERS, "q1": own(0x51F * (k + 3))} for k in range(12)}
    pairs = [(entry(n), record(n, answers=a)) for n, a in given.items()]
    assert not [r.flags for r in rows_of(*pairs).rows if r.record.submission[0] == "s" and r.flags]


def test_a_number_in_a_name_is_nobodys_id():
    assert Roster([replace(ADA, id="3")]).find(entry("homework 3.ipynb"))[0] is None


@pytest.mark.parametrize(("name", "key"), [("canvas", "ID"), ("moodle", "Email address")])
def test_a_gradebook_gets_one_row_for_each_student(tmp_path, name, key):
    who = {"email": "ada@x.edu"}
    found = rows_of(
        (entry("old", sender(late_hours=-9, **who)), record("old", missing=("q1",))),
        (entry("new", sender(late_hours=-1, **who)), record("new")),
        roster=Roster([ADA, BOB]),
    )
    EXPORTS[name](tmp_path, EXERCISE, found)
    rows = [row for row in table(tmp_path, f"{name}.csv") if row[key] in ("4711", "ada@x.edu")]
    assert [row["lstm_step"] for row in rows] == ["10"]


HOSTILE = "=HYPERLINK(1);＝2\t@x<script>"


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """All files about a small class, in the forms that other systems read."""
    out = tmp_path_factory.mktemp("out")
    course = Course(
        Roster([ADA, BOB, EVE, Student("Zoe", "zoe@x.edu", "4799")]),
        Policy(deadline=DEADLINE, penalty=0.5),
    )
    entries = {
        "ada": entry("ada", sender(email="ada@x.edu", late_hours=1)),
        "bdoe.ipynb": entry("bdoe.ipynb"),
        "eroe": entry("eroe"),
        HOSTILE: entry(HOSTILE),
    }
    records = {
        "ada": record("ada"),
        "bdoe.ipynb": record("bdoe.ipynb", missing=("q2",)),
        "eroe": record("eroe", status="unreadable", reason="the file is empty"),
        HOSTILE: record(HOSTILE, missing=KEYS, notes=[HOSTILE]),
    }
    records["bdoe.ipynb"].questions["q2"].said = ["Hint: h is o * tanh(c)"]
    done = klass(EXERCISE, list(entries.values()), records, course, [("README.md", "no notebook")])
    conclude(out, EXERCISE, done, ("gradescope", "canvas", "moodle", "github"))
    return out


def test_grades_have_the_columns_of_the_page(written):
    rows = table(written, "grades.csv")
    assert tuple(rows[0]) == (*FIXED, *KEYS)
    ada, bob, eve, odd = rows
    assert (ada["score"], ada["late"], ada["adjusted"]) == ("10", "1", "5")
    assert (ada["student"], bob["student"]) == ("Ada Lovelace", "Doe, Bob")
    assert (bob["late"], bob["adjusted"], bob["q2"]) == ("", "", "0")
    assert (eve["status"], eve["reason"]) == ("unreadable", "the file is empty")
    assert "nobody on the roster" in odd["notes"]


@pytest.mark.parametrize("name", ["grades.csv", "canvas.csv", "moodle.csv"])
def test_no_cell_is_a_formula(written, name):
    text = (written / name).read_text("utf-8")
    for delimiter in ",;\t":  # as a spreadsheet may split it, whatever the locale
        for row in csv.reader(io.StringIO(text), delimiter=delimiter):
            assert not [c for c in row if c.strip(' "').startswith(tuple("=+-@＝＋－＠"))]


def test_canvas_reads_its_file(written):
    """As app/models/gradebook_importer.rb does: header?, process_pp, process_student."""
    header, possible, *rows = csv.reader(io.StringIO((written / "canvas.csv").read_text("utf-8")))
    assert "Student" in header[0] and "ID" in header[1] and "Section" in header[4]
    assert (header[2], header[3]) == ("SIS User ID", "SIS Login ID")
    assert "Points Possible" in possible[0] and possible[5] == "10"
    found = {row[1]: row[5] for row in rows}
    assert (found["4711"], found["4712"]) == ("5", "8")
    assert found["4713"] == found["4799"] == ""  # not graded, not handed in: no grade is changed
    assert all(len(row) == len(header) for row in rows)


def test_moodle_reads_its_file(written):
    rows = {row["Email address"]: row for row in table(written, "moodle.csv")}
    assert rows["ada@x.edu"]["lstm_step"] == "5"
    assert "late" in rows["ada@x.edu"]["Feedback comments"]
    assert rows["eve@x.edu"]["lstm_step"] == ""
    assert "the file is empty" in rows["eve@x.edu"]["Feedback comments"]
    assert rows["bob.doe@x.edu"]["ID number"] == "S2"


def test_gradescope_reads_its_files(written):
    """The specification: numbers for scores, known words for visibility and status."""
    for path in (written / "gradescope").iterdir():
        found = json.loads(path.read_text("utf-8"))
        assert isinstance(found["score"], float | int) and isinstance(found["output"], str)
        assert found["visibility"] == "visible" and found["stdout_visibility"] == "hidden"
        for test in found["tests"]:
            assert 0 <= test["score"] <= test["max_score"]
            assert test["status"] in ("passed", "failed")
            assert set(test) <= {"score", "max_score", "status", "name", "number", "output",
                                 "visibility", "tags", "extra_data"}  # fmt: skip


def test_githubs_reporter_reads_its_file(written):
    """As src/main.js and src/notify-classroom.js do."""
    import base64

    found = json.loads((written / "github.json").read_text("utf-8"))
    points = {}
    for name, packed in found.items():
        result = json.loads(base64.b64decode(packed["result"]))
        assert result["status"] in ("pass", "fail", "error") and result["max_score"] == 10
        assert all(t["status"] in ("pass", "fail", "error") for t in result["tests"])
        points[name] = sum(test["score"] for test in result["tests"])
    assert (points["ada"], points["bdoe.ipynb"], points["eroe"]) == (5, 8, 0)


def test_junit_counts_what_it_holds(written):
    for suite in ET.parse(written / "junit.xml").getroot():
        cases = list(suite.iter("testcase"))
        assert int(suite.get("tests")) == len(cases) == len(KEYS)
        assert int(suite.get("failures")) == len(list(suite.iter("failure")))
        assert int(suite.get("errors")) == len(list(suite.iter("error")))


@pytest.mark.parametrize("said", [NOT_ANSWERED, NOT_IN_IT])
def test_what_is_not_there_is_no_mistake(said):
    assert not overview.answered(QuestionResult(0, 1, {"h": PartResult(False, said)}))


def test_a_mistake_is_named_by_what_was_said_not_by_the_students_line():
    part = PartResult(False, "Python cannot read it: unmatched ')'")
    found = QuestionResult(0, 1, {"h": part}, ["line 4: c = f)"])
    assert overview.answered(found) and overview.reason(found) == part.public


def test_remarks_that_are_joined_by_semicolons_end_in_no_full_stop():
    row = Row(record("ada", missing=("q1",)), notes=["3 days late: 80% of the points count."])
    assert row.remarks() == ["3 days late: 80% of the points count"]
    assert said_to_moodle(row) == "3 days late: 80% of the points count; q1: 0 of 2"


def test_the_overview_shows_and_escapes(written):
    page = (written / "overview.html").read_text("utf-8")
    assert page.count("<svg") == 3 and "<script" not in page and "<img" not in page
    for said in ("README.md", "Zoe", "h is o * tanh(c)", "late", "nobody on the roster"):
        assert said in page, said
    for picture in re.findall(r"<svg.*?</svg>", page):
        assert ET.fromstring(picture).get("aria-label")
    feedback = (written / "feedback" / "ada.html").read_text("utf-8")
    assert "5 of 10" in feedback and "1 day late" in feedback


def test_texts_in_pictures_can_be_read_on_a_phone():
    """The style's size, drawn on 390 pixels less the page's margins of 16 each."""
    units = int(re.search(r"svg text \{[^}]*font: (\d+)px", overview.STYLE)[1])
    assert units * (390 - 2 * 16) / overview.WIDTH >= 11


def test_pages_are_headed_by_the_student_where_one_is_known(tmp_path):
    name = "Ada Lovelace_815_assignsubmission_file_"
    done = rows_of((entry(name, Sender("moodle", "Ada Lovelace", "815")), record(name)),
                   (entry("x"), record("x")))  # fmt: skip
    conclude(tmp_path, EXERCISE, done, ())
    assert "<h1>Ada Lovelace</h1>" in (tmp_path / "feedback" / f"{name}.html").read_text("utf-8")
    assert "<h1>lstm_step</h1>" in (tmp_path / "feedback" / "x.html").read_text("utf-8")
    links = re.findall(r"<a [^>]*>(.*?)</a>", (tmp_path / "overview.html").read_text("utf-8"))
    assert links == ["Ada Lovelace", "x"]
    flagged = done.rows[0]
    flagged.flags.append("odd")
    lines = closing_lines(done, tmp_path, ["moodle"])
    assert "  Ada Lovelace: odd" in lines


def test_moodles_number_of_a_sender_is_nobodys_id():
    sender = Sender("moodle", "Ada Lovelace", BOB.id)
    assert Roster([ADA, BOB]).find(entry("x", sender))[0] is ADA
    assert Roster([ADA, BOB]).find(entry("x", replace(sender, system="canvas")))[0] is BOB


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
