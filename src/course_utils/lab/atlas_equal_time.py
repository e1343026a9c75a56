"""The character model of the atlas in equal time: a cell that is slower gets fewer updates.

All else is the protocol's (``atlas_protocol``): sizes, starts, search, scores.  How much longer an
update of a cell takes than one of the LSTM is measured, in turns in one process, on as many nets
side by side as are scored; so the updates, and with them the scores, differ a little between two
recordings, and more between processors.
"""

from dataclasses import replace
from functools import partial

import numpy as np

from course_utils import timing
from course_utils.lab.atlas_protocol import run_cell
from course_utils.lab.atlas_ranks import finite, ranking
from course_utils.lab.atlas_sizes import hidden_size
from course_utils.lab.atlas_tasks import TASKS, NextLetter
from course_utils.lab.net_families import Family
from course_utils.lab.seeds import over_seeds
from course_utils.specs import SPECS


class NextLetterInTime(NextLetter):
    """``NextLetter``, as the table calls it."""

    title = "letters, in equal time"


def measure_in_time(config, progress=iter):
    """Every cell, with as many updates as take as long as the LSTM's: as plain values."""
    task, keys = TASKS[config.task](), config.cells or tuple(SPECS)
    rows = over_seeds(partial(run_cell_in_time, config), keys, progress)
    scores = np.array([row["scores"] for row in rows])
    cells = {
        key: row | {"scores": [finite(s) for s in row["scores"]]} | place
        for key, row, place in zip(keys, rows, ranking(scores), strict=True)
    }
    return {
        "of": len(config.seeds),
        "count": len(keys),
        "best": min(keys, key=lambda key: cells[key]["rank"]),
        "tied": sum(row["tied"] for row in cells.values()),
        "lost": sum(row["lost"] for row in cells.values()),
        "guess": task.guess,
        "cells": cells,
    }


def run_cell_in_time(config, key):
    """What ``run_cell`` says with the cell's own number of updates; ``longer``: how many times as
    long one of them takes as one of the LSTM."""
    longer = times_as_long(config, key)
    updates = max(1, round((config.updates or TASKS[config.task].updates) / longer))
    row = run_cell(replace(config, updates=updates), key)
    return row | {"longer": longer, "updates": updates}


def times_as_long(config, key):
    """Median ratio of an update of all scored nets of a cell to one of as many LSTMs."""
    task = TASKS[config.task]()
    x, target = next(iter(task.pieces(np.random.default_rng(0), 1)))

    def update(cell):
        hidden = hidden_size(cell, task.inputs, task.outputs, config.units)
        net = Family(cell, task.inputs, hidden, task.outputs, config.seeds, lr=0.0)
        return lambda: net.learn(task.loss(net(x)[0], target)[1])

    with np.errstate(all="ignore"), timing.one_thread():
        times = timing.interleave(
            {"cell": update(key), "lstm": update("lstm")}, seconds=config.seconds
        )
    return timing.ratio(times, "cell", "lstm")
