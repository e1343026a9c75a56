"""Dates as people write them, in several languages, to be turned into ISO 8601.

How they are written comes from the Unicode CLDR as the package Babel carries it (BSD-3-Clause; the
data: Unicode licence).  Another version may write some of them otherwise: results name ``version``.
"""

import datetime
import hashlib
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from course_utils.shapes import positive_integer
from course_utils.tasks.batch import Batch
from course_utils.tasks.symbols import Alphabet

PARTS = {"train": range(2, 10), "validation": range(1, 2), "test": range(0, 1)}
LOCALES = ("en_GB", "en_US", "de_DE", "fr_FR", "es_ES", "it_IT")
FORMATS = (
    "short",
    "medium",
    "long",
    "full",
    "d MMM y",
    "d MMMM y",
    "dd MMM y",
    "d. MMMM y",
    "EEEE, d MMMM y",
    "MMMM d, y",
    "d/M/yy",
    "dd.MM.yyyy",
)


class DatesMissing(RuntimeError):
    """Babel is not on this machine; the message says what to install."""


@dataclass(frozen=True)
class Dates:
    """Read "7. märz 2011", write 2011-03-07: one character a token.

    A day is drawn, then a locale, then a format (one of CLDR's names, or a pattern of its letters);
    source texts are in lower case.  The parts share no day: a hash of the day decides (8 of 10
    train).  A date such as 3/4/05 can be read in two ways, by en_US and by others: no model gets
    all of them right.  A sequence-to-sequence task after the prototype of many courses; the corpus
    is ours.
    """

    part: str = "train"
    locales: tuple = LOCALES
    formats: tuple = FORMATS
    first_year: int = 1970
    years: int = 50

    def __post_init__(self):
        if self.part not in PARTS:
            raise ValueError(f"part: expected one of {', '.join(PARTS)}, got {self.part!r}")
        positive_integer(first_year=self.first_year, years=self.years)
        for name in ("locales", "formats"):
            if not getattr(self, name):
                raise ValueError(f"{name}: expected at least one, got none")

    @cached_property
    def days(self):
        """Ordinal numbers of the days of this part."""
        first = datetime.date(self.first_year, 1, 1).toordinal()
        stop = datetime.date(self.first_year + self.years, 1, 1).toordinal()
        return np.array([day for day in range(first, stop) if _tenth(day) in PARTS[self.part]])

    @cached_property
    def source(self):
        """The alphabet of the texts: what any day may look like."""
        days = [datetime.date(2000, month, 1) for month in range(1, 13)]
        days += [datetime.date(2000, 1, day) for day in range(1, 8)]
        seen = {
            c
            for day in days
            for locale in self.locales
            for form in self.formats
            for c in write(day, locale, form)
        }
        return Alphabet("".join(sorted(seen | set("0123456789"))))

    @property
    def target(self):
        """The alphabet of the answers."""
        return Alphabet("-0123456789")

    def pairs(self, rng, n):
        """n pairs of texts, (as written, ISO)."""
        pairs = []
        for day in rng.choice(self.days, n):
            date = datetime.date.fromordinal(int(day))
            locale = self.locales[rng.integers(len(self.locales))]
            form = self.formats[rng.integers(len(self.formats))]
            pairs.append((write(date, locale, form), date.isoformat()))
        return pairs

    def sample(self, rng, n):
        """-> x (S, n), ids of ``source`` filled up with PAD; target (11, n), ids, END last."""
        pairs = self.pairs(rng, n)
        x = self.source.encode([text for text, _ in pairs])
        return Batch(x, self.target.encode([iso for _, iso in pairs], end=True))


def write(date, locale, form):
    """One date as text, in lower case.  DatesMissing without Babel."""
    return _babel().format_date(date, format=form, locale=locale).lower()


def version():
    """Babel's version, which decides how dates are written."""
    _babel()
    import babel

    return babel.__version__


def _babel():
    try:
        from babel import dates
    except ImportError:
        raise DatesMissing("the dates come with the package Babel: pip install babel") from None
    return dates


def _tenth(day):
    return int(hashlib.sha256(str(day).encode()).hexdigest(), 16) % 10
