"""The embedded Reber grammar: separate strings, and streams of them without a break."""

from dataclasses import dataclass
from functools import cache

import numpy as np

from course_utils.tasks.batch import Batch, positive

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


def legal(x):
    """Which symbols may come next (T, n, 7), bool, after each symbol of x (T, n, 7)."""
    return moves()[states(x)] >= 0


def outer(x):
    """Where the outer symbol has to be repeated next (T, n), bool: the long memory of the task."""
    return np.isin(states(x), (9, 18))


def right(scores, x):
    """Steps (T, n) at which every legal next symbol scores above every one that is not.

    scores (T, n, 7) in any monotone unit.  Padding counts as right.
    """
    allowed = legal(x)
    least = np.where(allowed, scores, np.inf).min(-1)
    most = np.where(allowed, -np.inf, scores).max(-1)
    return (least > most) | ~x.any(-1)


def walk(rng, steps, n):
    """-> (steps, n) symbols as integers: n endless streams, of two legal symbols either equally."""
    table, now = moves(), np.zeros(n, int)
    options = [np.flatnonzero(row >= 0) for row in table]
    choices = np.array([[o[0], o[-1]] for o in options])  # (20, 2)
    drawn, symbols = rng.integers(0, 2, (steps, n)), np.empty((steps, n), int)
    for t in range(steps):
        symbols[t] = choices[now, drawn[t]]
        now = table[now, symbols[t]]
    return symbols


@dataclass(frozen=True)
class EmbeddedReber:
    """Predict the next symbol of separate strings, the last but one of which repeats the second.

    Hochreiter & Schmidhuber 1997, experiment 1.  No departure in the strings.
    """

    def sample(self, rng, n):
        """-> x (T, n, 7) one-hot, zero after a string's end; target (T, n), the next symbol; mask.

        T is the longest string's length less one; E is predicted, not read.
        """
        positive(n=n)
        symbols = walk(rng, 24 * n + 200, 1)  # a string has about 12 of them
        ends = 1 + np.flatnonzero(states(np.eye(len(SYMBOLS))[symbols])[:, 0] == 0)[:n]
        strings = np.split(symbols[: ends[-1], 0], ends[:-1])
        return pack(strings)


def pack(strings):
    """Lists of symbol numbers -> Batch, padded."""
    steps = max(map(len, strings)) - 1
    x = np.zeros((steps, len(strings), len(SYMBOLS)))
    target, mask = np.zeros((steps, len(strings)), int), np.zeros((steps, len(strings)), bool)
    for k, string in enumerate(strings):
        m = len(string) - 1
        x[np.arange(m), k, string[:-1]] = 1
        target[:m, k], mask[:m, k] = string[1:], True
    return Batch(x, target, mask)


@dataclass(frozen=True)
class ReberStream:
    """Strings of the embedded Reber grammar one after another, with no sign between them.

    Gers, Schmidhuber & Cummins 2000, section 4.  No departure in the streams.
    """

    length: int = 1000

    def __post_init__(self):
        positive(length=self.length)

    def sample(self, rng, n):
        """-> x (length, n, 7) one-hot; target (length, n), the next symbol; every step counts."""
        symbols = walk(rng, self.length + 1, n)
        return Batch(np.eye(len(SYMBOLS))[symbols[:-1]], symbols[1:])
