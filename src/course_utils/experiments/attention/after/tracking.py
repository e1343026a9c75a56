"""What a state can track: cups that change places, and aⁿbⁿ, beyond the lengths of training.

Six ways to mix along time in one frame (``lab.mixers``), two blocks, the same updates.  Cups: two
(parity), three (S3) or five (S5), trained on 12 moves, tested on 48.  aⁿbⁿ: n up to 8 in training,
up to 24 in the test.  Each cell starts as it does by itself.  About 60 CPU seconds a seed.
"""

from dataclasses import dataclass
from functools import partial

import numpy as np

from course_utils.lab.mixers import MixerNet, learn, right
from course_utils.lab.seeds import over_seeds
from course_utils.lab.statistics import median, rate_interval
from course_utils.tasks import AnBn, Cups

KINDS = ("rnn", "lstm", "gru", "mingru", "lru", "attention")
GROUPS = {"parity": 2, "s3": 3, "s5": 5}


@dataclass(frozen=True)
class Config:
    """Mixers and tasks; lengths of training and test; the net and its training.

    solved: the share of right answers that counts as learned, near (at the trained length, every
    position) and far (the second half of the long test).
    """

    kinds: tuple = KINDS
    tasks: tuple = (("parity", 250), ("s3", 400), ("s5", 500), ("anbn", 250))  # with updates
    length: int = 12
    far: int = 48
    longest: int = 8
    far_longest: int = 24
    width: int = 32
    batch: int = 32
    lr: float = 1e-2
    tested: int = 256
    solved: float = 0.95
    seeds: tuple = (0, 1, 2, 3, 4, 5, 6, 7, 8, 9)


QUICK = Config(
    kinds=("rnn",), tasks=(("parity", 120),), length=4, far=8, width=16, tested=64, seeds=(0,),
)  # fmt: skip


def run(config, progress=iter):
    """By task and mixer: seeds that learned it near and far, losses, and accuracy by place."""
    results = {"of": len(config.seeds), "length": config.length, "far": config.far}
    for task, updates in progress(config.tasks):
        results[task] = {"chance": chance(task)}
        for kind in config.kinds:
            rows = over_seeds(
                partial(one_seed, config, task, kind, updates), config.seeds, progress
            )
            near, far = (sum(row[key] >= config.solved for row in rows) for key in ("near", "far"))
            results[task][kind] = {
                "near": near,
                "near_rate": list(rate_interval(near, len(rows))),
                "near_by_seed": [row["near"] for row in rows],
                "far": far,
                "far_rate": list(rate_interval(far, len(rows))),
                "far_by_seed": [row["far"] for row in rows],
                "far_median": median(rows, "far"),
                "loss": median(rows, "loss"),
                "loss_by_seed": [row["loss"] for row in rows],
                "updates": median(rows, "updates"),
                "by_place": np.median([row["by_place"] for row in rows], axis=0).round(4).tolist(),
                "parameters": rows[0]["parameters"],
                "cpu": median(rows, "cpu"),
            }
    return results


def problem(config, task):
    """The task of training, and inputs and answers of a net for it."""
    if task == "anbn":
        return AnBn(1, config.longest), 2, 2
    cups = Cups(GROUPS[task], config.length)
    return cups, cups.moves, cups.arrangements


def chance(task):
    """The share of right answers that guessing gets in the long run."""
    return 0.0 if task == "anbn" else 1 / Cups(GROUPS[task], 1).arrangements


def one_seed(config, task, kind, updates, seed):
    """Train one net, and ask it beyond the length of training."""
    trained, inputs, outputs = problem(config, task)
    model = MixerNet(kind, inputs, config.width, outputs, seed)
    history = learn(model, trained, seed, updates=updates, batch=config.batch, lr=config.lr,
                    every=updates, enough=1.0)  # fmt: skip
    places = (
        by_length(config, model, seed) if task == "anbn" else by_step(config, model, task, seed)
    )
    edge = config.longest if task == "anbn" else config.length
    half = len(places) // 2
    return {
        "near": float(np.mean(places[:edge])),
        "far": float(np.mean(places[half:])),
        "by_place": places,
        "loss": float(np.mean(history.loss[-20:])),
        "updates": history.updates,
        "cpu": round(history.seconds, 2),
        "parameters": sum(p.numel() for p in model.parameters()),
    }


def by_step(config, model, task, seed):
    """Share of right answers after each of ``far`` moves, a list."""
    cups = Cups(GROUPS[task], config.far)
    batch = cups.sample(np.random.default_rng((seed, 3)), config.tested)
    return right(model, batch).mean(axis=1).tolist()


def by_length(config, model, seed):
    """Share of strings aⁿbⁿ all of whose answers are right, for each n; one string decides it."""
    rng = np.random.default_rng((seed, 3))
    lengths = range(1, config.far_longest + 1)
    return [float(right(model, AnBn(n, n).sample(rng, 1)).all()) for n in lengths]
