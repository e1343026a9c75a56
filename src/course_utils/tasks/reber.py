"""The embedded Reber grammar: separate strings, and streams of them without a break."""

from dataclasses import dataclass
from functools import cache
from itertools import islice

import numpy as np

from course_utils.shapes import expect_ids, positive_integer
from course_utils.tasks.batch import Batch

SYMBOLS = "BTPSXVE"
REBER = (  # node -> {symbol: next node}; Hochreiter & Schmidhuber 1997, figure 3
    {"B": 1},
    {"T": 2, "P": 3},
    {"S": 2, "X": 4},
    {"T": 3, "V": 5},
    {"X": 3, "S": 6},
    {"P": 4, "V": 6},
    {"E": 7},
)


@cache
def moves():
    """(20, 7) next state of the embedded grammar by state and symbol; -1 where it is not legal.

    0 expects B, 1 the outer symbol, 2-10 are the grammar inside an outer T, 11-19 inside an outer
    P, each copy with the state that expects the outer symbol again and the one that expects E.
    """
    table = np.full((20, len(SYMBOLS)), -1)
    index = SYMBOLS.index
    table[0, index("B")] = 1
    for outer, first in (("T", 2), ("P", 11)):
        table[1, index(outer)] = first
        for node, edges in enumerate(REBER):
            for symbol, after in edges.items():
                table[first + node, index(symbol)] = first + after
        table[first + 7, index(outer)] = first + 8
        table[first + 8, index("E")] = 0
    table.flags.writeable = False
    return table


def states(x):
    """States of the grammar (T, n) after each symbol of x (T, n, 7), from the start of a string.

    ValueError where a symbol is not legal.  Rows of zeros, the padding, leave the state alone.
    """
    table, now, rows = moves(), np.zeros(x.shape[1], int), []
    for symbols, real in zip(x.argmax(-1), x.any(-1), strict=True):
        now = np.where(real, table[now, symbols], now)
        if (now < 0).any():
            raise ValueError(f"x: step {len(rows)} is not legal in the embedded Reber grammar")
        rows.append(now)
    return np.array(rows)


def legal(states):
    """Which symbols may come next, (..., 7) bool, in states (...) of the grammar."""
    return moves()[expect_ids("states", states, len(moves()))] >= 0


def outer(states):
    """Whether the outer symbol has to be repeated next: the long memory of the task."""
    return (states == 9) | (states == 18)


def right(scores, states):
    """Where (...) every legal next symbol scores above every other; scores (..., 7)."""
    allowed = legal(states)
    least = np.where(allowed, scores, np.inf).min(-1)
    most = np.where(allowed, -np.inf, scores).max(-1)
    return least > most


def steps(rng, n):
    """Endlessly: the next symbols (n,) and the states (n,) after them; of two, either equally."""
    table, now = moves(), np.zeros(n, int)
    options = [np.flatnonzero(row >= 0) for row in table]
    choices = np.array([[o[0], o[-1]] for o in options])  # (20, 2)
    while True:
        symbols = choices[now, rng.integers(0, 2, n)]
        now = table[now, symbols]
        yield symbols, now


def walk(rng, length, n):
    """-> (length, n) symbols as integers: n endless streams of strings."""
    return np.array([symbols for symbols, _ in islice(steps(rng, n), length)])


@dataclass(frozen=True)
class EmbeddedReber:
    """Predict the next symbol of separate strings, the last but one of which repeats the second.

    Hochreiter & Schmidhuber 1997, experiment 1.  No departure in the strings.
    """

    def sample(self, rng, n):
        """-> x (T, n, 7) one-hot, zero after a string's end; target (T, n), the next symbol; mask.

        T is the longest string's length less one; E is predicted, not read.
        """
        positive_integer(n=n)
        symbols, running = [], [np.ones(n, bool)]
        for now, after in steps(rng, n):
            symbols.append(now)
            running.append(running[-1] & (after != 0))
            if not running[-1].any():
                break
        symbols, mask = np.array(symbols), np.array(running[1:-1])  # (T + 1, n), (T, n)
        x = np.eye(len(SYMBOLS))[symbols[:-1]] * mask[..., None]
        return Batch(x, np.where(mask, symbols[1:], 0), mask)


@dataclass(frozen=True)
class ReberStream:
    """Strings of the embedded Reber grammar one after another, with no sign between them.

    Gers, Schmidhuber & Cummins 2000, section 4.  No departure in the streams.
    """

    length: int = 1000

    def __post_init__(self):
        positive_integer(length=self.length)

    def sample(self, rng, n):
        """-> x (length, n, 7) one-hot; target (length, n), the next symbol; every step counts."""
        symbols = walk(rng, self.length + 1, n)
        return Batch(np.eye(len(SYMBOLS))[symbols[:-1]], symbols[1:])
