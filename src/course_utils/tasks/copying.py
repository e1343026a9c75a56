"""The copy task: ten symbols, a long silence, and then the ten again."""

from dataclasses import dataclass

import numpy as np

from course_utils.shapes import positive_integer
from course_utils.tasks.batch import Batch


@dataclass(frozen=True)
class Copy:
    """Repeat ``items`` symbols of ``alphabet`` kinds after ``delay`` blanks and a go sign.

    The T = delay + 2·items steps show the items, delay - 1 blanks, the go sign and then ``items``
    blanks; the answer is blank except at the last ``items`` steps.  Symbols are 0 … alphabet - 1,
    then blank, then go.  As in Arjovsky, Shah & Bengio 2016, after Hochreiter & Schmidhuber 1997.
    """

    delay: int = 20
    items: int = 10
    alphabet: int = 8

    def __post_init__(self):
        positive_integer(delay=self.delay, items=self.items, alphabet=self.alphabet)

    @property
    def symbols(self):
        """Size of the input's vocabulary; answers never contain the go sign."""
        return self.alphabet + 2

    @property
    def memoryless(self):
        """Nats per step of the best answer that remembers nothing: blank, then a guess."""
        return self.items * np.log(self.alphabet) / (self.delay + 2 * self.items)

    def sample(self, rng, n):
        """-> x (T, n, alphabet + 2) one-hot, target (T, n) integers up to alphabet; all count."""
        blank, go = self.alphabet, self.alphabet + 1
        steps = self.delay + 2 * self.items
        items = rng.integers(0, self.alphabet, (self.items, n))
        read, answer = np.full((2, steps, n), blank)
        read[: self.items] = answer[-self.items :] = items
        read[self.items + self.delay - 1] = go
        return Batch(np.eye(self.symbols)[read], answer)
