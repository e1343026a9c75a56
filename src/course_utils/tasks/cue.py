"""I grew up in France … I speak fluent French: a cue, a gap, a question."""

from dataclasses import dataclass

import numpy as np

from course_utils.shapes import positive_integer
from course_utils.tasks.batch import Batch


@dataclass(frozen=True)
class Cue:
    """The first word names one of ``cues`` countries, ``gap`` words say nothing, the last asks.

    Each word is one-hot over cues, fillers and the question, so that nothing but the first word
    tells the answer and only its distance makes the task hard.
    """

    gap: int = 10
    cues: int = 4
    fillers: int = 8

    def __post_init__(self):
        positive_integer(gap=self.gap, cues=self.cues, fillers=self.fillers)

    @property
    def words(self):
        """Size of the vocabulary."""
        return self.cues + self.fillers + 1

    def sample(self, rng, n):
        """-> x (gap + 2, n, words) one-hot, target (n,), the cue as an integer; all count."""
        words = np.empty((self.gap + 2, n), int)
        words[0] = target = rng.integers(0, self.cues, n)
        words[1:-1] = rng.integers(self.cues, self.cues + self.fillers, (self.gap, n))
        words[-1] = self.words - 1
        return Batch(np.eye(self.words)[words], target)
