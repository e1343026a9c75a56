"""The words of a verdict: how a bundle compares with the public reference, and the likely cause.

One judge for three places: the notebook's own check, `course check` and the feedback page.
"""

import math
import re
from typing import NamedTuple

from course_utils.grading.bundle import BundleError, unpack
from course_utils.grading.compare import ATOL, RTOL, compare
from course_utils.grading.fingerprint import distance

FEW = 4  # a part with fewer values is no evidence by itself


class Judged(NamedTuple):
    """points: of the question's; lines: for the student, the first begins with the question."""

    points: float
    most: float
    lines: list

    @property
    def right(self):
        """Has it all its points?"""
        return self.points == self.most


def judge(key, rules, bundle):
    """A bundle against the public reference of its question -> `Judged`.

    rules: the question's entry of the exercise's references (see `derive.public_of`).
    """
    wanted = unpack(rules["bundle"])[1]
    try:
        given = unpack(bundle)[1]
    except BundleError as error:
        given = dict.fromkeys(wanted, str(error))
    reached, verdicts = points(rules, given)
    most = rules.get("points", 0)
    lines = [f"  {n}: {located(v.text, rules, n)}" for n, v in verdicts.items() if not v.ok]
    right = len(verdicts) - len(lines)
    counted = f"({number(reached)} of {number(most)} points)"
    if not lines:
        return Judged(reached, most, [f"{key}: right. Well done. {counted}"])
    head = f"{key}: {right} of {len(wanted)} right." if len(wanted) > 1 else f"{key}:"
    said = [f"  {line}" for line in causes(rules, given)]
    return Judged(reached, most, [f"{head} Not yet {counted}:", *lines, *said])


def points(rules, given):
    """(points, {part: Verdict}) of parts; one that is joined counts only with the other."""
    wanted, joined = unpack(rules["bundle"])[1], rules.get("joined", {})
    alone = {name: compared(rules, part, given.get(name)) for name, part in wanted.items()}
    verdicts = {}
    for name, said in alone.items():
        other = joined.get(name)
        if other and said.ok and not alone[other].ok:
            said = said._replace(ok=False, text=alone_is_idle(other))
        verdicts[name] = said
    right = sum(said.ok for said in verdicts.values())
    return round(rules.get("points", 0) * right / len(verdicts), 4), verdicts


def alone_is_idle(other):
    """What is said of a part that is right, but that an answer without any work gets right too."""
    return f"right, but it would be without any work: it counts when `{other}` is right too"


def nothing(key, rules, why):
    """The verdict on a question that gave no values; why: lines, the cause first."""
    most = rules.get("points", 0)
    head = f"{key}: {why[0]} (0 of {number(most)} points)"
    return Judged(0.0, most, [head, *(f"  {line}" for line in why[1:])])


def not_allowed(key, rules, names):
    """The verdict on an answer that uses what is not there when it is graded."""
    listed = " and ".join(f"`{name}`" for name in names)
    return nothing(key, rules, [f"uses {listed}, which is not allowed here: it earns nothing"])


def number(value):
    """3.0 as 3, 2.25 as 2.25."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def compared(rules, part, given):
    """The `compare` of one part by its question's tolerances."""
    return compare(part, given, rules.get("rtol", RTOL), rules.get("atol", ATOL), reveal=True)


def located(text, rules, name):
    """A place in the check's own stack of cases, told by the case: "[0, 2] of the case τ = 2"."""
    cases = rules.get("stacked", {}).get(name)
    if not cases:
        return text

    def case(index):
        return cases[index] if isinstance(cases, list) and index < len(cases) else f"{index}"

    def place(match):
        index, *rest = (int(k) for k in match.group(1).split(","))
        inside = f"{rest} of " if rest else ""
        return f"the first at {inside}the case {case(index)}"

    text = re.sub(r"the first at \[(\d+(?:, \d+)*)\]", place, text)
    return re.sub(
        r"index (\d+) of axis 0", lambda match: f"the case {case(int(match.group(1)))}", text
    )


def causes(rules, given):
    """Likely causes, as lines: what the numbers are those of, and the hint of a known mistake."""
    hint = known_mistake(rules, given)
    named = named_by_numbers(rules, given)
    return [*([named] if named else []), *([f"Hint: {hint}"] if hint else [])]


def known_mistake(rules, given):
    """The hint of the recorded mistake that gives just these values, or None.

    With two mistakes at once no record fits as a whole; then the first wrong part decides that a
    record has in common with them, for one hint at a time is enough. A record that changes a part
    which is right here is another mistake.
    """
    wrong = wrong_parts(rules, given)
    recorded = rules.get("mistakes", ())
    best = nearest(recorded, wrong, given)
    if best is None:
        for name in wrong:
            fitting = [m for m in recorded if {name} <= set(m["prints"]) <= set(wrong)]
            best = nearest(fitting, [name], given, alone=True)
            if best is not None:
                break
    return best["hint"] if best else None


def named_by_numbers(rules, given):
    """ "Your h is that of a cell with i and f swapped, from t = 1.", or "" where none fits."""
    diagnosis = rules.get("diagnosis")
    if not diagnosis:
        return ""
    wrong = [n for n in wrong_parts(rules, given) if n in diagnosis["parts"]]
    if not wrong:
        return ""
    best = nearest(diagnosis["classes"], wrong, given)
    if best is not None:
        return told(wrong, best["words"], first_step(rules, given, wrong))
    by_words = {}
    for name in wrong:
        classes = [c for c in diagnosis["classes"] if name in c["prints"]]
        best = nearest(classes, [name], given, alone=True)
        if best is not None:
            by_words.setdefault(best["words"], []).append(name)
    said = [told(n, w, first_step(rules, given, n)) for w, n in by_words.items()]
    return " ".join(said[:2])


def told(names, words, step):
    """The sentence that names a class."""
    listed = ", ".join(names[:-1]) + " and " + names[-1] if len(names) > 1 else names[0]
    if len(names) > 4:
        listed, names = "values", ["values", ""]
    verb = "are those" if len(names) > 1 else "is that"
    return f"Your {listed} {verb} of {words}{step}."


def wrong_parts(rules, given):
    """Names of the parts that differ from the reference, in their order."""
    wanted = unpack(rules["bundle"])[1]
    return [n for n, part in wanted.items() if not compared(rules, part, given.get(n)).ok]


def nearest(recorded, wrong, given, alone=False):
    """The record whose wrong parts are just these and have these values, or None.

    alone: only the named part is looked at, and only if it has enough values to tell.
    """
    if not wrong:  # right for the public seed: nothing here tells one mistake from another
        return None
    best, least = None, 1.0
    for record in recorded:
        prints = record["prints"]
        if not alone and set(prints) != set(wrong):
            continue
        if any(name not in given or isinstance(given[name], str) for name in wrong):
            continue
        if alone and given[wrong[0]].values.size < FEW:
            continue
        gap = max(distance(prints[name], given[name]) for name in wrong)
        if gap < least:
            best, least = record, gap
    return best


def first_step(rules, given, names):
    """ ", from t = 1" where a part has a time axis and is right before; else ""."""
    wanted = unpack(rules["bundle"])[1]
    first = math.inf
    for name in names:
        if name not in rules["diagnosis"].get("time", ()):
            continue
        part = given[name]
        if part.values.shape != wanted[name].values.shape:
            continue
        steps = [
            compared(rules, wanted[name]._replace(values=w), part._replace(values=g)).ok
            for w, g in zip(wanted[name].values, part.values, strict=True)
        ]
        first = min(first, steps.index(False) if False in steps else math.inf)
    return f", from t = {first}" if first < math.inf else ""
