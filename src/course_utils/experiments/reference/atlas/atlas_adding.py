"""Every cell on the adding problem over 30 steps.

Protocol, sizes and budget: ``course_utils.lab.atlas_protocol``.  The trained nets say too how much
of a gradient arrives over 100 steps.
"""

from dataclasses import dataclass

from course_utils.lab.atlas_protocol import Protocol, measure


@dataclass(frozen=True)
class Config(Protocol):
    """The task, and the steps over which the gradient is followed."""

    task: str = "adding"
    arrival: int = 100


QUICK = Config(
    cells=("lstm", "gru"), units=4, updates=6, rates=(0.003, 0.01), search=(100,), arrival=30,
    seeds=(0, 1),
)  # fmt: skip


def run(config, progress=iter):
    """By cell its size, rate and scores, how many nets solve it, its rank and how sure that is."""
    return measure(config, progress)
