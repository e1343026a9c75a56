"""Does the order of the cells on one task of the atlas say anything about another?

Computed from the records of the tasks, ``atlas_adding`` and its sisters: run it again after each of
them; a test holds it to them.  Expected before any of them was recorded: Kendall's tau between
adding and parity below 0.3; and on parity not one net solved by the cells that keep a positive
share of each unit which the input alone decides, minGRU, minLSTM and QRNN.
"""

from dataclasses import dataclass

from course_utils.lab.atlas_agreement import agreements, recorded_scores


@dataclass(frozen=True)
class Config:
    """Only tasks that have a record count; () for all of them."""

    tasks: tuple = ()


QUICK = Config(tasks=("adding", "parity"))


def run(config, progress=iter):
    """By pair of tasks Kendall's tau between the cells' median scores, and its interval."""
    scores = recorded_scores()
    kept = [task for task in scores if not config.tasks or task in config.tasks]
    pairs = agreements({task: scores[task] for task in kept})
    taus = [row["tau"] for row in pairs.values()]
    return {
        "tasks": kept,
        "pairs": pairs,
        "least": min(taus, default=None),
        "most": max(taus, default=None),
    }
