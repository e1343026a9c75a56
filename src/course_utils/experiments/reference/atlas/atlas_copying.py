"""Every cell on copying five symbols after ten blanks.

Protocol, sizes and budget: ``course_utils.lab.atlas_protocol``.
"""

from dataclasses import dataclass

from course_utils.lab.atlas_protocol import Protocol, measure


@dataclass(frozen=True)
class Config(Protocol):
    """The task."""

    task: str = "copying"


QUICK = Config(
    cells=("lstm", "gru"), units=4, updates=6, rates=(0.003, 0.01), search=(100,),
    seeds=(0, 1),
)  # fmt: skip


def run(config, progress=iter):
    """By cell its size, rate and scores, how many nets solve it, its rank and how sure that is."""
    return measure(config, progress)
