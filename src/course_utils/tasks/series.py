"""Three measured series to forecast, from inside installed packages.

co2       monthly means of the carbon dioxide over Mauna Loa, 1958 to 2001 (statsmodels)
sunspots  yearly means of the sunspot number, 1700 to 2008 (statsmodels)
oil       the price of a barrel of crude on each trading day, 1986 to 2019 (arch)
"""

import csv
import gzip
import io
from typing import NamedTuple

import numpy as np

from course_utils.tasks.packaged import Packaged

CO2 = Packaged(
    "statsmodels", "datasets/co2/co2.csv",
    "16695fa2786e53414e5a6b54767a3fdf5de99cfbc68617f69d1362d92776a92f",
    "public domain, says the package (Keeling & Whorf 2004); statsmodels: BSD-3-Clause",
)  # fmt: skip
SUNSPOTS = Packaged(
    "statsmodels", "datasets/sunspots/sunspots.csv",
    "f67889b1d9002cd5227f0e0ef54e35b419cdd85a31279adef6f73fb41e5c0a9b",
    "public domain, says the package (National Geophysical Data Center); statsmodels: BSD-3-Clause",
)  # fmt: skip
OIL = Packaged(
    "arch", "data/wti/wti.csv.gz",
    "b83498894138a65cdc14a67fc1716aa90b3cfda274f976bd3692cc3f1500084d",
    "no licence line with the file; FRED series DCOILWTICO of the U.S. Energy Information "
    "Administration, a public agency; arch: NCSA",
)  # fmt: skip


class Series(NamedTuple):
    """values (N,) and their times (N,) in years; season: steps after which it looks alike."""

    name: str
    unit: str
    times: np.ndarray
    values: np.ndarray
    season: int


def co2():
    """526 monthly means of weekly values in parts per million, from March 1958; season 12.

    A week counts for the month of its Saturday.  Of 526 months 5 have no value; each of them is
    filled by the month before plus what that month rose a year earlier: from the past alone, so
    that the filling knows no future.
    """
    weeks = _rows(CO2.read().decode())
    sums, counts = {}, {}
    for date, value in weeks:
        if value:
            month = int(date[:4]) * 12 + int(date[4:6]) - 1
            sums[month] = sums.get(month, 0.0) + float(value)
            counts[month] = counts.get(month, 0) + 1
    months = np.arange(min(sums), max(sums) + 1)
    values = np.empty(len(months))
    for k, month in enumerate(months):
        if month in sums:
            values[k] = sums[month] / counts[month]
        else:
            rise = values[k - 12] - values[k - 13] if k > 12 else 0.0
            values[k] = values[k - 1] + rise
    return Series("CO₂", "ppm", months / 12, values, 12)


def sunspots():
    """309 yearly means, from 1700; a cycle takes about 11 years, never quite the same."""
    rows = _rows(SUNSPOTS.read().decode())
    years, values = np.array([[float(v) for v in row] for row in rows]).T
    return Series("sunspots", "sunspot number", years, values, 11)


def oil():
    """US dollars a barrel (West Texas Intermediate) on days with a price; no season (1)."""
    rows = [row for row in _rows(gzip.decompress(OIL.read()).decode()) if row[1] not in ("", ".")]
    months, days, years = np.array([row[0].split("/") for row in rows], int).T
    times = years + ((months - 1) * 31 + days - 1) / 372
    return Series("oil", "$ a barrel", times, np.array([float(row[1]) for row in rows]), 1)


def _rows(text):
    """The rows of a CSV below its heading."""
    return list(csv.reader(io.StringIO(text)))[1:]
