"""Rules: short sentences that a recorded number satisfies or does not.

    ge 0.9                      the claim's own value; also gt, le, lt, at least, less than …
    lstm.rate ge 0.9            another value of the same record
    every nets.*.rate le 1      each number at these places; * stands for every key
    at least 2 times rnn.rate   compared with another recorded value
    within 0.02 of paper        the source's number;  between 0.4 and 0.6

All of them say that a number lies in an interval; how far it is from the ends is its margin.
"""

import math
import re
from dataclasses import dataclass

import numpy as np

from course_utils.ledger.results import LedgerError

SIDES = {  # word: (bounded below, the end itself belongs to it)
    "ge": (True, True), "at least": (True, True),
    "gt": (True, False), "greater than": (True, False),
    "le": (False, True), "at most": (False, True),
    "lt": (False, False), "less than": (False, False),
}  # fmt: skip
WORDS = "|".join(sorted((*SIDES, "within", "between"), key=len, reverse=True))
SHAPE = re.compile(rf"(?:(every) )?(?:(?!(?:{WORDS}) )(\S+) )?({WORDS}) (.+)")


@dataclass(frozen=True)
class Interval:
    """The numbers from low to high; closed: whether the ends belong to it."""

    low: float
    high: float
    closed: bool

    def __contains__(self, x):
        return self.low <= x <= self.high if self.closed else self.low < x < self.high

    @property
    def ends(self):
        """The finite ones, one or two; arrays if the interval was made of arrays."""
        return [end for end in (self.low, self.high) if np.isfinite(end).all()]


@dataclass(frozen=True)
class Rule:
    """One parsed rule; subject "" is the claim's own value.

    operands: what is compared with, each a tuple of factors (numbers or paths).
    """

    text: str
    every: bool
    subject: str
    word: str
    operands: tuple

    def interval(self, look):
        """The interval that this rule demands; look(path) -> a recorded number."""
        ends = [math.prod(look(f) if isinstance(f, str) else f for f in o) for o in self.operands]
        if self.word == "between":
            return Interval(*ends, closed=True)
        if self.word == "within":
            return Interval(ends[1] - ends[0], ends[1] + ends[0], closed=True)
        below, closed = SIDES[self.word]
        low, high = (ends[0], math.inf) if below else (-math.inf, ends[0])
        return Interval(low, high, closed)


def parse(text):
    """A rule from its text, or a LedgerError."""
    match = SHAPE.fullmatch(text)
    if not match:
        raise LedgerError(f"no such rule: {text!r}")
    every, subject, word, rest = match.groups()
    splitter = {"within": " of ", "between": " and "}.get(word)
    parts = rest.split(splitter) if splitter else [rest]
    operands = tuple(tuple(map(_factor, part.split(" times "))) for part in parts)
    if len(parts) != (2 if splitter else 1) or any(" " in path for path in _paths(operands)):
        raise LedgerError(f"no such rule: {text!r}")
    return Rule(text, bool(every), subject or "", word, operands)


def _paths(operands):
    return [f for factors in operands for f in factors if isinstance(f, str)]


def _factor(text):
    try:
        return float(text)
    except ValueError:
        return text.strip()
