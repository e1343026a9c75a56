"""Which of several notebooks is the submission, and of which exercise: by what is written in it."""

import re
from dataclasses import dataclass
from pathlib import Path

from course_utils.grading.files import read
from course_utils.grading.guard import Overdue, time_limit
from course_utils.grading.notebook import Unreadable, read_cells
from course_utils.grading.splice import is_stub, splice

LARGEST_PEEK = 16 << 20  # a notebook beyond this is graded if it is alone, but not compared
PEEK_S = 10
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


def best(name, candidates):
    """(the candidate to grade, a note for the student).

    Most written answers first; among equals the exercise's own name, the higher place in the
    folder, the later name.
    """

    def rank(candidate):
        own = candidate.parts[-1].removesuffix(".ipynb") == name
        place = (-len(candidate.parts), candidate.parts)
        return (candidate.peek.written, candidate.peek.begins == name, own, place)

    chosen = max(candidates, key=rank)
    how = "it has the most written answers"
    if sum(c.peek.written == chosen.peek.written for c in candidates) > 1:
        how = "several have as many written answers"
    title = "/".join(chosen.parts)
    return chosen, f"The folder holds {len(candidates)} notebooks; {title} was graded ({how})."


def wrong_exercise(name, cells):
    """Why a notebook is none of this exercise, or ""."""
    begins = begun(name, cells)
    if begins not in ("", name):
        return f"this is the notebook of the exercise {begins}, not of {name}"
    return ""
