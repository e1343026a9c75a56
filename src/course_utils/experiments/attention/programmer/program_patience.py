"""Does noise on the gradient pay when training may go on for three times as long?

The questions of ``program_noise``; training ends when the programs are found.  After Neelakantan,
Le & Sutskever 2015; the budget is ours.  About 10 CPU seconds a seed and noise.
"""

from dataclasses import dataclass
from functools import partial

from course_utils.lab.program_nets import ProgramConfig, first_found, right, trained_programmer
from course_utils.lab.seeds import over_seeds
from course_utils.lab.statistics import count, median, rate_interval
from course_utils.tasks import TableQuestions


@dataclass(frozen=True)
class Config(ProgramConfig):
    """Kinds of questions; the noise and its variance at the first update."""

    updates: int = 750
    kinds: tuple = ("sum", "count_greater", "count_less")
    noise: tuple = (("plain", 0.0), ("noise", 0.01))


QUICK = Config(
    kinds=("sum",), noise=(("plain", 0.0),), hidden=8, updates=60, tests=100, seeds=(0,)
)


def run(config, progress=iter):
    """By noise: how many seeds found all programs, and when; the share of right answers."""
    results = {"of": len(config.seeds)}
    for name, eta in progress(config.noise):
        rows = over_seeds(partial(run_seed, config, eta), config.seeds, progress)
        found = count(rows, "found")
        results[name] = {
            "found": found,
            "rate": list(rate_interval(found, len(rows))),
            "hard": median(rows, "hard"),
            "hard_by_seed": [row["hard"] for row in rows],
            "first_by_seed": [row["first"] for row in rows],
        }
    return results


def run_seed(config, eta, seed):
    """Train one network until it has found all programs, or ``updates`` are over."""
    model, history = trained_programmer(config, config.kinds, seed, eta=eta, stop=True)
    task = TableQuestions(config.kinds, config.rows, config.columns)
    hard = right(model, task, seed, config.tests)["hard"]
    return {"hard": hard, "found": hard >= config.found, "first": first_found(config, history)}
