"""Handwritten digits read pixel by pixel: real data, from inside scikit-learn."""

import hashlib
from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np

from course_utils.tasks.batch import Batch

SIDE, LEVELS, CLASSES = 8, 16, 10
SHA256 = "87ff0c9e40dc7e2c0e34e7257799c2e3f3aec1a016363bb11cad869ec428a826"
LICENCE = (
    "CC BY 4.0 (Alpaydin & Kaynak 1998, UCI repository); the package scikit-learn: BSD-3-Clause"
)
PARTS = {"train": 0.7, "validation": 0.15, "test": 0.15}


class DigitsError(RuntimeError):
    """The data are missing or are not those that results were recorded with."""


@cache
def load():
    """images (1797, 8, 8) uint8 from 0 to 16, labels (1797,); no network is used.

    The test half of "Optical Recognition of Handwritten Digits", as scikit-learn carries it.
    """
    try:
        from sklearn.datasets import load_digits
    except ImportError:
        raise DigitsError(
            "the digits come with scikit-learn, which is missing here; "
            "install it with: pip install scikit-learn"
        ) from None
    data = load_digits()
    images, labels = data.images.astype(np.uint8), data.target.astype(np.uint8)
    sha256 = digest(images, labels)
    if sha256 != SHA256:
        raise DigitsError(
            f"these digits are not the ones this course was written with: SHA-256 {sha256[:12]}…, "
            f"expected {SHA256[:12]}…; scikit-learn has changed its copy"
        )
    images.flags.writeable = labels.flags.writeable = False  # the cache hands out one copy
    return images, labels.astype(np.int64)


def digest(images, labels):
    """SHA-256 over the bytes of images (N, 8, 8) and labels (N,), both uint8."""
    return hashlib.sha256(images.tobytes() + labels.tobytes()).hexdigest()


@dataclass(frozen=True)
class Digits:
    """Which digit is it, when the picture comes one pixel a step?

    64 steps, row by row from the top left; with ``permuted`` in another order, drawn once and the
    same for every picture, so that neighbours in the picture are far apart in time.  part: train,
    validation or test; the split (and the order) is drawn from ``split``, without regard to who
    wrote what.  The task of Le et al. 2015 has 28 × 28 = 784 steps; this is its small cousin.
    """

    part: str = "train"
    permuted: bool = False
    split: int = 0

    def __post_init__(self):
        if self.part not in PARTS:
            raise ValueError(f"part: expected one of {', '.join(PARTS)}, got {self.part!r}")

    @property
    def steps(self):
        """Length of a sequence."""
        return SIDE * SIDE

    @cached_property
    def order(self):
        """(64,): the place in the picture, row by row, of the pixel that step t shows."""
        if not self.permuted:
            return np.arange(self.steps)
        return np.random.default_rng((self.split, 1)).permutation(self.steps)

    @cached_property
    def rows(self):
        """Numbers of this part's pictures in the data."""
        images, _ = load()
        drawn = np.random.default_rng((self.split, 0)).permutation(len(images))
        ends = np.cumsum([round(share * len(images)) for share in PARTS.values()])[:-1]
        return dict(zip(PARTS, np.split(drawn, ends), strict=True))[self.part]

    def all(self):
        """The whole part: x (64, n, 1) from 0 to 1, target (n,), the digit; all count."""
        return self._batch(self.rows)

    def sample(self, rng, n):
        """n pictures of the part, drawn with replacement, as in ``all``."""
        return self._batch(rng.choice(self.rows, n))

    def _batch(self, rows):
        images, labels = load()
        x = images[rows].reshape(len(rows), -1)[:, self.order].T / LEVELS  # (64, n)
        return Batch(x[..., None], labels[rows])
