"""Submissions that are the same, or nearly: a reason for a person to look, never a proof.

`fingerprint` runs where a submission is graded and leaves hashes in its record; `likeness` compares
the hashes of a class.  Names, comments, layout and constants do not count; what many wrote (short
answers have one natural form) does not count either.
"""

import ast
import hashlib
from collections import Counter, defaultdict

from course_utils.grading.exercise import BEGIN, END
from course_utils.grading.splice import is_stub
from course_utils.grading.syntax import parsed

SHINGLE = 12  # neighbouring nodes of the syntax tree that are hashed together
MOST_HASHES = 400
LEAST_RARE = 8  # fewer rare pieces say nothing
ALIKE = 0.8
RARE_SHARE = 0.1


def fingerprint(exercise, answers):
    """{"text": hash of the written answers as they stand, "tree": hashes of their structure}.

    {} where nothing was written.
    """
    written = {k: s for k, s in answers.items() if not is_stub(exercise, k, s)}
    if not written:
        return {}
    text = "\n".join(f"{k}\n{squeeze(s)}" for k, s in sorted(written.items()))
    return {"text": digest(text, 16), "tree": sorted(shingles(written))[:MOST_HASHES]}


def squeeze(source):
    """A source without blank lines, space at the ends of lines and the solution's markers."""
    lines = (line.rstrip() for line in source.split("\n"))
    return "\n".join(line for line in lines if line and line.strip() not in (BEGIN, END))


def digest(text, length=8):
    """A short hash."""
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:length]


def shingles(answers):
    """Hashes of every run of neighbouring nodes, per question."""
    hashes = set()
    for key, source in answers.items():
        words = structure(source)
        for start in range(max(1, len(words) - SHINGLE + 1)):
            hashes.add(digest(f"{key} {' '.join(words[start : start + SHINGLE])}"))
    return hashes


def structure(source):
    """The syntax tree as words: kinds of nodes, attributes and operators, names by first use."""
    tree = parsed(source)
    if tree is None:
        return source.split()[:5000]
    names, words = {}, []
    for node in ast.walk(tree):
        words.append(type(node).__name__)
        if isinstance(node, ast.Name):
            words.append(f"n{names.setdefault(node.id, len(names))}")
        elif isinstance(node, ast.arg):
            words.append(f"n{names.setdefault(node.arg, len(names))}")
        elif isinstance(node, ast.Attribute):
            words.append(node.attr)
    return words


def likeness(exercise, records):
    """{submission: [flags]} for submissions that equal another, or come close to it."""
    prints = {r.submission: r.fingerprint for r in records if r.fingerprint}
    flags = defaultdict(list)
    same = defaultdict(list)
    for name, marks in prints.items():
        same[marks["text"]].append(name)
    solution = fingerprint(exercise, {c.question: c.source for c in exercise.cells
                                      if c.role == "answer"})  # fmt: skip
    for text, names in same.items():
        if text == solution["text"]:
            for name in names:
                flags[name].append("its answers are the published solution's, word for word")
        elif len(names) > 1:
            for name in names:
                others = [n for n in names if n != name]
                flags[name].append(f"its answers equal those of {listed(others)}, word for word")
    for (one, other), share in near(prints, set(solution["tree"])).items():
        if prints[one]["text"] != prints[other]["text"]:
            for name, twin in ((one, other), (other, one)):
                flags[name].append(f"its answers are built like those of {twin} ({share:.0%})")
    return flags


def near(prints, solution):
    """{(one, other): share of rare pieces in common} for the pairs that are alike.

    Rare: in few submissions and not in the solution.
    """
    count = Counter(h for marks in prints.values() for h in marks["tree"])
    most = max(3, round(RARE_SHARE * len(prints)))
    rare = {
        name: {h for h in marks["tree"] if count[h] <= most} - solution
        for name, marks in prints.items()
    }
    holders = defaultdict(list)
    for name, hashes in rare.items():
        for h in hashes:
            holders[h].append(name)
    shared = Counter()
    for names in holders.values():
        names.sort()
        shared.update((a, b) for k, a in enumerate(names) for b in names[k + 1 :])
    shares = {}
    for (a, b), both in shared.items():
        share = both / len(rare[a] | rare[b])
        if both >= LEAST_RARE and share >= ALIKE:
            shares[a, b] = share
    return shares


def listed(names):
    """A few names, and how many more."""
    shown = ", ".join(names[:3])
    return shown if len(names) <= 3 else f"{shown} and {len(names) - 3} more"
