"""The protocol of the atlas: how every cell is measured on every task, written before any number.

1. Size.  One layer and a linear readout, which together learn about as many numbers as an LSTM of
   ``units`` does there: the hidden size that comes nearest (`hidden_size`).  Two biases that only
   stand as a sum count once.
2. Start.  The cell's own, ``init_params``; no gate's bias is set.
3. Training.  Adam, its rate falling in a line to a twentieth; the task's updates and mini-batch;
   a gradient's joint norm clipped at 1; float32.  The same for all cells.
4. Rate.  Of a grid of four, a factor of about three apart (text: five), the one with the least mean
   loss on held-out data of the trained length over the search seeds.  A net's loss counts at most
   ``CAP`` times that of answers of zero; one that diverged counts so much.  The search's nets are
   not used again.
5. Scores.  Fresh seeds at that rate, scored on the test, the same for all.  A seed draws the start
   and what is trained on: the sequences are the same for all cells.
6. What is said.  Nets that solve the task, with Wilson's interval; the median score, with a
   percentile bootstrap's; the rank of that median among all cells, with the interval of the rank
   when seeds are drawn anew, the same for all cells; whether a cell can be told from the best.  A
   net that diverges is not solved and comes last: it is never left out.

The search is coarse and the nets are small: what is found is what a cell does at this size, after
so many updates, from this start.  Budget: five to thirteen CPU minutes a task for 52 cells, each
with twelve nets that search and twenty that count; six tasks in less than an hour.
"""

from dataclasses import dataclass
from functools import partial

import numpy as np

from course_utils.lab.atlas_arrival import arrived
from course_utils.lab.atlas_ranks import finite, ranking
from course_utils.lab.atlas_sizes import hidden_size, learned
from course_utils.lab.atlas_tasks import TASKS
from course_utils.lab.net_families import Family, falling
from course_utils.lab.numpy_models import layer_of
from course_utils.lab.seeds import over_seeds
from course_utils.lab.statistics import rate_interval
from course_utils.numpy_nn import many
from course_utils.specs import SPECS

CAP = 2.0  # times the loss of answers of zero


@dataclass(frozen=True)
class Protocol:
    """What all tasks share.

    task: of ``TASKS``.  cells: () for all there are.  units: of the LSTM that sets the size.
    updates: None for the task's own.  search: seeds a rate.  arrival: steps over which the
    gradient of trained nets is followed, 0 for none.
    """

    task: str = ""
    cells: tuple = ()
    units: int = 16
    updates: int | None = None
    rates: tuple = (0.003, 0.01, 0.03, 0.1)
    clip: float = 1.0
    search: tuple = (100, 101, 102)
    arrival: int = 0
    seeds: tuple = tuple(range(20))


def measure(config, progress=iter):
    """Every cell on the task of config, a `Protocol`: as plain values."""
    task, keys = TASKS[config.task](), config.cells or tuple(SPECS)
    rows = over_seeds(partial(run_cell, config), keys, progress)
    scores = np.array([row["scores"] for row in rows])
    cells = {}
    for key, row, place in zip(keys, rows, ranking(scores), strict=True):
        row = row | {"scores": [finite(s) for s in row["scores"]]} | place
        cells[key] = row | (solving(task, row["scores"]) if task.solved is not None else {})
    best = min(keys, key=lambda key: cells[key]["rank"])
    return {
        "of": len(config.seeds),
        "count": len(keys),
        "best": best,
        "tied": sum(row["tied"] for row in cells.values()),
        "lost": sum(row["lost"] for row in cells.values()),
        "guess": task.guess,
        "cells": cells,
    }


def solving(task, scores):
    """How many scores are solved, and Wilson's interval of the rate."""
    solved = sum(s is not None and s <= task.solved for s in scores)
    low, high = rate_interval(solved, len(scores))
    share = solved / len(scores)
    return {"solved": solved, "share": share, "share_low": finite(low), "share_high": finite(high)}


def run_cell(config, key):
    """One cell's row: its size, the rate that the search chose, and the scores of fresh nets."""
    task = TASKS[config.task]()
    hidden = hidden_size(key, task.inputs, task.outputs, config.units)
    grid = [(rate, seed) for rate in config.rates for seed in config.search]
    tried = losses(task, trained(config, task, key, hidden, *zip(*grid, strict=True)), 0)
    tried = tried.reshape(len(config.rates), -1).mean(axis=1)
    rate = config.rates[int(tried.argmin())]
    net = trained(config, task, key, hidden, [rate] * len(config.seeds), config.seeds)
    answers, target = tested(task, net, 1)
    lost = ~np.isfinite(answers).all(axis=(1, 2, 3))
    scores = np.where(lost, np.inf, task.score(np.where(np.isfinite(answers), answers, 0), target))
    row = {
        "hidden": hidden,
        "size": learned(key, task.inputs, hidden, task.outputs),
        "rate": rate,
        "edge": rate in (config.rates[0], config.rates[-1]),
        "tried": [finite(loss) for loss in tried],
        "lost": int(lost.sum()),
        "scores": scores.tolist(),
    }
    if config.arrival:
        layers = [many.pick(layer_of(net.params), k) for k in np.flatnonzero(~lost)]
        row["arrived"] = [finite(arrived(key, layer, config.arrival)) for layer in layers]
    return row


def trained(config, task, key, hidden, rates, seeds):
    """A Family of nets after training, one for each rate and seed."""
    net = Family(
        key, task.inputs, hidden, task.outputs, [(13, seed) for seed in seeds],
        lr=np.array(rates), clip=config.clip,
    )  # fmt: skip
    updates, state = config.updates or task.updates, None
    different = sorted(set(seeds))
    which = [different.index(seed) for seed in seeds]
    pieces = [task.pieces(np.random.default_rng((17, seed)), updates) for seed in different]
    with np.errstate(all="ignore"):  # of nets that diverge
        for k, piece in enumerate(zip(*pieces, strict=True)):
            x, target = (np.stack(each)[which] for each in zip(*piece, strict=True))
            answers, last = net(x, state)
            net.learn(task.loss(answers, target)[1], falling(net.lr, k, updates))
            state = last if task.carries else None
    return net


def tested(task, net, part):
    """The nets' answers to held-out data, and the target."""
    x, target = task.held_out(part)
    with np.errstate(all="ignore"):
        return net(x, workspace=many.Workspace())[0], target


def losses(task, net, part):
    """Held-out losses (K,), at most `CAP` times that of zeros: what nets get that diverged."""
    answers, target = tested(task, net, part)
    even, _ = task.loss(np.zeros_like(answers[:1]), target)
    with np.errstate(all="ignore"):
        found, _ = task.loss(answers, target)
    return np.where(np.isfinite(found), np.minimum(found, CAP * even), CAP * even)
