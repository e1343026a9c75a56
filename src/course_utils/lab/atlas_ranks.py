"""Which cell comes first, and how sure that is."""

import numpy as np


def ranking(scores, level=0.95, resamples=2000):
    """Cells by the median over seeds of their scores (C, S), the least first; inf: a net is lost.

    A dict for each cell: "median", its percentile interval "low" to "high" and "rank", the same
    when seeds are drawn anew, the same for all cells: "rank_low" to "rank_high"; "tied", whether
    the interval of its median less the best cell's reaches zero.  Ties share the mean of their
    ranks.  None where a median is infinite.  The best cell was chosen by the same scores, and no
    interval is widened for the number of cells.
    """
    from scipy.stats import rankdata  # needs SciPy: pip install scipy

    scores = np.asarray(scores, float)
    rows = np.random.default_rng(0).integers(0, scores.shape[1], (resamples, scores.shape[1]))
    medians = np.median(scores, axis=1)
    drawn = np.median(scores[:, rows], axis=2)  # (C, resamples)
    ranks, places = rankdata(medians), rankdata(drawn, axis=0)
    ends = [(1 - level) / 2, (1 + level) / 2]
    with np.errstate(invalid="ignore"):
        ahead = np.nan_to_num(drawn - drawn[medians.argmin()], nan=0.0)  # both infinite: alike
    return [
        {
            "median": finite(median),
            "low": finite(low),
            "high": finite(high),
            "rank": float(rank),
            "rank_low": float(first),
            "rank_high": float(last),
            "tied": bool(least <= 0),
        }
        for median, rank, (low, high), (first, last), least in zip(
            medians, ranks, _ends(drawn, ends), _ends(places, ends), _ends(ahead, ends)[:, 0],
            strict=True,
        )
    ]  # fmt: skip


def _ends(values, ends):
    """Quantiles that are values themselves, so that infinite ones may be among them: (C, 2)."""
    return np.quantile(values, ends, axis=1, method="nearest").T


def finite(value):
    """A float; None where it is not finite."""
    return float(f"{value:.4g}") if np.isfinite(value) else None
