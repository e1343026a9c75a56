"""Programs learned from answers alone, with noise on the gradient and without.

Three kinds of questions about one column each, in programs of two steps: sum, count_greater,
count_less.  After Neelakantan, Le & Sutskever 2015, whose abstract says that noise greatly improves
training; tables, sizes and numbers are ours.  About 4 CPU seconds a seed and noise.
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
    """Kinds of questions; the noise and its variance at the first update; rows of longer tables."""

    kinds: tuple = ("sum", "count_greater", "count_less")
    noise: tuple = (("plain", 0.0), ("noise", 0.01))
    longer: tuple = (6, 12, 24, 48, 96)


QUICK = Config(
    kinds=("sum",),
    noise=(("plain", 0.0),),
    longer=(6, 24),
    hidden=8,
    updates=60,
    tests=100,
    seeds=(0,),
)


def run(config, progress=iter):
    """By noise: seeds that found all programs, accuracy soft and hard, what they wrote."""
    results = {"of": len(config.seeds), "longer": list(config.longer)}
    for name, eta in progress(config.noise):
        rows = over_seeds(partial(run_seed, config, eta), config.seeds, progress)
        good = [row for row in rows if row["found"]]
        results[name] = {
            "found": count(rows, "found"),
            "first": median([row for row in rows if row["first"]], "first"),
            "first_by_seed": [row["first"] for row in rows],
            "found_by_seed": [row["found"] for row in rows],
            "soft": median(rows, "soft"),
            "hard": median(rows, "hard"),
            "soft_by_seed": [row["soft"] for row in rows],
            "hard_by_seed": [row["hard"] for row in rows],
            "kinds": {k: [row["kinds"][k] for row in rows] for k in config.kinds},
            "longer": {
                way: [median(good, "longer", str(R), way) for R in config.longer]
                for way in ("soft", "hard")
            },
            "more_steps": median(good, "more_steps"),
            "programs": {
                k: most_common([row["programs"][k] for row in rows]) for k in config.kinds
            },
        }
    return results


def run_seed(config, eta, seed):
    """Train one network; accuracies on new questions, on longer tables, with a step more."""
    model, history = trained_programmer(config, config.kinds, seed, eta=eta)

    def on(kinds=config.kinds, rows=config.rows):
        return right(model, TableQuestions(kinds, rows, config.columns), seed, config.tests)

    shares = on()
    row = shares | {
        "found": shares["hard"] >= config.found,
        "kinds": {k: on((k,))["hard"] for k in config.kinds},
        "longer": {str(R): on(rows=R) for R in config.longer},
        "programs": {k: written(model, k)[1] for k in config.kinds},
        "first": first_found(config, history),
    }
    model.steps += 1
    return row | {"more_steps": on()["hard"]}
