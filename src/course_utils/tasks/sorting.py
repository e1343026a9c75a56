"""Sorting by pointing: the answer is made of places in the input."""

from dataclasses import dataclass

import numpy as np

from course_utils.shapes import positive_integer
from course_utils.tasks.batch import Batch


@dataclass(frozen=True)
class Sorting:
    """Point at the smallest of ``shortest`` to ``longest`` numbers, then at the next, and so on.

    Numbers from U[0, 1), every length as likely.  The vocabulary of the answer is the input itself,
    which no fixed softmax can have: pointer networks (Vinyals et al. 2015) were made for such.
    """

    shortest: int = 5
    longest: int = 5

    def __post_init__(self):
        positive_integer(shortest=self.shortest, longest=self.longest)
        if self.shortest > self.longest:
            raise ValueError(f"shortest: {self.shortest} is more than longest, {self.longest}")

    def sample(self, rng, n):
        """-> x (S, n, 1), zero after the numbers; target (S, n), place of the k-th smallest; mask.

        The mask (S, n) is true where there is a number, and so where an answer counts.
        """
        lengths = rng.integers(self.shortest, self.longest + 1, n)
        steps = lengths.max(initial=0)
        mask = np.arange(steps)[:, None] < lengths
        x = rng.random((steps, n)) * mask
        order = np.argsort(np.where(mask, x, np.inf), axis=0, kind="stable")
        return Batch(x[..., None], order * mask, mask)
