"""The language aⁿbⁿ: as many b as a, then the end."""

from dataclasses import dataclass

import numpy as np

from course_utils.shapes import positive_integer
from course_utils.tasks.batch import Batch


@dataclass(frozen=True)
class AnBn:
    """Predict the next symbol of aⁿbⁿ, n from ``low`` to ``high``, where it is certain.

    From the first b on the rest is certain: n - 1 more b, then the end.  Symbols: start, a, b.
    Gers & Schmidhuber 2001.  Departure: only the certain steps are asked, not the set of two
    symbols that may follow an a.
    """

    low: int = 1
    high: int = 20

    def __post_init__(self):
        positive_integer(low=self.low, high=self.high)
        if self.low > self.high:
            raise ValueError(f"low: {self.low} is more than high, {self.high}")

    def sample(self, rng, n):
        """-> ``strings`` of n numbers drawn from low to high, equally often."""
        return self.strings(rng.integers(self.low, self.high + 1, n))

    @staticmethod
    def strings(counts):
        """counts (n,) -> x (T, n, 3) one-hot, zero after a string's end; target (T, n), 1 where the
        end follows and 0 where a b does; mask (T, n), true from the first b to the last."""
        counts = np.asarray(counts)
        t = np.arange(2 * counts.max() + 1)[:, None]
        symbols = np.where(t == 0, 0, np.where(t <= counts, 1, 2))
        x = np.eye(3)[symbols] * (t <= 2 * counts)[..., None]
        return Batch(x, (t == 2 * counts).astype(int), (t > counts) & (t <= 2 * counts))
