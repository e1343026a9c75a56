"""Selective copying: remember some symbols, ignore the others."""

from dataclasses import dataclass

import numpy as np

from course_utils.shapes import positive_integer
from course_utils.tasks.batch import Batch


@dataclass(frozen=True)
class SelectiveCopy:
    """Repeat, in their order, ``items`` symbols that stand at random places among blanks.

    ``length`` steps with the symbols somewhere among them, then ``items`` steps with a go sign, at
    which the answers count.  Symbols are 0 … alphabet - 1, then blank, then go.  The places differ
    from sequence to sequence, so that no fixed delay solves it (Gu & Dao 2023, after the copy task
    of Arjovsky, Shah & Bengio 2016).
    """

    length: int = 64
    items: int = 8
    alphabet: int = 8

    def __post_init__(self):
        positive_integer(length=self.length, items=self.items, alphabet=self.alphabet)
        if self.items > self.length:
            raise ValueError(
                f"items: {self.items} do not fit into length={self.length}; change one of them"
            )

    @property
    def symbols(self):
        """Size of the input's vocabulary; answers are symbols of the alphabet."""
        return self.alphabet + 2

    def sample(self, rng, n):
        """-> x (length + items, n, symbols) one-hot, target (length + items, n) integers; the last
        ``items`` steps count.
        """
        blank, go = self.alphabet, self.alphabet + 1
        T = self.length + self.items
        items = rng.integers(0, self.alphabet, (self.items, n))
        places = np.sort(rng.random((self.length, n)).argsort(axis=0)[: self.items], axis=0)
        read = np.full((T, n), blank)
        np.put_along_axis(read, places, items, axis=0)
        read[self.length :] = go
        target, mask = np.zeros((T, n), int), np.zeros((T, n), bool)
        target[self.length :] = items
        mask[self.length :] = True
        return Batch(np.eye(self.symbols)[read], target, mask)
