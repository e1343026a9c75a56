"""Which lag can be learned from which forget bias?  The cue task, retention against lag.

Twice: with the forget gate's bias alone, and with the input gate's at its negative as well.
"""

from dataclasses import dataclass
from functools import partial

import numpy as np

from course_utils.lab.cue_nets import trained_accuracy
from course_utils.lab.gate_bias import set_layer_bias
from course_utils.lab.seeds import over_seeds
from course_utils.lab.torch_models import Net
from course_utils.tasks import Cue


@dataclass(frozen=True)
class Config:
    """Biases of the forget gate, gaps, training; solved is an accuracy on new sequences."""

    biases: tuple = (0.0, 1.0, 2.0, 3.0, 5.0, 7.0)
    gaps: tuple = (5, 10, 20, 40, 80, 160)
    hidden: int = 16
    batch: int = 32
    lr: float = 0.005
    clip: float = 1.0
    updates: int = 400
    every: int = 50
    solved: float = 0.95
    seeds: tuple = tuple(range(20))


WAYS = ("forget", "both")  # the bias of f alone; i at its negative as well
QUICK = Config(biases=(0.0, 5.0), gaps=(5, 40), updates=200, seeds=(0,))


def run(config, progress=iter):
    """For both starts, seeds that solved each cell of the grid, and what f would keep of a cue."""
    keeps = 1 / (1 + np.exp(-np.array(config.biases)))
    kept = keeps[:, None] ** np.array(config.gaps)
    results = {
        "of": len(config.seeds),
        "biases": list(config.biases),
        "gaps": list(config.gaps),
        "kept": kept.tolist(),
    }
    cells = [(way, bias) for way in WAYS for bias in config.biases]
    rows = [
        [
            over_seeds(partial(run_seed, config, way, bias, gap), config.seeds, progress)
            for gap in config.gaps
        ]
        for way, bias in progress(cells)
    ]
    accuracy = np.array(rows).reshape(len(WAYS), *kept.shape, -1)
    for way, values in zip(WAYS, accuracy, strict=True):
        solved = (values >= config.solved).sum(axis=-1)
        results[way] = {
            "solved": solved.tolist(),
            "accuracy": np.median(values, axis=-1).tolist(),
            "rate_kept": rate(solved, kept >= 0.1, config),
            "rate_lost": rate(solved, kept < 1e-3, config),
            "furthest": {
                f"{b:g}": furthest(config, row)
                for b, row in zip(config.biases, solved, strict=True)
            },
        }
    results["runs_kept"] = int((kept >= 0.1).sum()) * len(config.seeds)
    results["runs_lost"] = int((kept < 1e-3).sum()) * len(config.seeds)
    return results


def rate(solved, cells, config):
    """Share of runs solved among some cells of the grid; None if there are none."""
    return float(solved[cells].sum() / (cells.sum() * len(config.seeds))) if cells.any() else None


def furthest(config, row):
    """The longest gap that more than half of the seeds solved; 0 if none."""
    return max((g for g, n in zip(config.gaps, row, strict=True) if 2 * n > len(config.seeds)),
               default=0)  # fmt: skip


def run_seed(config, way, bias, gap, seed):
    """Accuracy on 500 new sequences after training (stopped early once solved)."""
    task = Cue(gap)
    model = Net("lstm", task.words, config.hidden, task.cues, seed, last=True)
    set_layer_bias(model.layer, "f", bias)
    if way == "both":
        set_layer_bias(model.layer, "i", -bias)
    return trained_accuracy(config, model, gap, seed)
