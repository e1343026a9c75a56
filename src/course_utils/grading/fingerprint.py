"""A few numbers that stand for an array, so that hundreds of wrong answers fit into a notebook.

Two arrays with equal prints are equal for every purpose here: three weighted sums agree to five
digits.  The sums do not give the values away.
"""

import math
import zlib

import numpy as np

CLOSE = 2e-5  # relative; single precision stays far below, different mistakes far above
MOST = 1e150  # what has run away is wrong in any case; its square is still a number
ODD = {math.inf: 1e3, -math.inf: -1e3}


def print_of(part):
    """A bundle's `Part` as [kind, shape, numbers]."""
    sums, _ = weighted(part)
    return [part.kind, list(part.values.shape), [float(f"{v:.8g}") for v in sums]]


def distance(kept, part):
    """How far a `Part` is from a print; inf where it is another array, below 1 where it is it."""
    kind, shape, numbers = kept
    if part.kind != kind or list(part.values.shape) != shape:
        return math.inf
    sums, size = weighted(part)
    gap = max((abs(a - b) for a, b in zip(sums, numbers, strict=True)), default=0.0)
    return gap / (CLOSE * max(size, 1e-9))


def weighted(part):
    """Three sums with fixed weights, and the size of the values."""
    values = part.values.ravel()
    if part.kind == "text":
        code = zlib.crc32("\0".join(values.tolist()).encode("utf-8", "replace"))
        return [float(code)], 1e-6
    if part.kind == "complex":
        values = np.concatenate([values.real, values.imag])
    values = np.asarray(values, dtype=float)
    odd = ~np.isfinite(values)
    if odd.any():
        values = np.where(odd, [ODD.get(v, 500.0) for v in values], values)
    values = np.clip(values, -MOST, MOST)
    place = np.arange(1, len(values) + 1)
    root = math.sqrt(max(len(values), 1))
    sums = [float(np.cos(place * step) @ values) / root for step in (0.7, 2.0, 3.1 / 7)]
    return sums, float(np.sqrt(np.mean(values**2))) if len(values) else 0.0
