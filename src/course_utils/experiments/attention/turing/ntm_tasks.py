"""Two further tasks of the paper, small: copying several times, and which item came after this one.

Graves et al. 2014, sections 4.2 and 4.3, at a fraction of the size and the training; the controller
is an LSTM, as in one of the paper's two machines.  About 8 CPU seconds a seed and task.
"""

from dataclasses import dataclass
from functools import partial

from course_utils.lab import bits_together as together
from course_utils.lab.copying_nets import rounded
from course_utils.lab.statistics import count, median
from course_utils.tasks import AssociativeRecall, RepeatCopy

TRAINING = {
    "repeat": RepeatCopy(bits=3, longest=3, repeats=3, scale=3),
    "recall": AssociativeRecall(bits=6, item=1, fewest=2, most=4),
}
TESTS = {  # the hardest of those trained on, and harder ones
    "repeat": {
        "trained": RepeatCopy(bits=3, shortest=3, longest=3, fewest=3, repeats=3, scale=3),
        "longer": RepeatCopy(bits=3, shortest=6, longest=6, fewest=3, repeats=3, scale=3),
        "more": RepeatCopy(bits=3, shortest=3, longest=3, fewest=6, repeats=6, scale=3),
    },
    "recall": {
        "trained": AssociativeRecall(bits=6, item=1, fewest=4, most=4),
        "longer": AssociativeRecall(bits=6, item=1, fewest=8, most=8),
    },
}


@dataclass(frozen=True)
class Config:
    """Machine, training; right: the share of wrong bits up to which a task counts as learned."""

    hidden: int = 64
    slots: int = 20
    width: int = 12
    updates: int = 1600
    batch: int = 16
    lr: float = 1e-3
    right: float = 0.01
    tasks: tuple = ("repeat", "recall")
    seeds: tuple = tuple(range(20))


QUICK = Config(hidden=16, slots=8, width=6, updates=20, tasks=("repeat",), seeds=(0,))


def run(config, progress=iter):
    """By task: wrong bits by seed as trained, longer and more; how many learned it; loss curves."""
    found = {}
    for name in config.tasks:
        run_group = partial(run_machines, config, name)
        rows = together.in_groups(run_group, config.seeds, len(config.seeds), progress)
        found[name] = {
            kind: {
                "learned": sum(row[kind] <= config.right for row in rows),
                "wrong": median(rows, kind),
                "by_seed": [row[kind] for row in rows],
            }
            for kind in TESTS[name]
        } | {"curves": [row["curve"] for row in rows], "falling": count(rows, "falling")}
    return found | {"of": len(config.seeds)}


def run_machines(config, name, seeds):
    """Train a machine for each seed on one task; wrong bits of each kind of test, and the losses.

    falling: whether the loss of the last tenth is below nine tenths of that of the tenth before.
    """
    nets = together.Together(
        TRAINING[name], seeds, controller="lstm", hidden_size=config.hidden, slots=config.slots,
        width=config.width,
    )  # fmt: skip
    tenth = config.updates // 10
    curves = together.train(
        nets, seeds[0], updates=config.updates, batch=config.batch, lr=config.lr, every=tenth
    )
    wrong = {
        kind: together.wrong_bits(nets, task, seeds[0], sequences=200)
        for kind, task in TESTS[name].items()
    }
    return [
        {kind: round(float(w[k]), 5) for kind, w in wrong.items()}
        | {"curve": rounded(curve, 4), "falling": bool(curve[-1] < 0.9 * curve[-2])}
        for k, curve in enumerate(curves)
    ]
