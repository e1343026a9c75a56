"""A switch behind noise, with the best that can be said about it: filter and smoother.

The switch stands at 0 or 1 and turns over now and then; at every step a noisy reading is taken.
What past readings tell is computed exactly by the forward recursion (the filter), what all
readings tell by forward and backward recursion together (the smoother); Rabiner 1989, section
III.A.
"""

from dataclasses import dataclass

import numpy as np

from course_utils.tasks.batch import Batch


@dataclass(frozen=True)
class HiddenSwitch:
    """T steps; turn: the probability of turning over before a step; noise: standard deviation.

    x (T, n, 1): -1 or +1 and noise; target (T, n): where the switch stands, 0 or 1.
    """

    length: int = 30
    turn: float = 0.1
    noise: float = 1.0

    def sample(self, rng, n):
        """n sequences."""
        turned = rng.random((self.length, n)) < self.turn
        turned[0] = rng.random(n) < 0.5
        state = np.cumsum(turned, axis=0) % 2
        x = 2 * state - 1 + self.noise * rng.standard_normal(state.shape)
        return Batch(x[..., None], state)

    def filtered(self, x):
        """P(switch = 1) at every step, given the readings so far: x (T, n, 1) -> (T, n)."""
        return self._forward(x)[..., 1]

    def smoothed(self, x):
        """The same, given all readings."""
        likely, moves = self._likely(x), self._moves()
        after, later = np.ones_like(likely), np.ones(likely.shape[1:])
        for t in reversed(range(len(x) - 1)):
            later = (likely[t + 1] * later) @ moves.T
            later /= later.sum(axis=-1, keepdims=True)
            after[t] = later
        both = self._forward(x) * after
        return (both / both.sum(axis=-1, keepdims=True))[..., 1]

    def _likely(self, x):
        """Density of a reading for either position, up to a factor (T, n, 2)."""
        return np.exp(-((x - np.array([-1, 1])) ** 2) / (2 * self.noise**2))

    def _moves(self):
        return np.array([[1 - self.turn, self.turn], [self.turn, 1 - self.turn]])

    def _forward(self, x):
        likely, belief, rows = self._likely(x), np.full((x.shape[1], 2), 0.5), []
        for t, row in enumerate(likely):
            belief = (belief @ self._moves() if t else belief) * row
            belief = belief / belief.sum(axis=-1, keepdims=True)
            rows.append(belief)
        return np.stack(rows)
