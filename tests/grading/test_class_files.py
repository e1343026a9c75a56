"""The files about a class: gradebooks that other systems read, feedback, and the overview."""

import csv
import io
import json
import re
import xml.etree.ElementTree as ET

import pytest
from small_class import ADA, BOB, DEADLINE, EVE, EXERCISE, KEYS, entry, record, rows_of, sender

from course_utils.grading import overview
from course_utils.grading.batch import conclude
from course_utils.grading.explain import NOT_ANSWERED, NOT_IN_IT
from course_utils.grading.exports import EXPORTS
from course_utils.grading.exports.moodle import said as said_to_moodle
from course_utils.grading.exports.tables import FIXED
from course_utils.grading.policy import Policy
from course_utils.grading.records import PartResult, QuestionResult
from course_utils.grading.roster import Roster, Student
from course_utils.grading.rows import Course, Row, klass
from course_utils.grading.said import closing_lines
from course_utils.grading.systems import Sender


def table(out, name):
    with (out / name).open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


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
