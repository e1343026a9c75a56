"""Is the lamp on?  Frames of a film in which mostly nothing happens."""

from dataclasses import dataclass

import numpy as np

from course_utils.shapes import positive_integer
from course_utils.tasks.batch import Batch


@dataclass(frozen=True)
class Lamp:
    """Someone presses On, someone presses Off; between the presses the frames look alike.

    A frame holds (On pressed, Off pressed, brightness of the room), the last being noise.  The
    answer at each frame is whether the lamp is on, which no single frame shows.  ``every`` is the
    mean number of frames from press to press.
    """

    length: int = 60
    every: float = 10.0

    def __post_init__(self):
        positive_integer(length=self.length)
        if self.every < 1:
            raise ValueError(f"every: expected at least 1 frame between presses, got {self.every}")

    def sample(self, rng, n):
        """-> x (T, n, 3), target (T, n, 1) of 0 and 1; before the first press nothing counts."""
        T = self.length
        pressed = rng.random((T, n)) < 1 / self.every
        turned_on = rng.random((T, n)) < 0.5
        x = np.stack(
            [pressed & turned_on, pressed & ~turned_on, rng.standard_normal((T, n))], axis=-1
        ).astype(float)
        latest = np.maximum.accumulate(np.where(pressed, np.arange(T)[:, None], -1))
        lit = np.take_along_axis(turned_on, np.maximum(latest, 0), axis=0)
        return Batch(x, lit[..., None].astype(float), latest >= 0)
