"""What a state can track: cups that change places, and aⁿbⁿ, beyond the lengths of training.

Seven kinds of layer, the same width and updates (``lab.layers_together``): a recurrent layer with a
hidden layer above it, or two blocks of causal self-attention, which is more.  Cups: two (parity),
three (S3) or five (S5), trained on 12 moves, tested on 48.  aⁿbⁿ: n up to 8 in training, up to 24
in the test.  Each cell starts as it does by itself.  About 22 CPU seconds a seed.
"""

from dataclasses import dataclass

import numpy as np

from course_utils.lab.layers_together import sampled, together
from course_utils.lab.statistics import rate_interval
from course_utils.tasks import AnBn, Cups

KINDS = ("rnn", "lstm", "gru", "slstm", "mingru", "lru", "attention")
GROUPS = {"parity": 2, "s3": 3, "s5": 5}


@dataclass(frozen=True)
class Config:
    """Layers and tasks; lengths of training and test; the nets and their training.

    solved: the share of right answers that counts as learned, near (at the trained length, every
    position) and far (the second half of the long test).
    """

    kinds: tuple = KINDS
    tasks: tuple = (("parity", 500), ("s3", 500), ("s5", 800), ("anbn", 500))  # with updates
    length: int = 12
    far: int = 48
    longest: int = 8
    far_longest: int = 24
    width: int = 32
    batch: int = 32
    lr: float = 1e-2
    tested: int = 100
    solved: float = 0.95
    seeds: tuple = tuple(range(20))


QUICK = Config(
    kinds=("rnn",), tasks=(("parity", 60),), length=4, far=8, width=8, tested=64, lr=2e-2,
    seeds=(0, 1),
)  # fmt: skip


def run(config, progress=iter):
    """By task and layer: seeds that learned it near and far, losses, and accuracy by place."""
    results = {"of": len(config.seeds), "length": config.length, "far": config.far}
    results |= {task: {"chance": chance(task)} for task, _ in config.tasks}
    cases = [(task, updates, kind) for task, updates in config.tasks for kind in config.kinds]
    for task, updates, kind in progress(cases):
        places, losses, size = trained(config, task, kind, updates)  # places (K, N)
        edge, half = (config.longest if task == "anbn" else config.length), places.shape[1] // 2
        found = {"near": places[:, :edge].mean(axis=1), "far": places[:, half:].mean(axis=1)}
        results[task][kind] = {"loss": float(np.median(losses)), "parameters": size}
        results[task][kind]["loss_by_seed"] = losses.round(5).tolist()
        results[task][kind]["by_place"] = np.median(places, axis=0).round(4).tolist()
        for name, share in found.items():
            count = int((share >= config.solved).sum())
            results[task][kind] |= {
                name: count,
                f"{name}_rate": list(rate_interval(count, len(config.seeds))),
                f"{name}_median": float(np.median(share)),
                f"{name}_by_seed": share.round(4).tolist(),
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


def trained(config, task, kind, updates):
    """Train a net for each seed -> share of right answers by place, last losses, parameters."""
    asked, inputs, outputs = problem(config, task)
    nets = together(kind, inputs, config.width, outputs, config.seeds, lr=config.lr)
    rngs = [np.random.default_rng((seed, 1)) for seed in config.seeds]
    losses = [nets.learn(sampled(asked, rngs, config.batch)) for _ in range(updates)]
    tests = [np.random.default_rng((seed, 2)) for seed in config.seeds]
    if task == "anbn":  # one string for each n: nothing else can differ
        lengths = range(1, config.far_longest + 1)
        right = [nets.right(sampled(AnBn(n, n), tests, 1)).all(axis=1)[:, 0] for n in lengths]
        places = np.stack(right, axis=1).astype(float)
    else:
        cups = Cups(GROUPS[task], config.far)
        places = nets.right(sampled(cups, tests, config.tested)).mean(axis=2)
    return places, np.mean(losses[-20:], axis=0).astype(float), nets.size
