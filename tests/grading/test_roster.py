"""Who is in the class: rosters as systems export them, and whose a submission is."""

from dataclasses import replace

import pytest
from small_class import ADA, BOB, EVE, entry

from course_utils.errors import UserError
from course_utils.grading.roster import Roster, Student, load_roster
from course_utils.grading.systems import Sender


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


def test_a_number_in_a_name_is_nobodys_id():
    assert Roster([replace(ADA, id="3")]).find(entry("homework 3.ipynb"))[0] is None


def test_moodles_number_of_a_sender_is_nobodys_id():
    sender = Sender("moodle", "Ada Lovelace", BOB.id)
    assert Roster([ADA, BOB]).find(entry("x", sender))[0] is ADA
    assert Roster([ADA, BOB]).find(entry("x", replace(sender, system="canvas")))[0] is BOB
