"""Jozefowicz et al. 2015 on small tasks: a forget bias of 1, the GRU and three mutants.

The tasks, the search and the training of ``ablation_adding`` and its sisters, over learning rate
and hidden size; the start is each cell's own.
"""

from dataclasses import dataclass, replace

from course_utils.lab.comparing import study
from course_utils.lab.searched_tasks import letters


@dataclass(frozen=True)
class Config:
    """Nets as (name, cell, start); tasks as (name, hidden sizes, updates, wrong where solved)."""

    tasks: tuple = (
        ("adding", (4, 12), 500, 0.05),
        ("reber", (4, 12), 800, 0.05),
        ("timing", (4, 12), 400, 0.05),
        ("text", (8, 24), 250, 0.5),
    )
    nets: tuple = (
        ("lstm", "lstm", None),
        ("one", "lstm", 1.0),
        ("gru", "gru", None),
        ("mut1", "mut1", None),
        ("mut2", "mut2", None),
        ("mut3", "mut3", None),
    )
    task: str = ""
    draws: int = 9
    rates: tuple = (1e-3, 1e-1)
    biases: tuple = (0.0, 5.0)
    sizes: tuple = ()
    updates: int = 0
    clip: float = 1.0
    share: float = 0.1
    level: float = 0.95
    solved: float = 0.0
    seeds: tuple = (0, 1)


QUICK = Config(
    tasks=(("timing", (4,), 20, 0.05),),
    nets=(("lstm", "lstm", None), ("gru", "gru", None)),
    draws=4,
    rates=(0.005, 0.05),
    seeds=(0,),
)


def run(config, progress=iter):
    """By task what ``study`` says of it."""
    return {
        name: study(
            replace(config, task=name, sizes=sizes, updates=updates, solved=solved), progress
        )
        for name, sizes, updates, solved in config.tasks
    }


def data(config):
    """The text, which differs between Python versions."""
    return {"name": letters().name, "sha256": letters().sha256}
