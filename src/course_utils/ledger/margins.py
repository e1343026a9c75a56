"""How far a verdict stands from its threshold: in seeds, in standard errors, or in per cent."""

import math
from dataclasses import dataclass

import numpy as np

from course_utils.ledger.results import LedgerError

NEAR = 2  # seeds or standard errors: what hangs by less is marked
DRAWS = 2000  # of the bootstrap, always the same ones


@dataclass(frozen=True)
class Margin:
    """size: how far the verdict is from turning, in ``unit``; near: by less than NEAR of them.

    unit: "seeds" (so many other outcomes turn the verdict), "standard errors", or "relative" where
    the record has one number and no spread; such a margin is never ``near``.
    """

    size: float
    unit: str

    @property
    def near(self):
        return self.unit != "relative" and self.size < NEAR

    @property
    def text(self):
        """As printed: "2 seeds", "3.1 standard errors", "12 %, no spread recorded"."""
        if math.isinf(self.size):
            return {"seeds": "no other count turns it", "relative": "nothing to compare"}.get(
                self.unit, "all seeds alike"
            )
        if self.unit == "seeds":
            return f"{self.size:.0f} seed{'s' if self.size != 1 else ''}"
        if self.unit == "standard errors":
            return f"{self.size:.1f} standard errors"
        far = f"a factor of {1 + self.size:.2g}" if self.size >= 1 else f"{100 * self.size:.2g} %"
        return f"{far}, no spread recorded"

    @property
    def order(self):
        """What is compared when several rules have margins: those with a unit of chance first."""
        return (self.unit == "relative", self.size)


def in_seeds(x, interval, n):
    """Seeds that must come out otherwise, of n, before a count x crosses an end; inf if none do."""
    inside = x in interval
    turning = [abs(k - x) for k in range(n + 1) if (k in interval) != inside]
    return Margin(float(min(turning, default=math.inf)), "seeds")


def in_errors(x, ends, x_drawn, ends_drawn):
    """Standard errors between x and the nearest of ``ends``.

    x_drawn, ends_drawn: what `drawn` made of them, (DRAWS,), or the number where nothing varies.
    """
    sizes = []
    for end, end_drawn in zip(ends, ends_drawn, strict=True):
        error = float(np.std(np.subtract(x_drawn, end_drawn)))
        sizes.append(abs(x - end) / error if error else math.inf)
    return Margin(min(sizes), "standard errors")


def relative(x, ends):
    """How far x is from the nearest end, as a share of the smaller of the two."""
    sizes = []
    for end in ends:
        least = min(abs(x), abs(end)) if x * end > 0 else abs(end)
        sizes.append(abs(x - end) / least if least else math.inf)
    return Margin(min(sizes), "relative")


def drawn(values, statistic):
    """The mean or the median ``statistic`` of values (n,), over bootstrap samples -> (DRAWS,).

    Samples of one length are the same ones at every call, so that two values of the same seeds
    move together.  LedgerError if ``statistic`` is neither mean nor median.
    """
    values = np.asarray(values, float)
    for measure in (np.mean, np.median):
        if len(values) > 1 and math.isclose(measure(values), statistic, rel_tol=1e-9):
            break
    else:
        raise LedgerError(f"{statistic} is neither mean nor median of {values.tolist()}")
    n = len(values)
    picks = np.random.default_rng(0).integers(n, size=(DRAWS, n))
    resampled = measure(values[picks], axis=1)
    # samples vary less around the sample than samples do around the truth
    return statistic + (resampled - statistic) * math.sqrt(n / (n - 1))
