"""A success rate at once: many small nets, side by side, each with its own start and learning rate.

The cue task: a first word, a gap, a question.  Of every network and learning rate, how many nets
answer; and how much longer the same update takes net by net.
"""

from dataclasses import dataclass

import numpy as np

from course_utils import numpy_nn, timing
from course_utils.lab.side_by_side import answers, gradients, one_by_one
from course_utils.lab.side_by_side import nets as draw_nets
from course_utils.numpy_nn import fast, many, optim
from course_utils.tasks import Cue

NETS = {"rnn": "rnn", "gru": "gru", "lstm": "lstm", "lstm_keeps": "lstm"}


@dataclass(frozen=True)
class Config:
    """A net for every seed and rate; solved is an accuracy on new sequences."""

    names: tuple = tuple(NETS)
    retention: float = 0.95  # of lstm_keeps; the others start as PyTorch does
    gap: int = 20
    hidden: int = 8
    batch: int = 16
    updates: int = 400
    rates: tuple = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3)
    clip: float = 1.0
    solved: float = 0.95
    widths: tuple = (4, 8, 16, 32, 64)  # at which the update is timed
    nets: int = 32  # timed
    seconds: float = 1.5
    least: int = 7
    seeds: tuple = tuple(range(16))


QUICK = Config(
    names=("rnn", "gru"),
    gap=3,
    updates=150,
    rates=(0.0003, 0.03),
    widths=(4,),
    nets=4,
    seconds=0.05,
    least=3,
    seeds=(0, 1, 2, 3),
)


def run(config, progress=iter):
    """By network: nets that solve the task, by rate; then what an update costs, by width."""
    solved = {name: success(config, name) for name in progress(config.names)}
    with timing.one_thread():
        costs = [cost(config, width) for width in progress(config.widths)]
    return {
        "rates": list(config.rates),
        "of": len(config.seeds),
        "solved": solved,
        "nets": len(config.rates) * len(config.seeds),
        "best": {name: max(row) for name, row in solved.items()},
        "cost": costs,
        "loop_over_many": {str(row["width"]): row["loop_over_many"] for row in costs},
    }


def success(config, name):
    """How many of the nets of each rate solve the task; all are trained at once."""
    key, retention = NETS[name], config.retention if name.endswith("keeps") else None
    task, rng = Cue(config.gap), np.random.default_rng(0)
    seeds = [seed for _ in config.rates for seed in config.seeds]
    params = draw_nets(key, task, config.hidden, seeds, retention)
    step = many.Each(optim.Adam(np.repeat(config.rates, len(config.seeds))))
    state, workspace = step.init(params), many.Workspace()
    for _ in range(config.updates):
        batch = task.sample(rng, config.batch)
        grads = gradients(key, params, batch, workspace)
        params, state = step.update(params, many.clip_norm(grads, config.clip)[0], state)
    test = task.sample(np.random.default_rng(1), 200)
    answer, _, _ = answers(key, params, test.x)
    right = (answer.argmax(axis=-1) == test.target).mean(axis=1).reshape(len(config.rates), -1)
    return (right >= config.solved).sum(axis=1).tolist()


def cost(config, width, key="lstm"):
    """One update's gradients for ``nets`` nets: seconds, and the ratios to a loop over them."""
    task = Cue(config.gap)
    batch = task.sample(np.random.default_rng(0), config.batch)
    params = draw_nets(key, task, width, range(config.nets))
    nets = [many.pick(params, k) for k in range(config.nets)]
    workspace, shared = many.Workspace(), fast.Workspace()
    times = timing.interleave(
        {
            "many": lambda: gradients(key, params, batch, workspace),
            "loop": lambda: one_by_one(numpy_nn, key, nets, batch),
            "fast": lambda: one_by_one(fast, key, nets, batch, workspace=shared),
        },
        seconds=config.seconds,
        least=config.least,
    )
    return {
        "width": width,
        "seconds": timing.medians(times),
        "loop_over_many": timing.ratio(times, "loop", "many"),
        "fast_over_many": timing.ratio(times, "fast", "many"),
    }
