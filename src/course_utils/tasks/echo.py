"""The echo: at each step say the bit that came ``lag`` steps earlier."""

from dataclasses import dataclass

import numpy as np

from course_utils.shapes import positive_integer
from course_utils.tasks.batch import Batch


@dataclass(frozen=True)
class Echo:
    """Bits of ±1, ``steps`` of them; the answer at step t is the bit of step t - lag.

    Whatever is cut from the gradient is known beforehand to hide the cause of an answer, or not to.
    """

    lag: int = 6
    steps: int = 64

    def __post_init__(self):
        positive_integer(lag=self.lag, steps=self.steps)
        if self.lag >= self.steps:
            raise ValueError(f"lag: {self.lag} leaves no answer in {self.steps} steps; take fewer")

    def sample(self, rng, n):
        """-> x, target (T, n, 1), the target 0 before the lag; mask (T, n), true after it."""
        x = rng.choice([-1.0, 1.0], (self.steps, n, 1))
        target = np.zeros_like(x)
        target[self.lag :] = x[: -self.lag]
        return Batch(x, target, np.arange(self.steps)[:, None] >= np.full(n, self.lag))
