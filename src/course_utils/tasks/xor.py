"""Exclusive or, in time."""

from dataclasses import dataclass

import numpy as np

from course_utils.shapes import positive_integer
from course_utils.tasks.batch import Batch


@dataclass(frozen=True)
class TemporalXor:
    """At each step: does this bit differ from the one before?  No linear function knows.

    Elman 1990 trains the same function on a stream of triples.
    """

    length: int = 12

    def __post_init__(self):
        positive_integer(length=self.length)

    def sample(self, rng, n):
        """-> x (T, n, 1) of ±1, target (T, n, 1) of 0 and 1; the first step does not count."""
        x = rng.choice([-1.0, 1.0], (self.length, n, 1))
        before = np.concatenate([x[:1], x[:-1]])
        mask = np.ones((self.length, n), bool)
        mask[0] = False
        return Batch(x, (x != before).astype(float), mask)
