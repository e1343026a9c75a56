"""Which folders are one student's, and which hold several: by names, and by what is in them."""

import re
from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from pathlib import Path

from course_utils.grading.files import FileTooLarge, read
from course_utils.grading.notebook import LARGEST_FILE, Unreadable
from course_utils.grading.pick import Candidate, Peek, best, peek
from course_utils.grading.systems import sender_of

NO_NOTEBOOK = "the folder holds no .ipynb file"
NOTEBOOK = re.compile(r"\.ipynb(\.(txt|json))?$", re.IGNORECASE)  # as browsers save them
DEEPEST = 40  # folders in folders below which nobody sorts students
MOST_PEEKS = 2000  # notebooks that are looked into below one name
GRADESCOPE = re.compile(r"submission_\d+")
# words in the names of one's own files: what is left of a name without them may be a person's
OWN_WORDS = re.compile(
    r"draft|final|copy|kopie|solutions?|solved|answers?|home ?works?|untitled|versions?|backup"
    r"|attempt|submissions?|notebooks?|handouts?|original|template|starter|exercises?|assignments?"
    r"|\b(my|old|new|hw|v|ex|work|real|src|code|main|master)\b|\d",
)


@dataclass(frozen=True)
class Entry:
    """One row to be: the name as given, the notebook if there is one, else why not."""

    name: str
    path: Path | None
    reason: str = ""
    note: str = ""
    senders: tuple = ()

    def read(self):
        """The notebook's bytes, read once; `Unreadable` says why there are none."""
        if self.path is None:
            raise Unreadable(self.reason)
        try:
            return read(self.path, LARGEST_FILE)
        except FileTooLarge as error:
            raise Unreadable(f"{error}; clear its outputs") from None
        except (OSError, ValueError) as error:
            why = getattr(error, "strerror", None) or error
            raise Unreadable(f"the file could not be read: {why}") from None


@dataclass(frozen=True)
class File:
    """Something found: its place as names below the folder, where it lies, or why it cannot.

    Neither path nor reason: a folder in which nothing was found.
    """

    parts: tuple
    path: Path | None
    why: str = ""


def is_notebook(name):
    """By its name."""
    return bool(NOTEBOOK.search(name))


class Divider:
    """Turns files into entries; looks into notebooks where names alone do not decide."""

    def __init__(self, exercise, known=None):
        self.exercise, self.known = exercise, known or (lambda name: False)
        self.peeks, self.looked, self.done = {}, Counter(), {}

    def entries(self, files):
        """One `Entry` per submission; a single folder around everything is not part of names."""
        entries = self.top(files)
        while len(entries) > 1:
            heads = {f.parts[0] for f in files}
            if len(heads) > 1 or any(len(f.parts) == 1 and f.path is not None for f in files):
                break
            files = [replace(f, parts=f.parts[1:]) for f in files if len(f.parts) > 1]
            entries = [replace(e, name=e.name.partition("/")[2]) for e in entries]
        return list(distinct(entries))

    def top(self, files):
        """The entries of the outermost folder, which is never one student's."""
        return [e for head, below in groups((), files).items() for e in self.divide(head, below)]

    def divide(self, head, files):
        """The entries at or below one name: itself, or one for each of several people."""
        if head not in self.done:
            self.done[head] = self.divided(head, files)
        return self.done[head]

    def divided(self, head, files):
        """As `divide`, worked out once for each name."""
        if len(files) == 1 and files[0].parts == head:
            path, why = files[0].path, files[0].why
            return [Entry("/".join(head), path, why if path or why else NO_NOTEBOOK)]
        below = groups(head, files)
        if self.is_one(head, below):
            return [self.one(head, files)]
        return [e for name, inner in below.items() for e in self.divide(name, inner)]

    def is_one(self, head, below):
        """Is this folder one submission?  Not where several people's work is in it."""
        if len(head) > DEEPEST:
            return True
        if sender_of(head[-1]) or GRADESCOPE.fullmatch(head[-1]) or self.known(head[-1]):
            return True
        senders = {s.user_id for s in map(sender_of, (name[-1] for name in below)) if s}
        students = sum(self.known(NOTEBOOK.sub("", name[-1])) for name in below)
        if len(senders) > 1 or students > 1 or any(GRADESCOPE.fullmatch(n[-1]) for n in below):
            return False
        work = {
            name: notebooks
            for name, files in below.items()
            if (notebooks := [f for f in files if is_notebook(f.parts[-1])])
        }
        if sum(len(files) for files in work.values()) < 2:
            return True
        ours = {n: mine for n, fs in work.items() if (mine := [f for f in fs if self.ours(f)])}
        work = ours or work
        for name, files in work.items():
            if files[0].parts != name and len(self.divide(name, files)) > 1:
                return False
        people = {self.person(name[-1]): files for name, files in work.items()}
        people.pop("", None)
        if len(people) < 2:
            return True
        own = any(files[0].parts == name and not self.person(name[-1]) for name, files in
                  work.items())  # fmt: skip
        busy = sum(any(self.busy(f) for f in files) for files in people.values())
        return own and busy < 2

    def ours(self, file):
        """May this be somebody's work on this exercise?  Not the course's other notebooks."""
        glance, stem = self.peek(file), NOTEBOOK.sub("", file.parts[-1])
        if glance.written or not glance.readable or glance.begins == self.exercise.name:
            return True
        return glance.begins not in ("", stem)

    def busy(self, file):
        """Has somebody written into it (or damaged it)?"""
        glance = self.peek(file)
        return bool(glance.written) or not glance.readable

    def person(self, name):
        """What is left of a name without the exercise's and without words for versions of work."""
        words = re.sub(r"[\W_]+", " ", NOTEBOOK.sub("", name).lower())
        own = self.exercise.name.lower().replace("_", " ")
        rest = OWN_WORDS.sub(" ", words.replace(own, " ").replace(own.replace(" ", ""), " "))
        return " ".join(rest.split())

    def peek(self, file):
        """What a notebook holds, looked at once."""
        if file.path not in self.peeks:
            self.looked[file.parts[0]] += 1
            few = self.looked[file.parts[0]] <= MOST_PEEKS
            self.peeks[file.path] = peek(self.exercise, file.path) if few else Peek()
        return self.peeks[file.path]

    def one(self, head, files):
        """The entry of a folder: the notebook with the most written answers."""
        name = "/".join(head)
        notebooks = [f for f in files if is_notebook(f.parts[-1]) and f.path is not None]
        if not notebooks:
            why = next((f.why for f in files if f.why), NO_NOTEBOOK)
            return Entry(name, None, why)
        if len(notebooks) == 1:
            return Entry(name, notebooks[0].path)
        looked = [Candidate(f.parts[len(head) :], f.path, self.peek(f)) for f in notebooks]
        chosen, note = best(self.exercise.name, looked)
        return Entry(name, chosen.path, note=note)


def groups(place, files):
    """Files by the name directly below a place; the place's own marker is none of them."""
    grouped = defaultdict(list)
    for file in files:
        if len(file.parts) > len(place):
            grouped[file.parts[: len(place) + 1]].append(file)
    return grouped


def distinct(entries):
    """Entries whose names differ: a zip may hold the same name twice."""
    seen = defaultdict(int)
    for entry in entries:
        seen[entry.name] += 1
        again = seen[entry.name]
        yield entry if again == 1 else replace(entry, name=f"{entry.name} ({again})")
