"""Cups on a table that change places: which stands where?"""

from dataclasses import dataclass
from functools import cache
from itertools import permutations

import numpy as np

from course_utils.shapes import positive_integer
from course_utils.tasks.batch import Batch


@dataclass(frozen=True)
class Cups:
    """``cups`` cups in a row; at each step nothing happens, the first two are exchanged, or all
    move on by one place and the last comes first; the answer is the arrangement after the step.

    The moves generate all cups! arrangements, the symmetric group S_cups, so this is its word
    problem.  With two cups there are two moves only, and the answer is the parity of the exchanges.
    After the permutations that Merrill, Petty & Sabharwal 2024 let networks compose; they feed any
    permutation, not three moves.
    """

    cups: int = 5
    length: int = 16

    def __post_init__(self):
        positive_integer(cups=self.cups, length=self.length)
        if not 2 <= self.cups <= 6:
            raise ValueError(f"cups: expected 2 to 6, got {self.cups}")

    @property
    def moves(self):
        """Size of the input's vocabulary."""
        return min(self.cups, 3)

    @property
    def arrangements(self):
        """How many answers there are."""
        return len(table(self.cups))

    def sample(self, rng, n):
        """-> x (length, n, moves) one-hot, target (length, n), numbers of arrangements; all count.

        Arrangements are numbered in the order of ``itertools.permutations``: 0 is where all begin.
        """
        read = rng.integers(0, self.moves, (self.length, n))
        after, now = table(self.cups), np.zeros(n, int)
        target = np.empty((self.length, n), int)
        for t, move in enumerate(read):
            now = target[t] = after[now, move]
        return Batch(np.eye(self.moves)[read], target)


@cache
def table(cups):
    """(cups!, moves): the number of the arrangement that each move makes of each."""
    rows = list(permutations(range(cups)))
    number = {row: k for k, row in enumerate(rows)}
    made = [
        [number[row], number[(row[1], row[0], *row[2:])], number[(row[-1], *row[:-1])]]
        for row in rows
    ]
    return np.array(made)[:, : min(cups, 3)]
