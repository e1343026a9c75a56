"""A small language in which a pronoun must agree with the last person named."""

from dataclasses import dataclass

import numpy as np

from course_utils.shapes import expect_ids, positive_integer
from course_utils.tasks.batch import Batch

WOMEN = ("Ada", "Grace", "Emmy")
MEN = ("Alan", "Kurt", "Leo")
FILLERS = ("then", "slowly", "today", "walked", "home", "again", "quietly", "sang")
PRONOUNS = ("she", "he")
WORDS = (*WOMEN, *MEN, *PRONOUNS, *FILLERS)


@dataclass(frozen=True)
class Subjects:
    """Words without end: names now and then, pronouns now and then, fillers in between.

    A pronoun is "she" after a woman's name and "he" after a man's, however many fillers lie in
    between.  ``name`` and ``pronoun`` are the probabilities of each at a step.
    """

    length: int = 40
    name: float = 0.08
    pronoun: float = 0.12

    def __post_init__(self):
        positive_integer(length=self.length)

    def sample(self, rng, n):
        """-> x (T, n) word ids, target (T, n) the next word; each sequence begins with a name."""
        T = self.length + 1
        kind = rng.random((T, n))
        named = kind < self.name
        named[0] = True
        woman = rng.random((T, n)) < 0.5
        latest = np.maximum.accumulate(np.where(named, np.arange(T)[:, None], -1))
        woman = np.take_along_axis(woman, latest, axis=0)  # of the last person named
        names = np.where(woman, 0, len(WOMEN)) + rng.integers(0, 3, (T, n))
        spoken = len(WOMEN) + len(MEN) + np.where(woman, 0, 1)
        filler = len(WORDS) - len(FILLERS) + rng.integers(0, len(FILLERS), (T, n))
        ids = np.where(named, names, np.where(kind < self.name + self.pronoun, spoken, filler))
        return Batch(ids[:-1], ids[1:], None)


def gender(ids):
    """+1 from a woman's name on, -1 from a man's: what must be remembered; ids (T, n)."""
    named = expect_ids("ids", ids, len(WORDS)) < len(WOMEN) + len(MEN)
    latest = np.maximum.accumulate(np.where(named, np.arange(len(ids))[:, None], -1))
    last = np.take_along_axis(ids, np.maximum(latest, 0), axis=0)
    return np.where(last < len(WOMEN), 1, -1)
