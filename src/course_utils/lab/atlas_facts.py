"""The measured facts of the atlas, as far as they are recorded: rows for a table.

    tasks()      what was asked, and of how many nets
    facts()      by cell and task: size, nets that solve it, median, rank
    arrivals()   by cell: how much of a gradient arrives over 100 steps

Everything is read from the ledger; what is not recorded yet is left out.
"""

from course_utils import ledger
from course_utils.lab.atlas_arrival import summary
from course_utils.lab.atlas_equal_time import NextLetterInTime
from course_utils.lab.atlas_tasks import TASKS
from course_utils.specs import SPECS

SHOWN = (
    "hidden", "size", "rate", "edge", "solved", "share", "share_low", "share_high", "lost",
    "median", "low", "high", "rank", "rank_low", "rank_high", "tied",
)  # fmt: skip


SHOWN_TASKS = TASKS | {"text_time": NextLetterInTime}


def experiment(task):
    """The id of a task's experiment."""
    return f"atlas_{task}"


def recorded_tasks():
    """The keys of the tasks that are recorded, in the order of ``TASKS``."""
    there = ledger.recorded()
    return [task for task in TASKS if experiment(task) in there]


def shown_tasks():
    """``recorded_tasks``, and the character model in equal time, which is no task of its own."""
    return recorded_tasks() + ["text_time"] * (experiment("text_time") in ledger.recorded())


def tasks():
    """{task: what was asked}: plain values, for the tasks that are recorded.

    experiment; title and measure, in words; percent, whether the measure is a share; solved, when a
    net counts as solved, in words, or None; seeds, nets that were scored a cell; search, nets that
    chose the rate; cells, how many; tied, how many can't be told from the best, itself among them;
    best; lost, nets that diverged; guess, the measure of an answer that remembers nothing.
    """
    return {task: _about(task) for task in shown_tasks()}


def _about(task):
    record = ledger.result(experiment(task))
    values, config, kind = record["values"], record["config"], SHOWN_TASKS[task]
    solved = kind.solved
    return {
        "experiment": experiment(task),
        "title": kind.title,
        "measure": kind.measure,
        "percent": solved is not None,
        "solved": None if solved is None else f"at most {solved:.0%} {kind.measure}",
        "seeds": values["of"],
        "search": len(config["rates"]) * len(config["search"]),
        "cells": values["count"],
        "tied": values["tied"],
        "best": values["best"],
        "lost": values["lost"],
        "guess": values["guess"],
    }


def facts():
    """{cell: {task: row}} for every cell there is; of a task that holds it, else no row.

    A row: hidden, size (numbers that are learned), rate, edge (whether that rate is the grid's
    first or last); of nets, solved with share, share_low and share_high (95 %; absent where nothing
    counts as solved), of and lost; median, low, high of the measure (None: infinite); rank,
    rank_low, rank_high; tied, whether it can't be told from the best.
    """
    rows = {key: {} for key in SPECS}
    for task in shown_tasks():
        values = ledger.result(experiment(task))["values"]
        for key, row in values["cells"].items():
            if key in rows:
                shown = {name: row[name] for name in SHOWN if name in row}
                rows[key][task] = shown | {"of": values["of"]}
    return rows


def arrivals():
    """{cell: row}: log10 of the share of a gradient that arrives over 100 steps.

    hidden; start, start_low, start_high: median and quartiles over fresh nets; trained,
    trained_low, trained_high the same after training on adding, once that is recorded.  None where
    nothing arrives.  {} while ``atlas_arrival`` is not recorded.
    """
    there = ledger.recorded()
    if "atlas_arrival" not in there:
        return {}
    fresh = ledger.result("atlas_arrival")["values"]["cells"]
    rows = {
        key: {"hidden": row["hidden"]} | _named("start", row)
        for key, row in fresh.items() if key in SPECS
    }  # fmt: skip
    if "atlas_adding" in there:
        for key, row in ledger.result("atlas_adding")["values"]["cells"].items():
            if key in rows and row["arrived"]:
                rows[key] |= _named("trained", summary(row["arrived"]))
    return rows


def _named(name, row):
    return {name: row["median"], f"{name}_low": row["low"], f"{name}_high": row["high"]}
