"""Train until nearly all answers are right, or time is up: the loop that several experiments share.

It serves NumPy and PyTorch alike: what an update is, and what is wrong, are functions.
"""

import numpy as np

from course_utils.lab.statistics import count, median
from course_utils.training import fit


def train_until_solved(config, step, wrong):
    """Call ``step`` until ``wrong()``, a share of new answers, is at most ``config.wrong``.

    config has updates (at most so many), every (updates between checks; more than updates: one
    check at the end), batch and wrong.
    -> solved, sequences it took, the last share wrong, and the loss, smoothed over 25 updates.
    """
    history = fit(
        step,
        config.updates,
        check=wrong,
        every=min(config.every, config.updates),
        done=lambda share: share <= config.wrong,
        bar=False,
    )
    return {
        "solved": history.stopped,
        "sequences": history.updates * config.batch,
        "wrong": history.checks[-1][1],
        "loss": smoothed(history.loss),
    }


def smoothed(losses, width=25):
    """Means over ``width`` updates, one for each ``width``; [] where there are fewer."""
    if len(losses) < width:
        return []
    return np.round(np.convolve(losses, np.ones(width) / width, "valid")[::width], 6).tolist()


def table(rows):
    """What most tables say of `train_until_solved`'s rows: solved, sequences (median of those that
    solved it, or None), wrong (median) and the first seed's loss."""
    return {
        "solved": count(rows, "solved"),
        "sequences": median([row for row in rows if row["solved"]], "sequences"),
        "wrong": median(rows, "wrong"),
        "loss": rows[0]["loss"],
    }
