"""Random binary vectors to be stored and given back: the tasks of the Neural Turing Machine.

Graves, Wayne & Danihelka 2014, section 4.  Every sequence of one batch has the same length, drawn
anew for each batch; answers are bits, for a loss on logits.
"""

from dataclasses import dataclass

import numpy as np

from course_utils.shapes import positive_integer
from course_utils.tasks.batch import Batch


def ordered(low, high, **values):
    """Refuse values[low] > values[high], by name."""
    if values[low] > values[high]:
        raise ValueError(
            f"{low}: expected at most {high}={values[high]}, got {values[low]}; change one of them"
        )


@dataclass(frozen=True)
class CopyBits:
    """Store a sequence of random vectors, then give it back.

    shortest … longest vectors of ``bits`` bits, a delimiter on a channel of its own, then blanks
    while the answer counts.  Section 4.1.
    """

    bits: int = 8
    shortest: int = 1
    longest: int = 20

    def __post_init__(self):
        positive_integer(bits=self.bits, shortest=self.shortest, longest=self.longest)
        ordered("shortest", "longest", shortest=self.shortest, longest=self.longest)

    @property
    def input_size(self):
        """Bits and the delimiter."""
        return self.bits + 1

    @property
    def output_size(self):
        """Bits."""
        return self.bits

    def sample(self, rng, n):
        """-> x (2L + 1, n, bits + 1), target (2L + 1, n, bits); the last L steps count."""
        L = int(rng.integers(self.shortest, self.longest + 1))
        items = rng.integers(0, 2, (L, n, self.bits))
        x = np.zeros((2 * L + 1, n, self.input_size))
        target = np.zeros((2 * L + 1, n, self.bits))
        x[:L, :, : self.bits] = target[L + 1 :] = items
        x[L, :, self.bits] = 1
        mask = np.zeros(x.shape[:2], bool)
        mask[L + 1 :] = True
        return Batch(x, target, mask)


@dataclass(frozen=True)
class RepeatCopy:
    """Give a sequence back as often as asked, then say that it is over.

    1 … longest vectors, then one step with a delimiter and, on a channel of its own, the number of
    repeats (1 … repeats), shown with mean 0 and variance 1 as for numbers 1 … scale; then blanks.
    The answer is the copies and then a 1 on an end channel.  Section 4.2, where scale is 10.
    Departure: the delimiter has its own channel, for a number may be shown as 0.
    """

    bits: int = 8
    longest: int = 10
    repeats: int = 10
    scale: int = 10
    shortest: int = 1
    fewest: int = 1

    def __post_init__(self):
        positive_integer(
            bits=self.bits,
            longest=self.longest,
            repeats=self.repeats,
            scale=self.scale,
            shortest=self.shortest,
            fewest=self.fewest,
        )
        ordered("shortest", "longest", shortest=self.shortest, longest=self.longest)
        ordered("fewest", "repeats", fewest=self.fewest, repeats=self.repeats)

    @property
    def input_size(self):
        """Bits, the delimiter, the number."""
        return self.bits + 2

    @property
    def output_size(self):
        """Bits and the end."""
        return self.bits + 1

    def shown(self, repeats):
        """The number as the network sees it."""
        spread = np.sqrt((self.scale**2 - 1) / 12) or 1.0
        return (repeats - (self.scale + 1) / 2) / spread

    def sample(self, rng, n):
        """-> x (T, n, bits + 2), target (T, n, bits + 1); T = L + 1 + L·R + 1, the last L·R + 1
        steps count.
        """
        L = int(rng.integers(self.shortest, self.longest + 1))
        R = int(rng.integers(self.fewest, self.repeats + 1))
        items = rng.integers(0, 2, (L, n, self.bits))
        T = L + 1 + L * R + 1
        x, target = np.zeros((T, n, self.input_size)), np.zeros((T, n, self.output_size))
        x[:L, :, : self.bits] = items
        x[L, :, self.bits :] = 1, self.shown(R)
        target[L + 1 : -1, :, : self.bits] = np.tile(items, (R, 1, 1))
        target[-1, :, self.bits] = 1
        mask = np.zeros((T, n), bool)
        mask[L + 1 :] = True
        return Batch(x, target, mask)


@dataclass(frozen=True)
class AssociativeRecall:
    """Which item followed this one?

    fewest … most different items, each of ``item`` vectors behind a delimiter; then one of them,
    but not the last, between two marks of a question; then blanks while the item after it is the
    answer.  Section 4.3, where an item is three 6-bit vectors.
    """

    bits: int = 6
    item: int = 3
    fewest: int = 2
    most: int = 6

    def __post_init__(self):
        positive_integer(bits=self.bits, item=self.item, fewest=self.fewest, most=self.most)
        ordered("fewest", "most", fewest=self.fewest, most=self.most)
        if self.fewest < 2:
            raise ValueError(f"fewest: expected at least 2 items, got {self.fewest}")
        if 2 ** (self.bits * self.item) < self.most**2:
            raise ValueError(
                f"bits: {self.bits * self.item} bits an item do not make {self.most} different "
                "items likely; use more bits or fewer items"
            )

    @property
    def input_size(self):
        """Bits, the delimiter of items, the mark of the question."""
        return self.bits + 2

    @property
    def output_size(self):
        """Bits."""
        return self.bits

    def sample(self, rng, n):
        """-> x (T, n, bits + 2), target (T, n, bits); T = k(1 + item) + 2 + 2·item for k items,
        the last ``item`` steps count.
        """
        k, size = int(rng.integers(self.fewest, self.most + 1)), self.item
        items = self._different_items(rng, k, n)  # (k, item, n, bits)
        asked = rng.integers(0, k - 1, n)
        T, each = k * (1 + size) + 2 + 2 * size, np.arange(n)
        x, target = np.zeros((T, n, self.input_size)), np.zeros((T, n, self.bits))
        for j in range(k):
            begin = j * (1 + size)
            x[begin, :, self.bits] = 1
            x[begin + 1 : begin + 1 + size, :, : self.bits] = items[j]
        question = k * (1 + size)
        x[[question, question + 1 + size], :, self.bits + 1] = 1
        x[question + 1 : question + 1 + size, :, : self.bits] = items[asked, :, each].swapaxes(0, 1)
        target[-size:] = items[asked + 1, :, each].swapaxes(0, 1)
        mask = np.zeros((T, n), bool)
        mask[-size:] = True
        return Batch(x, target, mask)

    def _different_items(self, rng, k, n):
        items = np.empty((k, self.item, n, self.bits), int)
        redraw = np.ones(n, bool)
        while redraw.any():
            items[:, :, redraw] = rng.integers(0, 2, (k, self.item, redraw.sum(), self.bits))
            flat = items.swapaxes(1, 2)  # (k, n, item, bits)
            equal = (flat[:, None] == flat[None]).all(axis=(-1, -2))  # (k, k, n)
            redraw = equal.sum(axis=(0, 1)) > k
        return items
