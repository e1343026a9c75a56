"""Take from a submission the source of its answers, and nothing else.

What the student saved (outputs, metadata, tags, checks, seeds) is never graded: the answers go
into the pristine program.  Each answer is looked for by nbgrader's grade id, the cell's id, the
marker in its first line, and last by the functions it must define; the student is told what was
not graded.
"""

import ast
import re
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import pairwise

from course_utils.grading.exercise import MARKER, OURS
from course_utils.grading.helpers import definitions, own_names
from course_utils.grading.magics import without_installers


@dataclass
class Splice:
    """answers: question -> source (absent: none found); notes: what the student should know.

    helpers: {question: sources} of definitions in cells of the student's own, below its answer;
    None: those above the first.
    """

    answers: dict = field(default_factory=dict)
    helpers: dict = field(default_factory=dict)
    notes: list = field(default_factory=list)


def splice(exercise, cells):
    """Find the answers of ``exercise`` among the cells of a submission."""
    result = Splice()
    pieces = [piece for cell in cells for piece in split(cell)]
    claimed = {}
    for key in exercise.questions:
        copies = candidates(exercise, key, pieces)
        if copies:
            claimed[key] = choose(exercise, key, pieces, copies, result)
    for key, rules in exercise.questions.items():
        index = claimed.get(key)
        source = pieces[index].source if index is not None else ""
        if is_stub(exercise, key, source) or not set(rules.requires) <= bound(source):
            moved = moved_answer(rules, pieces, set(claimed.values()))
            if moved is not None:
                claimed[key] = moved
                result.notes.append(f"{key}: your answer was found in another cell.")
        if key not in claimed:
            result.notes.append(f"{key}: no answer was found.")
            continue
        piece = pieces[claimed[key]]
        if not piece.is_code:
            result.notes.append(f"{key}: the cell was not a code cell; its text was run as code.")
        result.answers[key] = prepared(key, piece.source, result)
    leftover(exercise, pieces, claimed, result)
    return result


def split(cell):
    """A cell into which several answers were merged, as one piece per marker."""
    starts = [m.start() for m in MARKER.finditer(cell.source)]
    if len(starts) < 2:
        return [cell]
    bounds = [0, *starts[1:], len(cell.source)]
    return [
        replace(cell, source=cell.source[a:b], cell_id="", grade_id="") for a, b in pairwise(bounds)
    ]


def marker_of(source):
    """The question that a source's marker names, or None."""
    match = MARKER.search(source)
    return match.group(1) if match else None


def candidates(exercise, key, pieces):
    """Indices of the pieces that say they answer this question; a marker outweighs an id."""
    ids = {c.cell_id for c in exercise.cells if c.role == "answer" and c.question == key}
    indices = []
    for index, piece in enumerate(pieces):
        marker = marker_of(piece.source)
        if marker in exercise.questions:
            matches = marker == key
        else:
            matches = piece.grade_id == key or piece.cell_id in ids
        if matches:
            indices.append(index)
    return indices


def choose(exercise, key, pieces, copies, result):
    """Of several copies: written ones before stubs, marked ones first, then the last."""

    def rank(index):
        source = pieces[index].source
        return (not is_stub(exercise, key, source), marker_of(source) == key, index)

    best = max(copies, key=rank)
    texts = {
        squeeze(pieces[k].source) for k in copies if not is_stub(exercise, key, pieces[k].source)
    }
    if len(texts) > 1:
        result.notes.append(f"{key}: found {len(copies)} different answers; the last was graded.")
    return best


def is_stub(exercise, key, source):
    """Is this the answer cell as it was handed out, or empty?"""
    return squeeze(source) in ("", squeeze(exercise.stubs[key]))


def squeeze(source):
    """A source without comments at line starts, blank lines and outer space."""
    lines = (line.strip() for line in source.split("\n"))
    return "\n".join(line for line in lines if line and not line.startswith("#"))


def moved_answer(rules, pieces, taken):
    """The last unclaimed code cell that defines all functions a question requires, or None."""
    if not rules.requires:
        return None
    for index in reversed(range(len(pieces))):
        piece = pieces[index]
        if index not in taken and piece.is_code:
            if set(rules.requires) <= bound(piece.source):
                return index
    return None


def prepared(key, source, result):
    """An answer's source as it is run, with a note on what was left out."""
    cleaned, count = without_installers(source)
    if count:
        result.notes.append(f"{key}: a line that installs packages was left out.")
    return cleaned


@lru_cache(maxsize=4096)
def bound(source):
    """The names that a source binds for the cells after it, in whatever way.

    `def`, also under an `if`; `step = lambda …` or `partial(…)`; an import, a loop, a walrus.
    """
    try:
        tree = ast.parse("\n".join("" if line.lstrip()[:1] in ("%", "!") else line
                                   for line in source.split("\n")))  # fmt: skip
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return frozenset(re.findall(r"^(?:def +|class +|)(\w+) *[(:=]", source, re.MULTILINE))
    names, waiting = set(), [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            names.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif isinstance(node, ast.alias):
            names.add((node.asname or node.name).partition(".")[0])
        elif not isinstance(node, ast.Lambda):
            waiting += ast.iter_child_nodes(node)
    return frozenset(names)


def leftover(exercise, pieces, claimed, result):
    """Cells that the student added: dropped with a note, or kept where the exercise says so."""
    given = {squeeze(c.source) for c in exercise.cells if c.role != "answer"}
    given_ids = {c.cell_id for c in exercise.cells if c.role != "answer"}
    taken = set(claimed.values())
    order = {index: key for key, index in claimed.items()}
    keep, last = exercise.helpers == "allow", None
    names = own_names(exercise)
    for index, piece in enumerate(pieces):
        last = order.get(index, last)
        if index in taken or not piece.is_code or not squeeze(piece.source):
            continue
        if squeeze(piece.source) in given or marker_of(piece.source) in exercise.questions:
            continue
        if piece.source.startswith(OURS):
            continue
        kept = definitions(piece.source, names) if keep else []
        result.helpers.setdefault(last, []).extend(kept)
        if piece.cell_id in given_ids:
            added = ", with the definitions that you added" if kept else ""
            result.notes.append(f"You changed a cell that was given; the original was used{added}.")
            continue
        where = f"after {last}" if last else "before your first answer"
        added = " itself, but its imports and definitions were used" if kept else ""
        result.notes.append(f"A cell that you added {where} was not graded{added}.")
