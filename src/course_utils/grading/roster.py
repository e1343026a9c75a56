"""Who is in the class: a CSV file, and which submission is whose.

The header names what is there, in any order: ``name, email, id, sis_id, login, section, github,
submission``; the headers of a gradebook that Canvas or Moodle exports are understood as they are.
``submission`` names a file or a folder outright and settles every doubt.
"""

import csv
import io
import re
import unicodedata
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from course_utils.errors import UserError
from course_utils.grading.divide import NOTEBOOK

FIELDS = ("name", "email", "id", "sis_id", "login", "section", "github", "submission")
ALIASES = {
    "student": "name", "full name": "name", "student name": "name",
    "email address": "email", "e-mail": "email", "mail": "email",
    "user id": "id", "canvas id": "id", "student id": "sis_id", "sid": "sis_id",
    "sis user id": "sis_id", "id number": "sis_id", "sis id": "sis_id",
    "sis login id": "login", "username": "login", "user name": "login",
    "github username": "github", "github_username": "github", "group": "section",
    "first name": "first", "firstname": "first", "last name": "last", "surname": "last",
    "lastname": "last",
}  # fmt: skip


@dataclass(frozen=True)
class Student:
    """One line of the roster; what is not there is empty."""

    name: str = ""
    email: str = ""
    id: str = ""
    sis_id: str = ""
    login: str = ""
    section: str = ""
    github: str = ""
    submission: str = ""

    @property
    def label(self):
        """What to call them in a table."""
        return self.name or self.email or self.login or self.id or self.sis_id

    def keys(self):
        """What their files may be called."""
        local = self.email.partition("@")[0]
        return [k for k in (self.email, local, self.login, self.github, self.id, self.sis_id) if k]


class Roster:
    """The students, and the one whom a submission's name or its sender points to."""

    def __init__(self, students=()):
        self.students = list(students)
        self.by_submission = {s.submission: s for s in self.students if s.submission}
        self.by_key, self.by_name = defaultdict(set), defaultdict(set)
        for student in self.students:
            for key in student.keys():
                self.by_key[plain(key)].add(student)
            for name in spellings(student.name):
                self.by_name[name].add(student)

    def known(self, name):
        """Is this name of a file or folder a student's, and only theirs?"""
        return len(self.meant(name)) == 1

    def find(self, entry):
        """(the student of an entry or None, a note where several fit)."""
        if entry.name in self.by_submission:
            return self.by_submission[entry.name], ""
        students = set()
        for sender in entry.senders:
            students |= self.sender(sender)
        for name in reversed(entry.name.split("/")):
            students = students or self.meant(name)
        if len(students) == 1:
            return next(iter(students)), ""
        if not students:
            return None, ""
        who = " or ".join(sorted(s.label for s in students))
        return None, f"This could be {who}'s; name it in the roster's column submission."

    def sender(self, sender):
        """The students whom a sender's email, number or name points to; the surest decides.

        Moodle numbers the people of each assignment anew: that is nobody's id.
        """
        lasting = sender.user_id and sender.system != "moodle"
        return (
            (self.by_key.get(plain(sender.email), set()) if sender.email else set())
            or (self.by_key.get(plain(sender.user_id), set()) if lasting else set())
            or self.by_name.get(letters(sender.name), set())
        )

    def meant(self, name):
        """The students whom a file's or a folder's name points to: all of it, else its pieces."""
        stem = NOTEBOOK.sub("", name)
        whole = self.by_key.get(plain(stem)) or self.by_name.get(letters(stem))
        if whole:
            return whole
        pieces = [p for p in re.split(r"[\s_,;()]+|-(?=\w)", stem) if p]
        pieces += [stem[k + 1 :] for k, c in enumerate(stem) if c in "-_"]  # task-jane-doe
        people = set()
        for piece in (p for p in pieces if len(p) > 2):
            people |= self.by_key.get(plain(piece), set()) | self.by_name.get(letters(piece), set())
        return people


def plain(text):
    """A key as it is compared: case and outer space do not count."""
    return unicodedata.normalize("NFKC", text).strip().casefold()


def letters(name):
    """A name's letters alone, without case and accents: "Doé, Jane" -> "doejane"."""
    apart = unicodedata.normalize("NFKD", name).casefold()
    return "".join(c for c in apart if c.isalnum())


def spellings(name):
    """A name as systems write it: Jane Doe, Doe Jane (Canvas's files: doejane)."""
    last, comma, first = name.partition(",")
    words = f"{first} {last}".split() if comma else name.split()
    orders = {letters(" ".join(words)), letters(" ".join([*words[-1:], *words[:-1]]))}
    return {spelling for spelling in orders if spelling}


def csv_text(option, path):
    """The text of a CSV file, with or without BOM; UserError names the option if it is no UTF-8."""
    try:
        return Path(path).read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UserError(f"{option}: {path} is not in UTF-8; save it as CSV UTF-8") from None


def load_roster(path):
    """The `Roster` of a CSV file; raises UserError for a header that names nobody."""
    text = csv_text("--roster", path)
    head = text.partition("\n")[0]
    delimiter = ";" if head.count(";") > head.count(",") else ","
    try:
        rows = list(csv.reader(io.StringIO(text), delimiter=delimiter))
    except csv.Error as error:
        raise UserError(f"--roster: {path}: {error}") from None
    if not rows:
        raise UserError(f"--roster: {path} is empty")
    heads = [plain(h).replace("_", " ") for h in rows[0]]
    names = [ALIASES.get(h, h.replace(" ", "_")) for h in heads]
    if not set(names) & {"name", "email", "id", "sis_id", "login", "github", "first", "last"}:
        raise UserError(f"--roster: the first line of {path} names none of {', '.join(FIELDS)}")
    students = []
    for row in rows[1:]:
        values = {n: v.strip() for n, v in zip(names, row, strict=False) if v.strip()}
        if "first" in values or "last" in values:
            given = f"{values.get('first', '')} {values.get('last', '')}".strip()
            values.setdefault("name", given)
        if values.get("name", "").startswith("Points Possible"):  # Canvas's second line
            continue
        known = {n: values[n] for n in FIELDS if n in values}
        if set(known) - {"section"}:
            students.append(Student(**known))
    return Roster(students)
