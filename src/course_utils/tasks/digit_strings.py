"""Strings of digits to write again: backwards, as they are, or in order."""

from dataclasses import dataclass

import numpy as np

from course_utils.shapes import positive_integer
from course_utils.tasks.batch import Batch
from course_utils.tasks.symbols import Alphabet

ORDERS = {
    "reversed": lambda digits: digits[::-1],
    "same": lambda digits: digits,
    "sorted": np.sort,
}


@dataclass(frozen=True)
class DigitStrings:
    """Read ``shortest`` to ``longest`` digits, write them again in another order.

    Every length is as likely.  The right answer needs every digit, so accuracy against length shows
    what a fixed vector can hold; train on short ones and ask for longer ones.
    """

    shortest: int = 1
    longest: int = 10
    order: str = "reversed"

    def __post_init__(self):
        positive_integer(shortest=self.shortest, longest=self.longest)
        if self.shortest > self.longest:
            raise ValueError(f"shortest: {self.shortest} is more than longest, {self.longest}")
        if self.order not in ORDERS:
            raise ValueError(f"order: expected one of {', '.join(ORDERS)}, got {self.order!r}")

    @property
    def alphabet(self):
        """Of both sides."""
        return Alphabet("0123456789")

    def sample(self, rng, n):
        """-> x (S, n), ids, PAD after the digits; target (S + 1, n), ids, END after them; mask."""
        x = np.zeros((self.longest, n), dtype=int)
        target = np.zeros((self.longest + 1, n), dtype=int)
        lengths = rng.integers(self.shortest, self.longest + 1, n)
        for k, length in enumerate(lengths):
            digits = rng.integers(3, 13, length)  # 3 is the token of "0"
            x[:length, k] = digits
            target[:length, k] = ORDERS[self.order](digits)
            target[length, k] = 2  # END
        steps = lengths.max(initial=0)
        return Batch(x[:steps], target[: steps + 1], target[: steps + 1] != 0)
