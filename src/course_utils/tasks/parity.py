"""Parity: is the number of ones odd?"""

from dataclasses import dataclass

import numpy as np

from course_utils.shapes import positive_integer
from course_utils.tasks.batch import Batch


@dataclass(frozen=True)
class Parity:
    """One vector, seen at one step: the parity of its ones.

    Of ``size`` elements a random number, at least one, at random places, are +1 or -1, the others
    0; the answer is 1 where the number of +1 is odd.  What makes it hard is to be done in one step
    or in few.  Graves 2016, section 3.1, with size 64.
    """

    size: int = 64

    def __post_init__(self):
        positive_integer(size=self.size)

    def sample(self, rng, n):
        """-> x (1, n, size), target (1, n, 1) of 0 and 1; all count."""
        signs = rng.choice([-1.0, 1.0], (n, self.size))
        count = rng.integers(1, self.size + 1, n)
        places = rng.random((n, self.size)).argsort(axis=1)
        x = np.where(places < count[:, None], signs, 0.0)
        return Batch(x[None], ((x == 1).sum(axis=1) % 2).astype(float)[None, :, None])

    def difficulty(self, x):
        """How many elements count: x (1, n, size) -> (n,)."""
        return (x[0] != 0).sum(axis=-1)
