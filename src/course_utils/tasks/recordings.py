"""Recordings to classify, of several channels and lengths, from inside the package sktime.

vowels   who of nine men says "ae"? (Kudo, Toyama & Shimbo 1999)
motions  what does the wearer of a watch do: stand, walk, run, play badminton?
ecg      twenty-one seconds of one heart, with one stretch marked as not normal
"""

import csv
import io
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from course_utils.tasks.packaged import Packaged

_BSD = "sktime: BSD-3-Clause"
_PARTS = {
    "vowels": ("JapaneseVowels", "CC BY 4.0 (UCI repository; not stated in the file); " + _BSD, {
        "TRAIN": "68a430eabd919cc77f40b1f5f3bc0dcafacc1486bca9260785aeb7d262cc78cd",
        "TEST": "b3d41d6a0ca3bcad3afb9ca7d4365382aa51341e2e58bae2a574babdda5b9462"}),
    "motions": ("BasicMotions", "none stated in the file (a student project in the UEA archive); "
                + _BSD, {
        "TRAIN": "8dc43cc6306cb679c888c01e26f91772ac4441a916da43bac8b79734a538b9d6",
        "TEST": "79213102bc6fca1a398ad98ce1185dff0208fa3d1465e687f48288946b0ff8dc"}),
}  # fmt: skip
FILES = {
    name: {
        part.lower(): Packaged("sktime", f"datasets/data/{stem}/{stem}_{part}.ts", sha, licence)
        for part, sha in parts.items()
    }
    for name, (stem, licence, parts) in _PARTS.items()
}
ECG = Packaged(
    "sktime", "datasets/data/mitdb/mitdb.csv",
    "d4f2539a5e85e1ac1e7f8bba152b5e60a02356282463a8a1c97848ad3e1bb386",
    "ODC-BY 1.0 (MIT-BIH Arrhythmia Database, PhysioNet; not stated in the file); " + _BSD,
)  # fmt: skip


@dataclass(frozen=True)
class Recordings:
    """Sequences (T_k, D) of different lengths, the class of each, and the names of the classes."""

    sequences: tuple
    labels: np.ndarray
    names: tuple

    @property
    def lengths(self):
        """(N,): how many steps each has."""
        return np.array([len(sequence) for sequence in self.sequences])

    def padded(self):
        """x (T, N, D), zeros behind the end of each sequence."""
        x = np.zeros((self.lengths.max(), len(self.sequences), self.sequences[0].shape[1]))
        for k, sequence in enumerate(self.sequences):
            x[: len(sequence), k] = sequence
        return x

    def rows(self, which):
        """Those at the places ``which``, in that order."""
        which = np.asarray(which)
        return Recordings(tuple(self.sequences[k] for k in which), self.labels[which], self.names)


class Trace(NamedTuple):
    """values (N,), rate samples a second, marked (N,) bool: what is not normal."""

    values: np.ndarray
    rate: float
    marked: np.ndarray


def vowels(part):
    """Nine speakers, 12 cepstral coefficients a frame, 7 to 29 frames: 270 "train", 370 "test"."""
    return _read("vowels", part)


def motions(part):
    """Four activities, an accelerometer's and a gyroscope's axes, 100 steps of 0.1 s: 40 and 40.

    Four people wrote five recordings of each activity.  Who wrote which is not in the file, so no
    split can keep a person's recordings together.
    """
    return _read("motions", part)


def ecg():
    """7,500 samples of a record of the MIT-BIH database, of which the file does not say which.

    360 samples a second, as in that database.  352 of them in one piece are marked.
    """
    rows = list(csv.reader(io.StringIO(ECG.read().decode())))[1:]
    values, marked = np.array(rows, float).T
    return Trace(values, 360.0, marked > 0)


def _read(name, part):
    if part not in FILES[name]:
        raise ValueError(f"part: expected one of {', '.join(FILES[name])}, got {part!r}")
    return parse(FILES[name][part].read().decode())


def parse(text):
    """A .ts file as Recordings: channels apart by colons, steps by commas, the class last."""
    head, _, body = text.partition("@data")
    line = next(line for line in head.splitlines() if line.lower().startswith("@classlabel"))
    names = tuple(line.split()[2:])
    sequences, labels = [], []
    for row in body.split():
        *channels, label = row.split(":")
        sequences.append(np.array([channel.split(",") for channel in channels], float).T)
        labels.append(names.index(label))
    return Recordings(tuple(sequences), np.array(labels), names)
