"""Every cell on letters of Python's help text, with as many updates as take as long as the LSTM's.

The protocol, the sizes and the rates are those of ``atlas_text``; see
``course_utils.lab.atlas_equal_time`` for the updates.  About ten CPU minutes.
"""

from dataclasses import dataclass

from course_utils.lab.atlas_equal_time import measure_in_time
from course_utils.lab.atlas_protocol import Protocol
from course_utils.lab.searched_tasks import letters


@dataclass(frozen=True)
class Config(Protocol):
    """The task, its learning rates, and the seconds for which two cells are timed."""

    task: str = "text"
    rates: tuple = (0.003, 0.01, 0.03, 0.1, 0.3)
    seconds: float = 0.6


QUICK = Config(
    cells=("lstm", "gru"), units=4, updates=6, rates=(0.003, 0.01), search=(100,),
    seeds=(0, 1), seconds=0.01,
)  # fmt: skip


def run(config, progress=iter):
    """By cell its size, updates, rate and scores, its rank and how sure that is."""
    return measure_in_time(config, progress)


def data(config):
    """The text, which differs between Python versions."""
    return {"name": letters().name, "sha256": letters().sha256}
