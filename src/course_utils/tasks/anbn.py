"""aⁿbⁿ: after as many b as there were a, the string is over."""

from dataclasses import dataclass

import numpy as np

from course_utils.shapes import positive_integer
from course_utils.tasks.batch import Batch


@dataclass(frozen=True)
class AnBn:
    """n letters a, then n letters b, n from ``shortest`` to ``longest``, all as likely.

    At each b the answer says whether it was the last; at an a nothing is asked, for nobody can
    know.  To be right throughout is to count.  Strings are filled up with zeros.  After Gers &
    Schmidhuber 2001, who predict the next symbol, in a stream with a start symbol.
    """

    shortest: int = 1
    longest: int = 10

    def __post_init__(self):
        positive_integer(shortest=self.shortest, longest=self.longest)
        if self.shortest > self.longest:
            raise ValueError(
                f"shortest: expected at most longest={self.longest}, got {self.shortest}"
            )

    def sample(self, rng, n):
        """-> x (2 longest, n, 2) one-hot, target (2 longest, n) of 0 and 1, mask: the letters b."""
        count = rng.integers(self.shortest, self.longest + 1, n)
        t = np.arange(2 * self.longest)[:, None]
        a, b = t < count, (t >= count) & (t < 2 * count)
        return Batch(np.stack([a, b], axis=-1).astype(float), (t == 2 * count - 1).astype(int), b)
