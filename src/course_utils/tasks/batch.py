"""What a task hands out."""

from typing import NamedTuple

import numpy as np


class Batch(NamedTuple):
    """x (T, n, D); target (n, ...) for one answer a sequence or (T, n, ...) for one a step.

    mask (T, n), true where an answer counts, or None where all do.
    """

    x: np.ndarray
    target: np.ndarray
    mask: np.ndarray | None = None
