"""The adding problem up to a thousand steps with the cell of 1997, beside the paper's table.

Hochreiter & Schmidhuber 1997, table 7: four cells without a forget gate, input gates nearly shut at
the start, two at -3 and two at -6, as there.  Departures: the task's own (see ``tasks.adding``),
Adam on the full gradient in batches, every cell with gates of its own (theirs share them in pairs),
and a stop when at most ``wrong`` of 2560 test sequences are off by 0.04 or more.
"""

from dataclasses import dataclass
from functools import partial

import numpy as np

from course_utils.lab.numpy_models import Net, numpy_step
from course_utils.lab.seeds import over_seeds
from course_utils.lab.solving import train_until_solved
from course_utils.numpy_nn import losses
from course_utils.tasks import Adding


@dataclass(frozen=True)
class Config:
    """Lengths, cells, training."""

    lengths: tuple = (100, 500, 1000)
    input_biases: tuple = (-3.0, -3.0, -6.0, -6.0)  # one a cell
    batch: int = 32
    lr: float = 0.01
    updates: int = 4000
    every: int = 100
    wrong: float = 0.001
    seeds: tuple = (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19)


QUICK = Config(lengths=(50,), updates=1500, wrong=0.02, seeds=(0,))


def run(config, progress=iter):
    """By length: seeds that solved it, sequences it took, how many of 2560 others were wrong."""
    results = {"of": len(config.seeds)}
    for length in progress(config.lengths):
        rows = over_seeds(partial(run_seed, config, length), config.seeds, progress)
        solved = [row for row in rows if row["solved"]]
        took = [row["sequences"] for row in solved]
        results[str(length)] = {
            "solved": len(solved),
            "sequences": float(np.mean(took)) if took else None,
            "fastest": min(took, default=None),
            "slowest": max(took, default=None),
            "wrong": [row["wrong"] for row in rows],
            "wrong_worst": max((row["wrong"] for row in solved), default=None),
            "loss": rows[0]["loss"],
        }
        results["weights"] = rows[0]["weights"]
    return results


def run_seed(config, length, seed):
    """Train one network until it is right often enough, or time is up."""
    biases, task = np.array(config.input_biases), Adding(length)
    net = Net(
        "lstm_1997", 2, len(biases), 1, seed, lr=config.lr, last=True, biases={"i": biases}
    )
    rng = np.random.default_rng((seed, length, 1))
    tests = [task.sample(np.random.default_rng((seed, length, k)), 2560) for k in (2, 3)]

    step = numpy_step(net, lambda: task.sample(rng, config.batch), losses.mse)
    outcome = train_until_solved(config, step, lambda: wrong(net, task, tests[0]))
    return outcome | {"wrong": round(2560 * wrong(net, task, tests[1])), "weights": net.size}


def wrong(net, task, batch):
    """Share of wrong answers, computed 256 sequences at a time."""
    answers = [
        net(batch.x[:, k : k + 256].astype(np.float32))[0] for k in range(0, batch.x.shape[1], 256)
    ]
    return task.wrong(np.concatenate(answers), batch.target)
