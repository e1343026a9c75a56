"""An alarm that has to ring exactly so many steps after each pulse."""

from dataclasses import dataclass

import numpy as np

from course_utils.shapes import positive_integer
from course_utils.tasks.batch import Batch


@dataclass(frozen=True)
class Alarm:
    """Ring ``delay`` steps after each pulse, and at no other step.

    From pulse to pulse pass ``delay`` + 1 to 3 ``delay`` steps, each number as likely: the pulses
    say nothing about when to ring but by where they stand, so the steps have to be counted.  After
    Gers, Schraudolph & Schmidhuber 2002, whose streams are periodic; ours are not.
    """

    length: int = 60
    delay: int = 10

    def __post_init__(self):
        positive_integer(length=self.length, delay=self.delay)
        if self.length < 3 * self.delay:
            raise ValueError(
                f"length: expected at least 3 * delay = {3 * self.delay} steps, got {self.length}"
            )

    def sample(self, rng, n):
        """-> x (T, n, 1), target (T, n), 1 where it rings and 0 elsewhere; every step counts."""
        T, d = self.length, self.delay
        gaps = rng.integers(d + 1, 3 * d + 1, (T // d + 1, n))
        at = np.cumsum(gaps, axis=0) - gaps[0] + rng.integers(0, d, n)
        x, target = np.zeros((T, n, 1)), np.zeros((T, n), int)
        for times in at:
            for now, marks in ((times, x[..., 0]), (times + d, target)):
                here = now < T
                marks[now[here], np.flatnonzero(here)] = 1
        return Batch(x, target)

    def missed(self, rings, target):
        """Share of the due rings that are missed: rings (..., T, n), target (T, n) -> (...,).

        One is met if it rings then, and at no other step since the last due one.
        """
        rings, target = np.asarray(rings, bool), np.asarray(target, bool)
        errors = np.cumsum(rings != target, axis=-2)  # so far
        before = np.maximum.accumulate(np.where(target, errors, 0), axis=-2)
        before = np.concatenate([np.zeros_like(before[..., :1, :]), before[..., :-1, :]], axis=-2)
        return (target & (errors > before)).sum(axis=(-2, -1)) / target.sum()
