"""How often programs are found with more steps than they need, and where they need four.

Training ends when the programs are found.  After Neelakantan, Le & Sutskever 2015; every number
here is ours.  Two or three CPU seconds a seed and case.
"""

from dataclasses import dataclass
from functools import partial

from course_utils.lab.program_nets import (
    ProgramConfig,
    first_found,
    most_common,
    right,
    trained_programmer,
    written,
)
from course_utils.lab.seeds import over_seeds
from course_utils.lab.statistics import count, median
from course_utils.tasks import TableQuestions


@dataclass(frozen=True)
class Config(ProgramConfig):
    """Cases: name, kinds of questions, steps."""

    cases: tuple = (
        ("spare", ("sum", "count_greater", "count_less"), 4),
        ("count_and", ("count_and",), 4),
        ("difference", ("difference",), 4),
    )
    seeds: tuple = tuple(range(20))


QUICK = Config(
    cases=(("spare", ("sum",), 2),), hidden=8, updates=60, tests=100, seeds=(0,)
)


def run(config, progress=iter):
    """By case: seeds that found the programs, accuracy soft and hard, what they wrote."""
    results = {"of": len(config.seeds)}
    for name, kinds, steps in progress(config.cases):
        rows = over_seeds(partial(run_seed, config, kinds, steps), config.seeds, progress)
        results[name] = {
            "found": count(rows, "found"),
            "first": median([row for row in rows if row["first"]], "first"),
            "first_by_seed": [row["first"] for row in rows],
            "found_by_seed": [row["found"] for row in rows],
            "soft": median(rows, "soft"),
            "hard": median(rows, "hard"),
            "hard_by_seed": [row["hard"] for row in rows],
            "programs": {k: most_common([row["programs"][k] for row in rows]) for k in kinds},
        }
    return results


def run_seed(config, kinds, steps, seed):
    """Train one network on questions of these kinds, with so many steps."""
    model, history = trained_programmer(config, kinds, seed, steps=steps, stop=True)
    shares = right(model, TableQuestions(kinds, config.rows, config.columns), seed, config.tests)
    return shares | {
        "found": shares["hard"] >= config.found,
        "first": first_found(config, history),
        "programs": {k: written(model, k)[1] for k in kinds},
    }
