"""A run with ends and new beginnings, cut into parts that have neither."""

import itertools
from typing import NamedTuple

import numpy as np


class Part(NamedTuple):
    """Steps start to stop, of the rows that run there; which of them begin anew.

    rows: a slice where all rows run, so that nothing is copied, else their numbers.
    """

    start: int
    stop: int
    rows: object
    fresh: np.ndarray  # (number of rows,) true where the step ``start`` begins a sequence


def parts(lengths, resets):
    """The parts of a run, in order: lengths (B,), resets (T, B) as checked.

    A cut is where a sequence ends or begins; rows that have ended do not run.
    """
    T = len(resets)
    counted = resets & (np.arange(T)[:, None] < lengths)
    cuts = {0, *np.flatnonzero(counted.any(axis=1)).tolist(), *lengths.tolist()}
    cuts = sorted(cuts)
    pieces = []
    for start, stop in itertools.pairwise(cuts):
        running = lengths > start
        rows = slice(None) if running.all() else np.flatnonzero(running)
        pieces.append(Part(start, stop, rows, counted[start, rows]))
    return pieces
