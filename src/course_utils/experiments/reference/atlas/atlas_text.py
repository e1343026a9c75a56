"""Every cell on letters of Python's help text: a character model of equal size.

Protocol, sizes and budget: ``course_utils.lab.atlas_protocol``.  One learning rate more than on the
other tasks, for all cells: in a first recording 40 of 52 cells chose the largest of the four.
About six CPU minutes.
"""

from dataclasses import dataclass

from course_utils.lab.atlas_protocol import Protocol, measure
from course_utils.lab.searched_tasks import letters


@dataclass(frozen=True)
class Config(Protocol):
    """The task, and its learning rates."""

    task: str = "text"
    rates: tuple = (0.003, 0.01, 0.03, 0.1, 0.3)


QUICK = Config(
    cells=("lstm", "gru"), units=4, updates=6, rates=(0.003, 0.01), search=(100,),
    seeds=(0, 1),
)  # fmt: skip


def run(config, progress=iter):
    """By cell its size, rate and scores, how many nets solve it, its rank and how sure that is."""
    return measure(config, progress)


def data(config):
    """The text, which differs between Python versions."""
    return {"name": letters().name, "sha256": letters().sha256}
