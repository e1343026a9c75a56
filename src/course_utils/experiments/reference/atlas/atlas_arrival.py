"""How much of a gradient arrives over 100 steps in a fresh layer of every cell, of the atlas' size.

A layer as ``init_params`` draws it, which reads sequences of the adding problem: see
``course_utils.lab.atlas_arrival``.  After training: ``atlas_adding``.  About a CPU minute.
"""

from dataclasses import dataclass
from functools import partial

from course_utils.lab.atlas_arrival import fresh, summary
from course_utils.lab.atlas_ranks import finite
from course_utils.lab.atlas_sizes import hidden_size
from course_utils.lab.atlas_tasks import AddTwo
from course_utils.lab.seeds import over_seeds
from course_utils.specs import SPECS


@dataclass(frozen=True)
class Config:
    """Steps back; cells, () for all there are; units of the LSTM that sets the size."""

    steps: int = 100
    cells: tuple = ()
    units: int = 16
    seeds: tuple = tuple(range(20))


QUICK = Config(steps=30, cells=("lstm", "rnn"), units=4, seeds=(0, 1))


def run(config, progress=iter):
    """By cell log10 of the share that arrives, by seed, its median and quartiles."""
    keys = config.cells or tuple(SPECS)
    rows = over_seeds(partial(row, config), keys, progress)
    return {"count": len(keys), "cells": dict(zip(keys, rows, strict=True))}


def row(config, key):
    """One cell's hidden size and what arrives."""
    hidden = hidden_size(key, AddTwo.inputs, AddTwo.outputs, config.units)
    logs = fresh(key, hidden, AddTwo.inputs, config.steps, config.seeds)
    return {"hidden": hidden, "arrived": [finite(v) for v in logs]} | summary(logs)
