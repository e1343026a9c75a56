"""Words written by a pen: strokes made by a generator, no two alike.

The letters are drawn here, a few points a stroke; a writer's slant, size and unsteady hand make
them differ.  Real handwriting (IAM-OnDB, Graves 2013) may not be passed on; this may.
"""

from dataclasses import dataclass

import numpy as np

from course_utils.shapes import positive_integer
from course_utils.tasks.batch import Batch
from course_utils.tasks.symbols import Alphabet

# Strokes of points "x y" in tenths; the line is y = 0, a small letter is 10 high and about 8 wide
_LETTERS = {
    "a": "8 9, 3 10, 0 5, 3 0, 8 4 | 8 10, 8 2, 10 0",
    "b": "0 16, 0 0, 5 0, 8 5, 5 10, 0 8",
    "c": "8 8, 4 10, 0 5, 4 0, 8 2",
    "d": "8 9, 3 10, 0 5, 3 0, 8 3 | 8 16, 8 0",
    "e": "0 5, 8 6, 4 10, 0 5, 4 0, 8 2",
    "f": "7 14, 4 16, 2 13, 2 0 | 0 10, 6 10",
    "g": "8 9, 3 10, 0 5, 3 1, 8 4 | 8 10, 8 -4, 4 -6, 0 -4",
    "h": "0 16, 0 0 | 0 7, 4 10, 8 7, 8 0",
    "i": "0 10, 0 0 | 0 14, 1 14",
    "j": "4 10, 4 -4, 2 -6, 0 -5 | 4 14, 5 14",
    "k": "0 16, 0 0 | 7 10, 0 4 | 2 6, 8 0",
    "l": "0 16, 0 2, 2 0",
    "m": "0 10, 0 0 | 0 7, 3 10, 5 7, 5 0 | 5 7, 8 10, 10 7, 10 0",
    "n": "0 10, 0 0 | 0 7, 4 10, 8 7, 8 0",
    "o": "4 10, 0 5, 4 0, 8 5, 4 10",
    "p": "0 10, 0 -6 | 0 9, 5 10, 8 5, 5 0, 0 1",
    "q": "8 9, 3 10, 0 5, 3 1, 8 4 | 8 10, 8 -6, 10 -6",
    "r": "0 10, 0 0 | 0 6, 3 10, 6 9",
    "s": "8 9, 3 10, 2 6, 7 4, 5 0, 0 1",
    "t": "3 15, 3 2, 6 0 | 0 10, 7 10",
    "u": "0 10, 0 3, 4 0, 8 3 | 8 10, 8 0",
    "v": "0 10, 4 0, 8 10",
    "w": "0 10, 2 0, 5 8, 8 0, 10 10",
    "x": "0 10, 8 0 | 8 10, 0 0",
    "y": "0 10, 4 1 | 8 10, 2 -6",
    "z": "0 10, 8 10, 0 0, 8 0",
}
LETTERS = {
    letter: tuple(
        np.array([[float(v) / 10 for v in point.split()] for point in stroke.split(",")])
        for stroke in strokes.split("|")
    )
    for letter, strokes in _LETTERS.items()
}
GAP = 0.4  # between two letters


@dataclass(frozen=True)
class Pen:
    """Words of ``shortest`` to ``longest`` random letters and the strokes that write them.

    spacing, the distance between two points of a stroke, where a small letter is 1 high; jitter,
    the deviation of every point a letter is drawn from, and (threefold) of the writer's slant and
    log size.  The task runs both ways: write the text (Graves 2013, section 5), or read what is
    written.
    """

    shortest: int = 1
    longest: int = 5
    letters: str = "".join(LETTERS)
    spacing: float = 0.3
    jitter: float = 0.04

    def __post_init__(self):
        positive_integer(shortest=self.shortest, longest=self.longest)
        if self.shortest > self.longest:
            raise ValueError(f"shortest: {self.shortest} is more than longest, {self.longest}")
        unknown = sorted(set(self.letters) - set(LETTERS))
        if unknown or not self.letters:
            raise ValueError(f"letters: expected some of {''.join(LETTERS)}, got {self.letters!r}")
        if not self.spacing > 0 or not self.jitter >= 0:
            raise ValueError(
                f"spacing, jitter: expected positive and not negative, "
                f"got {self.spacing} and {self.jitter}"
            )

    @property
    def alphabet(self):
        """Of the texts."""
        return Alphabet(self.letters)

    def sample(self, rng, n):
        """-> x (U, n), the text's ids, PAD after it; target (T, n, 3); mask (T, n).

        A step of the target is how far the pen moved, dx and dy, and 1 where a stroke ends.
        """
        words = []
        for length in rng.integers(self.shortest, self.longest + 1, n):
            words.append(
                "".join(self.letters[k] for k in rng.integers(len(self.letters), size=length))
            )
        written = [self.write(word, rng) for word in words]
        steps = max(map(len, written), default=0)
        target, mask = np.zeros((steps, n, 3)), np.zeros((steps, n), bool)
        for k, offsets in enumerate(written):
            target[: len(offsets), k], mask[: len(offsets), k] = offsets, True
        return Batch(self.alphabet.encode(words), target, mask)

    def write(self, word, rng):
        """One word by a writer drawn from rng -> (T, 3): dx, dy, end of stroke."""
        slant, size = 3 * self.jitter * rng.standard_normal(2)
        points, ends, at = [], [], 0.0
        for letter in word:
            for stroke in LETTERS[letter]:
                shaky = stroke + self.jitter * rng.standard_normal(stroke.shape)
                line = smooth(shaky + np.array([at, 0]), self.spacing)
                points.append(line)
                ends += [0.0] * (len(line) - 1) + [1.0]
            at += max(stroke[:, 0].max() for stroke in LETTERS[letter]) + GAP
        points = np.concatenate(points)
        points = np.exp(size) * np.stack(
            [points[:, 0] + slant * points[:, 1], points[:, 1]], axis=1
        )
        offsets = np.diff(points, axis=0, prepend=np.zeros((1, 2)))
        return np.column_stack([offsets, ends])


def smooth(points, spacing):
    """A curve through points (P, 2), P >= 2, as points at most about ``spacing`` apart.

    Catmull–Rom: each piece is the cubic whose slopes at its ends are half the neighbours' distance.
    """
    before = np.concatenate([2 * points[:1] - points[1:2], points, 2 * points[-1:] - points[-2:-1]])
    pieces = [points[:1]]
    for p0, p1, p2, p3 in zip(before, before[1:], before[2:], before[3:], strict=False):
        count = max(1, int(np.ceil(np.hypot(*(p2 - p1)) / spacing)))
        t = (np.arange(1, count + 1) / count)[:, None]
        pieces.append(
            p1
            + 0.5 * t * (p2 - p0)
            + t**2 * (p0 - 2.5 * p1 + 2 * p2 - 0.5 * p3)
            + 0.5 * t**3 * (3 * (p1 - p2) + p3 - p0)
        )
    return np.concatenate(pieces)


def strokes(offsets):
    """offsets (T, 3) of one word -> its strokes, each an array of points (P, 2), to be drawn."""
    points = np.cumsum(offsets[:, :2], axis=0)
    cuts = np.flatnonzero(offsets[:, 2]) + 1
    return [part for part in np.split(points, cuts) if len(part)]
