"""Greff et al. 2015 on letters of Python's help text: the LSTM and eight of its variants.

Random search over learning rate, forget bias and hidden size, the same draws for all variants, two
nets a draw.  The paper's settings, tasks and budget differ: see the chapter.  About 45 CPU
seconds a seed.
"""

from dataclasses import dataclass

from course_utils.lab.comparing import study
from course_utils.lab.searched_tasks import letters


@dataclass(frozen=True)
class Config:
    """Nets as (name, cell, start), the search, and training on pieces of 32 steps in 8 streams.

    A block of nets for every seed.  share: of the nets that count as the best; level: of the
    intervals, all of them together; solved: at most this share of wrong letters.
    """

    task: str = "text"
    nets: tuple = (
        ("v", "lstm_peephole", "drawn"),
        ("nig", "lstm_nig", "drawn"),
        ("nfg", "lstm_nfg", None),
        ("nog", "lstm_nog", "drawn"),
        ("niaf", "lstm_niaf", "drawn"),
        ("noaf", "lstm_noaf", "drawn"),
        ("cifg", "lstm_cifg", "drawn"),
        ("np", "lstm", "drawn"),
        ("fgr", "lstm_fgr", "drawn"),
    )
    draws: int = 18
    rates: tuple = (1e-3, 1e-1)
    biases: tuple = (0.0, 5.0)
    sizes: tuple = (8, 24)
    updates: int = 250
    clip: float = 1.0
    share: float = 0.1
    level: float = 0.95
    solved: float = 0.5
    seeds: tuple = (0, 1, 2, 3)


QUICK = Config(
    nets=(("np", "lstm", "drawn"), ("gru", "gru", "drawn")),  # others' small versions compile them
    draws=4,
    rates=(0.005, 0.05),
    sizes=(4,),
    updates=20,
    seeds=(0,),
)


def run(config, progress=iter):
    """Best nets of every variant beside the first's, shares of variance, and all nets' losses."""
    return study(config, progress)


def data(config):
    """The text, which differs between Python versions."""
    return {"name": letters().name, "sha256": letters().sha256}
