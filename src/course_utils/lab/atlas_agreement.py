"""Whether the order of the cells on one task says anything about another."""

from itertools import combinations

import numpy as np

from course_utils import ledger
from course_utils.lab.atlas_facts import experiment, recorded_tasks
from course_utils.lab.atlas_ranks import finite


def recorded_scores():
    """{task: {cell: scores (S,)}} of the recorded tasks; inf where a net was lost."""
    return {
        task: {
            key: np.array([np.inf if s is None else s for s in row["scores"]])
            for key, row in ledger.result(experiment(task))["values"]["cells"].items()
        }
        for task in recorded_tasks()
    }


def recorded_arrivals():
    """{"start", "trained": {cell: what does not arrive over 100 steps (S,)}}, as far as recorded.

    Orders of magnitude, so that less is better, as with scores; inf where nothing arrives or a net
    was lost.
    """
    found = {}
    for when, name in (("start", "atlas_arrival"), ("trained", "atlas_adding")):
        if name in ledger.recorded():
            record = ledger.result(name)
            blank = [None] * len(record["config"]["seeds"])
            found[when] = {
                key: np.array([
                    np.inf if v is None else -v for v in (row["arrived"] + blank)[: len(blank)]
                ])
                for key, row in record["values"]["cells"].items()
            }  # fmt: skip
    return found


def agreement(first, second, level=0.95, resamples=500):
    """Kendall's tau-b between the median scores of the cells on two tasks, {cell: scores} each.

    {"tau", "low", "high", "cells"}: of the cells that both hold; the interval draws the seeds of
    each task anew, the same for all cells.
    """
    from scipy.stats import kendalltau  # needs SciPy: pip install scipy

    keys = [key for key in first if key in second]
    a, b = (np.array([scores[key] for key in keys]) for scores in (first, second))
    rng = np.random.default_rng(0)

    def tau(a, b):
        return float(kendalltau(np.median(a, axis=1), np.median(b, axis=1)).statistic)

    def again(a):
        return a[:, rng.integers(0, a.shape[1], a.shape[1])]

    drawn = [tau(again(a), again(b)) for _ in range(resamples)]
    low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2])
    return {"tau": finite(tau(a, b)), "low": finite(low), "high": finite(high), "cells": len(keys)}


def agreements(scores):
    """{"adding_copying": `agreement`, …} for every pair of tasks."""
    return {f"{a}_{b}": agreement(scores[a], scores[b]) for a, b in combinations(scores, 2)}
