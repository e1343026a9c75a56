"""The adding problem."""

from dataclasses import dataclass

import numpy as np

from course_utils.shapes import positive_integer
from course_utils.tasks.batch import Batch


@dataclass(frozen=True)
class Adding:
    """Add the two marked numbers of a long sequence of distractors.

    Each step shows a number from U[-1, 1] and a marker: 1 at two steps, one among the first ten and
    one before the middle, 0 elsewhere.  Target 0.5 + (X1 + X2) / 4, in [0, 1]; the last marked
    number is at least T / 2 steps before the answer.
    Hochreiter & Schmidhuber 1997, experiment 4.  Departures: every sequence has T steps (theirs
    T to T + T/10), the first and the last step are not marked by -1, the second mark never stands
    among the first ten steps (theirs may), and X1 is not set to zero when the first step is marked.
    """

    length: int = 100
    tolerance = 0.04  # an answer is wrong from here on: the paper's criterion

    def __post_init__(self):
        positive_integer(length=self.length)
        if self.length < 22:
            raise ValueError(f"length: expected at least 22 steps, got {self.length}")

    def sample(self, rng, n):
        """-> x (T, n, 2), target (n, 1)."""
        T, each = self.length, np.arange(n)
        x = np.zeros((T, n, 2))
        x[..., 0] = rng.uniform(-1, 1, (T, n))
        first, second = rng.integers(0, 10, n), rng.integers(10, T // 2, n)
        x[first, each, 1] = x[second, each, 1] = 1
        total = x[first, each, 0] + x[second, each, 0]
        return Batch(x, (0.5 + total / 4)[:, None])

    def wrong(self, prediction, target):
        """Share of the answers that are off by ``tolerance`` or more."""
        return float((np.abs(np.asarray(prediction) - target) >= self.tolerance).mean())
