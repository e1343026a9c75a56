"""What a task hands out."""

from typing import NamedTuple

import numpy as np


class Batch(NamedTuple):
    """x (T, n, D), or (T, n) where it is tokens; target (n, ...) or, one a step, (T, n, ...).

    mask (T, n), true where an answer counts, or None where all do.
    """

    x: np.ndarray
    target: np.ndarray
    mask: np.ndarray | None = None
