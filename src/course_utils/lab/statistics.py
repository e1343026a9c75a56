"""Numbers over seeds: medians, rates, and how sure they are."""

import numpy as np


def median(rows, *keys):
    """Median over rows of ``row[key][key]…`` (without keys, of the numbers); None for no rows."""
    values = [_at(row, keys) for row in rows]
    return float(np.median(values)) if values else None


def mean(rows, *keys):
    """The same for the mean."""
    values = [_at(row, keys) for row in rows]
    return float(np.mean(values)) if values else None


def count(rows, *keys):
    """In how many rows ``row[key][key]…`` holds."""
    return sum(bool(_at(row, keys)) for row in rows)


def _at(row, keys):
    for key in keys:
        row = row[key]
    return row


def rate_interval(successes, of, level=0.95):
    """Wilson's interval for a success rate: (low, high), shares of 1.

    Wilson 1927, eq. (4), as SciPy computes it.  ValueError unless 0 <= successes <= of, of > 0.
    """
    from scipy.stats import binomtest  # needs SciPy: pip install scipy

    if not 0 <= successes <= of or of < 1:
        raise ValueError(f"successes: expected 0 to of = {of} with of at least 1, got {successes}")
    low, high = binomtest(successes, of).proportion_ci(level, method="wilson")
    return float(low), float(high)


def median_interval(values, level=0.95, resamples=2000):
    """Percentile bootstrap of the median of values (n,): (low, high); the same at each call."""
    values = np.asarray(values, float)
    if not 0 < level < 1:
        raise ValueError(f"level: expected a share between 0 and 1, got {level!r}")
    if not np.isfinite(values).all():
        raise ValueError("values: NaN or infinity among them; leave out the seeds that diverged")
    if values.ndim != 1 or not len(values):
        raise ValueError(f"values: expected numbers (n,), n > 0, got shape {values.shape}")
    rows = np.random.default_rng(0).integers(0, len(values), (resamples, len(values)))
    medians = np.median(values[rows], axis=1)
    edge = (1 - level) / 2
    return tuple(float(v) for v in np.quantile(medians, [edge, 1 - edge]))
