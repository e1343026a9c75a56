"""What it brings to run nets side by side, for every cell: the update of ``speed_many``, timed.

Against the same nets one after the other, with the readable cells and compiled.  Then the kin of
the LSTM against it.
"""

from dataclasses import dataclass

import numpy as np

from course_utils import numpy_nn, timing
from course_utils.lab.side_by_side import gradients, nets, one_by_one
from course_utils.numpy_nn import fast, many
from course_utils.specs import SPECS
from course_utils.tasks import Cue


@dataclass(frozen=True)
class Config:
    """Nets of ``hidden`` units on the cue task; seconds is the time spent on one cell."""

    nets: int = 32
    hidden: int = 8
    gap: int = 20
    batch: int = 16
    seconds: float = 2.0
    least: int = 7


QUICK = Config(nets=8, hidden=4, gap=2, batch=2, seconds=0.02, least=3)


def run(config, progress=iter):
    """By cell: seconds of an update of all nets, and how many times longer one by one takes."""
    with timing.one_thread():
        cells = {key: cost(config, key) for key in progress(tuple(SPECS))}
        over_lstm = variants(config)
    ratios = {key: row["loop_over_many"] for key, row in cells.items()}
    lowest, highest = min(ratios, key=ratios.get), max(ratios, key=ratios.get)
    return {
        "blas": timing.blas(),
        "cells": cells,
        "of": len(cells),
        "least": ratios[lowest],
        "lowest": lowest,
        "most": ratios[highest],
        "highest": highest,
        "over_lstm": over_lstm,
        "over_lstm_most": max(over_lstm.values()),
    }


def problem(config, key):
    """The nets' parameters, and a batch."""
    task = Cue(config.gap)
    params = nets(key, task, config.hidden, range(config.nets))
    return params, task.sample(np.random.default_rng(0), config.batch)


def side_by_side(config, key):
    """The gradients of all nets, as a function to time."""
    (params, batch), workspace = problem(config, key), many.Workspace()
    return lambda: gradients(key, params, batch, workspace)


def cost(config, key):
    """The row of one cell."""
    params, batch = problem(config, key)
    each, workspace = [many.pick(params, k) for k in range(config.nets)], fast.Workspace()
    work = {
        "many": side_by_side(config, key),
        "loop": lambda: one_by_one(numpy_nn, key, each, batch),
        "fast": lambda: one_by_one(fast, key, each, batch, workspace=workspace),
    }
    times = timing.interleave(work, seconds=config.seconds, least=config.least)
    row = {f"{name}_over_many": timing.ratio(times, name, "many") for name in work}
    del row["many_over_many"]
    return row | {"seconds": timing.medians(times)}


def variants(config):
    """The cells that are kin to the LSTM: their time over the LSTM's."""
    work = {key: side_by_side(config, key) for key in SPECS if key.startswith("lstm")}
    seconds = config.seconds * len(work) / 2
    times = timing.interleave(work, seconds=seconds, least=config.least)
    return {key: timing.ratio(times, key, "lstm") for key in work}
