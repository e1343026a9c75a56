"""Does the order of the cells on one task of the atlas say anything about another?

And what of a gradient arrives?  Computed from the records of the tasks, ``atlas_adding`` and its
sisters: run it again after each of them; a test holds it to them.

Expected before any of them was recorded: Kendall's tau between adding and parity below 0.3; and on
parity not one net solved by the cells that keep a positive share of each unit which the input alone
decides, minGRU, minLSTM and QRNN.  Before adding was recorded: of what arrives over 100 steps at
the start and adding, an interval of tau above zero.
"""

from dataclasses import dataclass

from course_utils.lab.atlas_agreement import (
    agreement,
    agreements,
    recorded_arrivals,
    recorded_scores,
)


@dataclass(frozen=True)
class Config:
    """Only tasks that have a record count; () for all of them."""

    tasks: tuple = ()


QUICK = Config(tasks=("adding", "parity"))


def run(config, progress=iter):
    """Kendall's tau between the cells' medians, and its interval, by pair of tasks; and between
    adding and what arrives over 100 steps, at the start and trained."""
    scores = recorded_scores()
    kept = [task for task in scores if not config.tasks or task in config.tasks]
    pairs = agreements({task: scores[task] for task in kept})
    taus = [row["tau"] for row in pairs.values()]
    return {
        "tasks": kept,
        "pairs": pairs,
        "arrival": {
            when: agreement(arrivals, scores["adding"])
            for when, arrivals in recorded_arrivals().items()
            if "adding" in kept
        },
        "least": min(taus, default=None),
        "most": max(taus, default=None),
    }
