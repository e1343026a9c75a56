"""The temporal order problem: which of two symbols came first?"""

from dataclasses import dataclass

import numpy as np

from course_utils.shapes import positive_integer
from course_utils.tasks.batch import Batch


@dataclass(frozen=True)
class TemporalOrder:
    """Two of the symbols X, Y stand among four kinds of distractors; say which, in their order.

    The first stands at T/10 to T/5, the second at T/2 to 6T/10; the answer, one of XX, XY, YX, YY,
    is asked after the last step.  Hochreiter & Schmidhuber 1997, experiment 6a, with six symbols
    and a fixed length.
    """

    length: int = 50

    def __post_init__(self):
        positive_integer(length=self.length)
        if self.length < 10:
            raise ValueError(f"length: expected at least 10 steps, got {self.length}")

    def sample(self, rng, n):
        """-> x (T, n, 6) one-hot, target (n,), integers below 4."""
        T, each = self.length, np.arange(n)
        symbols = rng.integers(0, 4, (T, n))
        first = rng.integers(T // 10, T // 5 + 1, n)
        second = rng.integers(T // 2, 6 * T // 10 + 1, n)
        a, b = rng.integers(0, 2, (2, n))
        symbols[first, each], symbols[second, each] = 4 + a, 4 + b
        return Batch(np.eye(6)[symbols], 2 * a + b)
