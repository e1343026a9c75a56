"""Which of several notebooks is the submission, and of which exercise: by what is written in it."""

import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from course_utils.grading.files import read
from course_utils.grading.guard import Overdue, time_limit
from course_utils.grading.notebook import Unreadable, read_cells
from course_utils.grading.splice import is_stub, splice

LARGEST_PEEK = 16 << 20  # a notebook beyond this is graded if it is alone, but not compared
PEEK_S = 10
SAME_S = 2  # what a zip rounds times to: files no further apart have one time
COPY = r"(?:another )?(?:copy|kopie|kopia|copie|copia|cópia|копия|副本)"
# what is put behind a name by browsers and Windows "(2)", macOS " 2", " copy 2", Jupyter "-Copy1",
# Windows " - Kopie (2)", GNOME " (copy)"; before it by Google Drive
AGAIN = re.compile(
    rf"\s*\((?P<a>\d{{1,3}})\)$|(?:\s+-\s+|[\s_-]+){COPY}(?P<b>\d{{0,3}})$"
    rf"|\s*\((?:\d+(?:st|nd|rd|th) )?{COPY}\)$|[\s-](?P<c>\d{{1,2}})$",
    re.IGNORECASE,
)
COPY_OF = re.compile(rf"^{COPY} (?:of|von|de|di|av|из) ", re.IGNORECASE)
BEGINS = re.compile(r"""\bbegin\(\s*["'](\w{1,80})["']""")


@dataclass(frozen=True)
class Peek:
    """written: answers that are no stub; begins: the exercise that its set-up cell names."""

    written: int = 0
    begins: str = ""
    readable: bool = False


@dataclass(frozen=True)
class Candidate:
    """A notebook of one student's: its place in the folder, where it lies, what it holds."""

    parts: tuple
    path: Path
    peek: Peek


def peek(exercise, path):
    """Look into a notebook; whatever is wrong with it counts as nothing written."""
    try:
        with time_limit(PEEK_S):
            return look(exercise, read_cells(read(path, LARGEST_PEEK))[0])
    except (Unreadable, Overdue, OSError, TypeError, ValueError, RecursionError, MemoryError):
        return Peek()


def look(exercise, cells):
    """The `Peek` of cells that were read; another exercise's answers count for nothing here."""
    begins = begun(exercise.name, cells)
    if begins not in ("", exercise.name):
        return Peek(0, begins, readable=True)
    spliced = splice(exercise, cells)
    written = sum(not is_stub(exercise, k, source) for k, source in spliced.answers.items())
    return Peek(written, begins, readable=True)


def begun(name, cells):
    """The exercise that a notebook's `grading.begin` names: ``name`` if it is there, "" if none."""
    names = [m.group(1) for c in cells if c.is_code for m in BEGINS.finditer(c.source)]
    return name if name in names else next(iter(names), "")


def turn(name):
    """(a file's name without what makes it another of the same, which of them it is).

    "lstm_step (2)" and "lstm_step - Kopie (2)" come after "lstm_step", whose turn is (0, 0).
    """
    stem, copies, number = name.removesuffix(".ipynb"), 0, 0
    while (match := AGAIN.search(stem)) and match.start():
        digits = match["a"] or match["b"] or match["c"]
        copies += not (match["a"] or match["c"])
        number, stem = number or int(digits or 0), stem[: match.start()]
    while match := COPY_OF.search(stem):
        copies, stem = copies + 1, stem[match.end() :]
    return stem, (copies, number)


def saved(path):
    """When a file was saved, in seconds; 0 where nobody knows."""
    try:
        return path.stat().st_mtime
    except OSError:
        return 0


def best(name, candidates):
    """(the candidate to grade, a note for the student).

    Most written answers first, then those that name this exercise; among equals the one saved last,
    the exercise's own name, the higher place in the folder, the latest copy, the later name.
    """

    def worth(candidate):
        return (candidate.peek.written, candidate.peek.begins == name)

    most = max(map(worth, candidates))
    equals = [c for c in candidates if worth(c) == most]
    times = [saved(c.path) for c in equals]
    latest = [c for c, t in zip(equals, times, strict=True) if max(times) - t <= SAME_S]
    stems = Counter((c.parts[:-1], turn(c.parts[-1])[0]) for c in latest)

    def rank(candidate):
        *above, last = candidate.parts
        stem, which = turn(last)
        again = which if stems[tuple(above), stem] > 1 else (0, 0)
        return (stem == name, -len(candidate.parts), again, candidate.parts)

    chosen = max(latest, key=rank)
    how = "it has the most written answers"
    if len(equals) > 1:
        how = "several have as many written answers, this is the "
        how += "one saved last" if len(latest) == 1 else "likeliest by its name"
        if len(latest) > 1 and rank(chosen)[2] > (0, 0):
            how = how.replace("likeliest by its name", "latest copy by its name")
    title = "/".join(chosen.parts)
    return chosen, f"The folder holds {len(candidates)} notebooks; {title} was graded ({how})."


def wrong_exercise(name, cells):
    """Why a notebook is none of this exercise, or ""."""
    begins = begun(name, cells)
    if begins not in ("", name):
        return f"this is the notebook of the exercise {begins}, not of {name}"
    return ""
