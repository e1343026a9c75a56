"""Precise timing: a rhythm to keep, a wave to draw, a time to measure."""

from dataclasses import dataclass

import numpy as np

from course_utils.shapes import positive_integer
from course_utils.tasks.batch import Batch

SHAPES = ("cosine", "triangle", "rectangle")


@dataclass(frozen=True)
class Wave:
    """Draw a periodic function while the input is silent: ``periods`` of ``period`` steps each.

    Gers, Schraudolph & Schmidhuber 2002, periodic function generation.  Departure: the waves run
    between -1 and 1; which offset and amplitude the paper has we have not seen.
    """

    shape: str = "cosine"
    period: int = 10
    periods: int = 4

    def __post_init__(self):
        positive_integer(period=self.period, periods=self.periods)
        if self.shape not in SHAPES:
            raise ValueError(f"shape: there is no {self.shape!r}; choose from {', '.join(SHAPES)}")

    def sample(self, rng, n):
        """-> x (T, n, 1), all zero; target (T, n, 1); nothing in it is random."""
        phase = (np.arange(self.period * self.periods) % self.period) / self.period
        wave = {
            "cosine": np.cos(2 * np.pi * phase),
            "triangle": 2 * np.abs(2 * phase - 1) - 1,
            "rectangle": np.where(phase < 0.5, 1.0, -1.0),
        }[self.shape]
        target = np.repeat(wave[:, None, None], n, axis=1)
        return Batch(np.zeros_like(target), target)


@dataclass(frozen=True)
class Spikes:
    """Say 1 at every ``period``-th step and 0 between, ``spikes`` times; the input is silent.

    Gers, Schraudolph & Schmidhuber 2002, generating timed spikes.  No departure in the stream.
    """

    period: int = 5
    spikes: int = 4

    def __post_init__(self):
        positive_integer(period=self.period, spikes=self.spikes)

    def sample(self, rng, n):
        """-> x (T, n, 1), all zero; target (T, n, 1), T = period · spikes + 1; nothing random."""
        target = np.zeros((self.period * self.spikes + 1, n, 1))
        target[self.period :: self.period] = 1
        return Batch(np.zeros_like(target), target)


@dataclass(frozen=True)
class SpikeDelay:
    """Spikes stand ``period`` or ``period + 1`` steps apart: say at each spike which it was.

    Gers, Schraudolph & Schmidhuber 2002, measuring spike delays.  Departures: ``spikes`` intervals
    a sequence, all of which are asked; the two delays are equally likely.
    """

    period: int = 10
    spikes: int = 4

    def __post_init__(self):
        positive_integer(period=self.period, spikes=self.spikes)

    def sample(self, rng, n):
        """-> x (T, n, 1), one at the spikes; target (T, n, 1), one after the longer delay; mask
        (T, n), true at every spike but the first."""
        late = rng.integers(0, 2, (self.spikes, n))
        at = 1 + np.cumsum(self.period + late, axis=0)
        x = np.zeros(((self.period + 1) * self.spikes + 2, n, 1))
        target, rows = np.zeros_like(x), np.arange(n)
        x[1] = 1
        x[at, rows] = 1
        target[at, rows, 0] = late
        mask = np.zeros(x.shape[:2], bool)
        mask[at, rows] = True
        return Batch(x, target, mask)
